#include "codec/fault.h"

#include <string.h>

#include "main.h"

static const enum ed_fault_code codes[] = {
#define X(code, name, status, text) ED_FAULT_##code,
    ED_FAULTS(X)
#undef X
};

enum { COUNT = sizeof codes / sizeof *codes };

START_TEST(table) {
  for (size_t i = 0; i < COUNT; i++) {
    struct ed_fault fault;
    ck_assert_int_eq(ed_fault(&fault, codes[i], NULL), -1);
    ck_assert_int_eq(fault.code, codes[i]);
    ck_assert_uint_gt(strlen(fault.text), 0);
    ck_assert_int_ge(ed_fault_status(codes[i]), 400);
    ck_assert_int_lt(ed_fault_status(codes[i]), 600);
    for (size_t j = 0; j < i; j++) ck_assert_str_ne(ed_fault_name(codes[i]), ed_fault_name(codes[j]));
  }
}
END_TEST

START_TEST(text) {
  struct ed_fault fault;
  ck_assert_int_eq(ed_fault(&fault, ED_FAULT_TOO_LARGE, "more than %d", 5), -1);
  ck_assert_str_eq(fault.text, "more than 5");
  ck_assert_int_eq(ed_fault(NULL, ED_FAULT_TOO_LARGE, "nobody asks"), -1);
  ed_fault(&fault, ED_FAULT_BROKEN, "%0999d", 0); /* too long: cut, and still ended */
  ck_assert_uint_eq(strlen(fault.text), sizeof fault.text - 1);
}
END_TEST

/* It goes to clients, whose browsers end a connection over a byte that is no UTF-8. */
START_TEST(utf8) {
  struct ed_fault fault;
  ed_fault(&fault, ED_FAULT_REFUSED, "no \xff way, caf\xc3\xa9");
  ck_assert_str_eq(fault.text, "no ? way, caf\xc3\xa9");
  ed_fault(&fault, ED_FAULT_REFUSED, "half \xc3");
  ck_assert_str_eq(fault.text, "half ?");
  char filled[sizeof fault.text + 8]; /* cut within the last character, at each of its bytes */
  for (size_t cut = 1; cut < 4; cut++) {
    memset(filled, 'x', sizeof filled);
    size_t len = sizeof fault.text - 1 - cut;
    strcpy(filled + len, "\xf0\x9f\x98\x80!");
    ed_fault(&fault, ED_FAULT_REFUSED, "%s", filled);
    ck_assert_uint_eq(strlen(fault.text), len);
    ck_assert_int_eq(fault.text[len - 1], 'x');
  }
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("codec/fault");
  TCase *tests = tcase_create("fault");
  tcase_add_test(tests, table);
  tcase_add_test(tests, text);
  tcase_add_test(tests, utf8);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
