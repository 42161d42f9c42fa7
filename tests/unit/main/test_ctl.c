/* eddyctl's eyes: looking into JSON, and texts for people. */
#include <stdlib.h>
#include <strings.h>

#include "main.h"
#include "main/ctl/ctl.h"
#include "main/ctl/view.h"

static void is(struct ed_span span, const char *want) {
  ck_assert_msg(ed_span_equal(span, ed_span_text(want)), "%.*s, not %s", (int)span.len, (const char *)span.at, want);
}

START_TEST(members) {
  struct ed_span object = ED_LIT(" { \"a\" : 12345678901234567890123 , \"b\":[1, {\"a\":2}],\"c\":\"x\\n\"} ");
  is(ed_view_member(object, "a"), "12345678901234567890123");
  is(ed_view_member(object, "b"), "[1, {\"a\":2}]");
  is(ed_view_member(object, "c"), "\"x\\n\"");
  ck_assert_ptr_null(ed_view_member(object, "d").at);
  ck_assert_ptr_null(ed_view_member(object, "").at);
  static const char *const none[] = {"", "[]", "{", "{\"a\"", "{\"a\":", "{\"b\":1,", "null", "{}"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    ck_assert_ptr_null(ed_view_member(ed_span_text(none[i]), "a").at);
}
END_TEST

START_TEST(items) {
  struct ed_span array = ED_LIT("[ 1 ,[2,3] , \"]\"]"), item;
  size_t at = 0;
  ck_assert(ed_view_next(array, &at, &item));
  is(item, "1");
  ck_assert(ed_view_next(array, &at, &item));
  is(item, "[2,3]");
  ck_assert(ed_view_next(array, &at, &item));
  is(item, "\"]\"");
  ck_assert(!ed_view_next(array, &at, &item));
  static const char *const none[] = {"", "[]", "[", "{}", "null"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    at = 0;
    ck_assert(!ed_view_next(ed_span_text(none[i]), &at, &item));
  }
}
END_TEST

static void put(const char *text, int width, const char *want) {
  char *said;
  size_t len;
  FILE *out = open_memstream(&said, &len);
  ed_ctl_put(out, ed_span_text(text), width);
  fclose(out);
  ck_assert_str_eq(said, want);
  free(said);
}

START_TEST(putting) {
  put("abcdef", 0, "abcdef");
  put("abcdef", 6, "abcdef");
  put("abcdef", 5, "ab...");
  put("abc", -5, "abc  ");
  put("abcdef", -5, "ab...");
  put("\xc3\xa4\xc3\xb6\xc3\xbc", 3, "\xc3\xa4\xc3\xb6\xc3\xbc");
  put("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f!", 4, "\xc3\xa4...");
  put("a\033[31m\n\x7f\xc2\x9b!", 0, "a?[31m ?\?!"); /* nothing that a terminal obeys */
  put("\xf0\x9f", 0, "??");                          /* cut off: no byte is read beyond it */
  put("\x9b\033[31m", 0, "??[31m");                  /* nothing hides behind what is no UTF-8 */
  put("\xc3\033c \xe2\x82\033c \xc0\x9b", 0, "??c ???c ??");
  put("\u20ac\U0001f600", 0, "\u20ac\U0001f600");
}
END_TEST

START_TEST(numbers) {
  static const struct {
    double number;
    const char *count, *size;
  } rows[] = {{0, "0", "0B"},        {999, "999", "999B"},      {1000, "1.0k", "1000B"}, {1024, "1.0k", "1.0K"},
              {12345, "12k", "12K"}, {1048576, "1.0M", "1.0M"}, {9960000, "10M", "9.5M"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[16];
    ed_ctl_count_text(rows[i].number, text);
    ck_assert_str_eq(text, rows[i].count);
    ed_ctl_size_text(rows[i].number, text);
    ck_assert_int_eq(strcasecmp(text, rows[i].size), 0);
  }
}
END_TEST

START_TEST(spans) {
  char text[16];
  ed_ctl_span_text(5000, text);
  ck_assert_str_eq(text, "5s");
  ed_ctl_span_text(3600e3, text);
  ck_assert_str_eq(text, "60m 0s");
  ed_ctl_span_text(90000e3, text);
  ck_assert_str_eq(text, "25h 0m");
  ed_ctl_span_text(-1, text); /* of a server that lies */
  ck_assert_str_eq(text, "0s");
  ed_ctl_span_text(1e300, text);
  ck_assert_str_eq(text, "0s");
  char clock[32];
  static const double times[] = {-1, -1e300, 1e300, 253402300800000.0};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    ed_ctl_clock_text(times[i], true, clock);
    ck_assert_uint_eq(strlen(clock), strlen("1970-01-01 00:00:00.000"));
  }
  ed_ctl_span_text(1e15, text);
  ck_assert_uint_lt(strlen(text), 16);
}
END_TEST

static Suite *ctl_suite(void) {
  Suite *suite = suite_create("main/ctl");
  TCase *tests = tcase_create("ctl");
  tcase_add_test(tests, members);
  tcase_add_test(tests, items);
  tcase_add_test(tests, putting);
  tcase_add_test(tests, numbers);
  tcase_add_test(tests, spans);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(ctl_suite)
