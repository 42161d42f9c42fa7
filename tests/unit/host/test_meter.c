/* core/host/meter: few calls are timed, and stand for all. */
#include "host/meter.h"

#include "main.h"

static uint64_t total(const struct ed_histogram *histogram) {
  uint64_t sum = 0;
  for (size_t i = 0; i <= ED_METER_BOUNDS; i++) sum += histogram->counts[i];
  return sum;
}

START_TEST(quiet) {
  struct ed_meter meter = {0};
  struct ed_histogram histogram = {0};
  for (uint64_t ms = 1; ms <= 100; ms++) {
    ck_assert(ed_meter_begin(&meter, ms)); /* one a millisecond: each is timed */
    ed_meter_end(&meter, &histogram, true, 700);
  }
  ck_assert_uint_eq(meter.calls, 100);
  ck_assert_uint_eq(meter.told, 100);
  ck_assert_uint_eq(meter.ns, 70000);
  ck_assert_uint_eq(histogram.counts[0], 100);
}
END_TEST

START_TEST(busy) {
  struct ed_meter meter = {0};
  struct ed_histogram histogram = {0};
  unsigned timed = 0;
  for (int i = 0; i < 1000; i++) { /* all in one millisecond */
    if (!ed_meter_begin(&meter, 5)) continue;
    timed++;
    ed_meter_end(&meter, &histogram, true, 3000);
  }
  ck_assert_uint_eq(timed, 1 + 999 / ED_METER_EVERY);
  ck_assert_uint_eq(meter.calls, 1000);
  ck_assert_uint_gt(meter.told + ED_METER_EVERY, meter.calls);
  ck_assert_uint_le(meter.told, meter.calls);
  ck_assert_uint_eq(meter.ns, meter.told * 3000);
  ck_assert_uint_eq(histogram.counts[2], meter.told);
  ck_assert(ed_meter_begin(&meter, 6)); /* and the next one makes up for the rest */
  ed_meter_end(&meter, &histogram, true, 3000);
  ck_assert_uint_eq(meter.told, meter.calls);
  ck_assert_uint_eq(total(&histogram), 1001);
}
END_TEST

/* A call that was not to be timed but took long counts by itself, and for nobody else. */
START_TEST(slow) {
  struct ed_meter meter = {0};
  struct ed_histogram histogram = {0};
  ck_assert(ed_meter_begin(&meter, 1));
  ed_meter_end(&meter, &histogram, true, 1000);
  for (int i = 0; i < 3; i++) ck_assert(!ed_meter_begin(&meter, 1));
  ed_meter_end(&meter, &histogram, false, 200000000);
  ck_assert_uint_eq(meter.told, 2);
  ck_assert_uint_eq(meter.ns, 200001000);
  ck_assert_uint_eq(histogram.counts[ED_METER_BOUNDS], 1);
  ck_assert(ed_meter_begin(&meter, 2));
  ed_meter_end(&meter, &histogram, true, 1000);
  ck_assert_uint_eq(meter.told, 5); /* the two before it and its own */
}
END_TEST

START_TEST(bounds) {
  for (size_t i = 1; i < ED_METER_BOUNDS; i++) ck_assert(ed_meter_bounds[i - 1] < ed_meter_bounds[i]);
  struct ed_meter meter = {0};
  struct ed_histogram histogram = {0};
  for (size_t i = 0; i < ED_METER_BOUNDS; i++) {
    ed_meter_begin(&meter, i + 1);
    ed_meter_end(&meter, &histogram, true,
                 (uint64_t)(ed_meter_bounds[i] * 1e9 + .5)); /* a bound belongs to its bucket */
    ck_assert_uint_eq(histogram.counts[i], 1);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("host/meter");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, quiet);
  tcase_add_test(tests, busy);
  tcase_add_test(tests, slow);
  tcase_add_test(tests, bounds);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
