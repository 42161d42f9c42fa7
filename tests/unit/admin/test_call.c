/* What the calls share: patterns, arguments, printing. The calls themselves are played against the daemon. */
#include "admin/call.h"

#include <stdlib.h>

#include "main.h"

static const struct {
  const char *pattern, *text;
  bool matches;
} MATCHES[] = {{"", "", true},
               {"", "abc", true},
               {"b", "abc", true},
               {"x", "abc", false},
               {"*", "", true},
               {"*", "abc", true},
               {"a*", "abc", true},
               {"b*", "abc", false},
               {"*c", "abc", true},
               {"*b", "abc", false},
               {"a?c", "abc", true},
               {"a?", "abc", false},
               {"?", "", false},
               {"*a*b*c*", "abc", true},
               {"a*bc", "abbbc", true},
               {"a*bd", "abbbc", false},
               {"chat/*", "chat/x", true},
               {"**x", "aax", true}};

START_TEST(matching) {
  ck_assert_int_eq(ed_admin_match(ed_span_text(MATCHES[_i].pattern), ed_span_text(MATCHES[_i].text)),
                   MATCHES[_i].matches);
}
END_TEST

/* Patterns that make others take exponential time. */
START_TEST(matching_ends) {
  char pattern[257] = {0}, text[257] = {0};
  for (size_t i = 0; i < 256; i++) pattern[i] = i % 2 ? '*' : 'a', text[i] = 'a';
  pattern[254] = 'b';
  ck_assert(!ed_admin_match(ed_span_text(pattern), ed_span_text(text)));
}
END_TEST

START_TEST(arguments) {
  struct ed_admin_page page = {.query = ED_LIT("limit=7\0after=\0match=a=b&c\0bad=7x\0big=18446744073709551616\0")};
  struct ed_admin_call call = {.page = &page};
  uint64_t number;
  ck_assert_int_eq(ed_admin_number(&call, "limit", 1, 7, &number), 0);
  ck_assert_uint_eq(number, 7);
  ck_assert_int_eq(ed_admin_number(&call, "lim", 5, 7, &number), 0);
  ck_assert_uint_eq(number, 5);
  ck_assert(ed_span_equal(ed_admin_arg(&call, "match"), ED_LIT("a=b&c")));
  ck_assert_ptr_nonnull(ed_admin_arg(&call, "after").at); /* there, and empty */
  ck_assert_ptr_null(ed_admin_arg(&call, "none").at);
  static const char *const wrong[] = {"bad", "big", "after"};
  for (size_t i = 0; i < 3; i++) {
    page.status = 0;
    ck_assert_int_eq(ed_admin_number(&call, wrong[i], 1, 100, &number), -1);
    ck_assert_int_eq(page.status, 400);
  }
  ck_assert_int_eq(ed_admin_number(&call, "limit", 1, 6, &number), -1);
  ed_buf_deinit(&page.answer);
}
END_TEST

static const struct {
  const char *body;
  bool good;
} BODIES[] = {{"{\"key\":\"k\",\"seq\":1}", true},
              {"{}", true},
              {"{\"ke\":1}", false},
              {"{\"\":1}", false},
              {"{\"key seq\":1}", false},
              {"[]", false},
              {"", false},
              {"{\"key\":\"a\",\"key\":\"b\"}", false},
              {"{\"key\":\"k\"} x", false},
              {"{\"key\":\"\xff\"}", false}};

START_TEST(bodies) {
  struct ed_admin_page page = {.body = ed_span_text(BODIES[_i].body)};
  struct ed_admin_call call = {.page = &page};
  json_t *body = ed_admin_body(&call, "key seq");
  ck_assert_int_eq(body != NULL, BODIES[_i].good);
  ck_assert_int_eq(page.status, BODIES[_i].good ? 0 : 400);
  json_decref(body);
  ed_buf_deinit(&page.answer);
}
END_TEST

START_TEST(printing) {
  struct ed_buf out = {0};
  ed_print_open(&out, NULL, '{');
  ed_print_text(&out, "a", "\"\n");
  ed_print_text(&out, "b", NULL);
  ed_print_open(&out, "c", '[');
  ed_print_count(&out, NULL, UINT64_MAX);
  ed_print_number(&out, NULL, 0.5);
  ed_print_open(&out, NULL, '{');
  ed_print_close(&out, '}');
  ed_print_time(&out, NULL, -1);
  ed_print_close(&out, ']');
  ed_print_bool(&out, "d", false);
  ed_print_raw(&out, "e", ED_LIT("[1, 2]"));
  ed_print_close(&out, '}');
  ck_assert(ed_span_equal(ed_buf_span(&out),
                          ED_LIT("{\"a\":\"\\\"\\n\",\"b\":null,\"c\":[18446744073709551615,0.5,{},-1],\"d\":false,"
                                 "\"e\":[1, 2]}")));
  ed_buf_deinit(&out);
}
END_TEST

static Suite *call_suite(void) {
  Suite *suite = suite_create("admin/call");
  TCase *tests = tcase_create("call");
  tcase_add_loop_test(tests, matching, 0, sizeof MATCHES / sizeof *MATCHES);
  tcase_add_test(tests, matching_ends);
  tcase_add_test(tests, arguments);
  tcase_add_loop_test(tests, bodies, 0, sizeof BODIES / sizeof *BODIES);
  tcase_add_test(tests, printing);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(call_suite)
