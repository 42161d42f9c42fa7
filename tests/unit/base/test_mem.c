/* core/base/mem: the promises that calling code does not check. */
#include "base/mem.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "main.h"

START_TEST(nothing_is_something) {
  void *a = ed_alloc(0), *b = ed_zalloc(0), *c = ed_realloc(NULL, 0);
  ck_assert_ptr_nonnull(a);
  ck_assert_ptr_nonnull(b);
  ck_assert_ptr_nonnull(c);
  free(a);
  free(b);
  free(c);
}
END_TEST

START_TEST(zalloc_is_zero) {
  unsigned char *p = ed_zalloc(4096);
  for (size_t i = 0; i < 4096; i++) ck_assert_uint_eq(p[i], 0);
  free(p);
}
END_TEST

START_TEST(strings) {
  char *whole = ed_strdup("room");
  char *part = ed_strndup("whiteboard", 5);
  char *none = ed_strndup(NULL, 0);
  ck_assert_str_eq(whole, "room");
  ck_assert_str_eq(part, "white");
  ck_assert_str_eq(none, "");
  free(whole);
  free(part);
  free(none);
}
END_TEST

START_TEST(grow_doubles) {
  uint32_t *numbers = NULL;
  size_t cap = 0, moves = 0;
  for (uint32_t i = 0; i < 10000; i++) {
    size_t before = cap;
    numbers = ed_grow(numbers, sizeof *numbers, i, &cap);
    if (cap != before) moves++;
    ck_assert_uint_gt(cap, i);
    numbers[i] = i;
  }
  for (uint32_t i = 0; i < 10000; i++) ck_assert_uint_eq(numbers[i], i);
  ck_assert_uint_le(moves, 13); /* 4 * 2^12 > 10,000 */
  free(numbers);
}
END_TEST

/* Check runs these in a process of their own and expects the signal. */
START_TEST(oom_ends_the_process) { ed_oom(17); }
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* which ends such a process in its own way */
START_TEST(impossible_size_ends_the_process) {
  volatile size_t len = SIZE_MAX / 2;
  free(ed_alloc(len));
}
END_TEST
#endif

static Suite *suite(void) {
  Suite *suite = suite_create("base/mem");
  TCase *tests = tcase_create("mem");
  tcase_add_test(tests, nothing_is_something);
  tcase_add_test(tests, zalloc_is_zero);
  tcase_add_test(tests, strings);
  tcase_add_test(tests, grow_doubles);
  tcase_add_test_raise_signal(tests, oom_ends_the_process, SIGABRT);
#ifndef __SANITIZE_ADDRESS__
  tcase_add_test_raise_signal(tests, impossible_size_ends_the_process, SIGABRT);
#endif
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
