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

static Suite *suite(void) {
  Suite *suite = suite_create("codec/fault");
  TCase *tests = tcase_create("fault");
  tcase_add_test(tests, table);
  tcase_add_test(tests, text);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
