#include "net/pace.h"

#include <string.h>

#include "main.h"

static struct ed_space space;
static struct ed_space_pace all;
static struct ed_conn_pace pace;

static void setup(void) {
  space = (struct ed_space){0};
  all = (struct ed_space_pace){.space = &space};
  pace = (struct ed_conn_pace){.all = &all};
}

START_TEST(wanted) {
  ck_assert(!ed_pace_wanted(&space));
  ck_assert_ptr_null(ed_pace_take(&pace, 1, 1 << 20));
  space.total_rate.amount = 1;
  ck_assert(ed_pace_wanted(&space));
}
END_TEST

START_TEST(each_rate) {
  ed_rate_parse("2/s", false, &space.limits.message_rate);
  ck_assert_ptr_null(ed_pace_take(&pace, 1, 10));
  ck_assert_ptr_null(ed_pace_take(&pace, 1, 10));
  ck_assert_str_eq(ed_pace_take(&pace, 1, 10), "limits.message_rate");
  ed_rate_parse("100/s", true, &space.limits.byte_rate);
  ck_assert_ptr_null(ed_pace_take(&pace, 1001, 500)); /* larger than the bucket: it passes, and others wait for it */
  ck_assert_str_eq(ed_pace_take(&pace, 1501, 1), "limits.byte_rate");
  ck_assert_uint_eq(pace.excess, 1); /* that of the first second was made up for */
}
END_TEST

/* What others say is no fault of this one. */
START_TEST(of_all) {
  ed_rate_parse("1/s", false, &space.total_rate);
  struct ed_conn_pace other = {.all = &all};
  ck_assert_ptr_null(ed_pace_take(&other, 1, 10));
  ck_assert_ptr_nonnull(strstr(ed_pace_take(&pace, 1, 10), "total_rate"));
  ck_assert_uint_eq(pace.excess, 0);
  ck_assert_uint_eq(ed_pace_tell(&pace, 1), 1);
  ck_assert_ptr_null(ed_pace_take(&pace, 1001, 10));
}
END_TEST

START_TEST(told_once_a_second) {
  ed_rate_parse("1/h", false, &space.limits.message_rate);
  ck_assert_ptr_null(ed_pace_take(&pace, 0, 1));
  unsigned told = 0, refused = 0;
  for (uint64_t ms = 0; ms < 3500; ms++) {
    ck_assert_ptr_nonnull(ed_pace_take(&pace, ms, 1));
    unsigned now = ed_pace_tell(&pace, ms);
    told += now != 0;
    refused += now;
  }
  ck_assert_uint_eq(told, 4);
  ck_assert_uint_eq(refused, 3002);
}
END_TEST

START_TEST(quiet_makes_up) {
  ed_rate_parse("10/s burst 5", false, &space.limits.message_rate);
  for (int i = 0; i < 8; i++) ed_pace_take(&pace, 1, 1);
  ck_assert_uint_eq(pace.excess, 3);
  ed_pace_take(&pace, 401, 1); /* not at rest yet */
  ck_assert_uint_eq(pace.excess, 3);
  ed_pace_take(&pace, 1201, 1);
  ck_assert_uint_eq(pace.excess, 0);
}
END_TEST

static Suite *pace_suite(void) {
  Suite *suite = suite_create("net/pace");
  TCase *tests = tcase_create("pace");
  tcase_add_checked_fixture(tests, setup, NULL);
  tcase_add_test(tests, wanted);
  tcase_add_test(tests, each_rate);
  tcase_add_test(tests, of_all);
  tcase_add_test(tests, told_once_a_second);
  tcase_add_test(tests, quiet_makes_up);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(pace_suite)
