/* core/base/units: durations and sizes as people write them. */
#include "base/units.h"

#include <errno.h>

#include "main.h"

#define MAX ((uint64_t)1 << 53)

typedef int parse_fn(const char *text, uint64_t *out);

static void expect(parse_fn *parse, const char *text, uint64_t want) {
  uint64_t got = 42;
  ck_assert_msg(parse(text, &got) == 0, "%s is not taken", text);
  ck_assert_msg(got == want, "%s is %ju, not %ju", text, (uintmax_t)got, (uintmax_t)want);
}

static void refuse(parse_fn *parse, const char *text, int error) {
  uint64_t got = 42;
  int result = parse(text, &got);
  ck_assert_msg(result == error, "\"%s\" gives %d, not %d", text, result, error);
  ck_assert_msg(got == 42, "\"%s\" is refused, but wrote", text);
}

START_TEST(durations) {
  expect(ed_units_duration, "0", 0);
  expect(ed_units_duration, "40ms", 40);
  expect(ed_units_duration, "5s", 5000);
  expect(ed_units_duration, "5", 5000);
  expect(ed_units_duration, "1.5s", 1500);
  expect(ed_units_duration, "0.25", 250);
  expect(ed_units_duration, "10m", 600000);
  expect(ed_units_duration, "24h", 86400000);
  expect(ed_units_duration, "7d", 604800000);
  expect(ed_units_duration, "2 s", 2000);
  expect(ed_units_duration, "007s", 7000);
  expect(ed_units_duration, "0.0009s", 0); /* less than the smallest step */
  expect(ed_units_duration, "0.12345678999999999999999h", 444444);
}
END_TEST

START_TEST(sizes) {
  expect(ed_units_size, "512", 512);
  expect(ed_units_size, "10B", 10);
  expect(ed_units_size, "64KiB", 65536);
  expect(ed_units_size, "1MiB", 1048576);
  expect(ed_units_size, "2GiB", 2147483648);
  expect(ed_units_size, "64KB", 64000);
  expect(ed_units_size, "1MB", 1000000);
  expect(ed_units_size, "2GB", 2000000000);
  expect(ed_units_size, "1.5KiB", 1536);
}
END_TEST

START_TEST(not_a_quantity) {
  static const char *const bad[] = {"",     " 5s", "-5s", "+5s", "s",    "5x",  "5S",   "5 s ", "5s5", "5,5s",
                                    "1.s",  ".5s", "1e3", "0x10", "inf", "nan", "5ss",  "5\n",  "5\t", "5ms s"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    refuse(ed_units_duration, bad[i], -EINVAL);
    refuse(ed_units_size, bad[i], -EINVAL);
  }
  refuse(ed_units_duration, "5MiB", -EINVAL);
  refuse(ed_units_size, "5s", -EINVAL);
  refuse(ed_units_size, "5kib", -EINVAL);
}
END_TEST

START_TEST(the_edge_of_range) {
  expect(ed_units_duration, "9007199254740992ms", MAX);
  refuse(ed_units_duration, "9007199254740993ms", -ERANGE);
  expect(ed_units_size, "9007199254740992", MAX);
  refuse(ed_units_size, "9007199254740993", -ERANGE);
  expect(ed_units_size, "8388608GiB", MAX);
  refuse(ed_units_size, "8388608.1GiB", -ERANGE);
  expect(ed_units_duration, "104249991d", 104249991 * (uint64_t)86400000);
  refuse(ed_units_duration, "104249991.9d", -ERANGE);
  refuse(ed_units_duration, "104249992d", -ERANGE);
  refuse(ed_units_duration, "18446744073709551616ms", -ERANGE); /* 2^64: no wrapping */
  refuse(ed_units_duration, "99999999999999999999999999999999s", -ERANGE);
}
END_TEST

START_TEST(texts_read_back) {
  static const uint64_t numbers[] = {0,    1,    40,   999,     1000,    1001,       60000,      90000,      3600000,
                                     1024, 1536, 65536, 1048576, 1048577, 86400000, 4294967296, MAX - 1, MAX};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char text[32];
    ed_units_duration_text(numbers[i], text);
    expect(ed_units_duration, text, numbers[i]);
    ed_units_size_text(numbers[i], text);
    expect(ed_units_size, text, numbers[i]);
  }
}
END_TEST

START_TEST(texts_are_as_people_write) {
  char text[32];
  ed_units_duration_text(40, text);
  ck_assert_str_eq(text, "40ms");
  ed_units_duration_text(5000, text);
  ck_assert_str_eq(text, "5s");
  ed_units_duration_text(86400000, text);
  ck_assert_str_eq(text, "24h");
  ed_units_size_text(4 << 20, text);
  ck_assert_str_eq(text, "4MiB");
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("base/units");
  TCase *tests = tcase_create("units");
  tcase_add_test(tests, durations);
  tcase_add_test(tests, sizes);
  tcase_add_test(tests, not_a_quantity);
  tcase_add_test(tests, the_edge_of_range);
  tcase_add_test(tests, texts_read_back);
  tcase_add_test(tests, texts_are_as_people_write);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
