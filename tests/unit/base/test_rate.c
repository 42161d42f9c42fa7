#include "base/rate.h"

#include <errno.h>

#include "main.h"

static const struct {
  const char *text;
  bool sizes;
  int result;
  struct ed_rate rate;
} TEXTS[] = {
    {"20/s", false, 0, {20, 1000, 20}},
    {"100/m burst 7", false, 0, {100, 60000, 7}},
    {"5/h", false, 0, {5, 3600000, 5}},
    {"64KiB/s burst 1MiB", true, 0, {65536, 1000, 1048576}},
    {"1000/s", true, 0, {1000, 1000, 1000}},
    {"4294967295/s", false, 0, {UINT32_MAX, 1000, UINT32_MAX}},
    {"off", false, 0, {0, 0, 0}},
    {"0", true, 0, {0, 0, 0}},
    {"", false, -EINVAL, {0}},
    {"20", false, -EINVAL, {0}},
    {"20/", false, -EINVAL, {0}},
    {"20/d", false, -EINVAL, {0}},
    {"20/s burst ", false, -EINVAL, {0}},
    {"20/s burst 0", false, -EINVAL, {0}},
    {"0/s", false, -EINVAL, {0}},
    {"-1/s", false, -EINVAL, {0}},
    {"1.5/s", false, -EINVAL, {0}},
    {"20KiB/s", false, -EINVAL, {0}},
    {"20/s burst 5KiB", false, -EINVAL, {0}},
    {"20/s bursts 5", false, -EINVAL, {0}},
    {"20/s burst 5 ", false, -EINVAL, {0}},
    {"4294967296/s", false, -ERANGE, {0}},
    {"1/s burst 4294967296", false, -ERANGE, {0}},
    {"99999999999999999999/s", false, -ERANGE, {0}},
    {"1111111111111111111111111111111111111111111111111111111111111111111111/s", false, -EINVAL, {0}},
};

START_TEST(texts) {
  struct ed_rate rate = {1, 2, 3};
  ck_assert_msg(ed_rate_parse(TEXTS[_i].text, TEXTS[_i].sizes, &rate) == TEXTS[_i].result, "%s", TEXTS[_i].text);
  const struct ed_rate *wanted = TEXTS[_i].result ? &(struct ed_rate){1, 2, 3} : &TEXTS[_i].rate;
  ck_assert_uint_eq(rate.amount, wanted->amount);
  ck_assert_uint_eq(rate.period_ms, wanted->period_ms);
  ck_assert_uint_eq(rate.burst, wanted->burst);
}
END_TEST

static unsigned taken(struct ed_bucket *bucket, const struct ed_rate *rate, uint64_t now_ms, unsigned tries) {
  unsigned count = 0;
  while (tries--) count += ed_bucket_take(bucket, rate, now_ms, 1);
  return count;
}

START_TEST(burst_then_rate) {
  const struct ed_rate rate = {10, 1000, 25};
  struct ed_bucket bucket = {0};
  uint64_t now = 123456789;
  ck_assert_uint_eq(taken(&bucket, &rate, now, 100), 25);
  ck_assert_uint_eq(ed_bucket_wait_ms(&bucket, &rate), 100);
  ck_assert_uint_eq(taken(&bucket, &rate, now + 99, 100), 0); /* not before there is a whole one */
  ck_assert_uint_eq(taken(&bucket, &rate, now + 100, 100), 1);
  ck_assert_uint_eq(taken(&bucket, &rate, now + 100, 100), 0);
  ck_assert_uint_eq(taken(&bucket, &rate, now + 1100, 100), 10);
  ck_assert_uint_eq(taken(&bucket, &rate, now + 100000, 100), 25); /* no more than full */
}
END_TEST

/* Looked at every millisecond, it gives neither more nor less than looked at once: nothing is rounded. */
START_TEST(exact) {
  const struct ed_rate rate = {7, 3600000, 1};
  struct ed_bucket bucket = {0};
  unsigned count = 0;
  for (uint64_t ms = 1; ms <= 3600000; ms++) count += ed_bucket_take(&bucket, &rate, ms, 1);
  ck_assert_uint_ge(count, 7);
  ck_assert_uint_le(count, 8); /* the burst, and seven in an hour */
}
END_TEST

START_TEST(more_than_the_bucket) {
  const struct ed_rate rate = {100, 1000, 50};
  struct ed_bucket bucket = {0};
  ck_assert(ed_bucket_take(&bucket, &rate, 1, 1000));
  ck_assert(!ed_bucket_take(&bucket, &rate, 1, 1));
  ck_assert_uint_eq(ed_bucket_wait_ms(&bucket, &rate), 9510);
  ck_assert(!ed_bucket_take(&bucket, &rate, 9510, 1));
  ck_assert(ed_bucket_take(&bucket, &rate, 9511, 1));
}
END_TEST

START_TEST(at_the_edges) {
  const struct ed_rate rate = {ED_RATE_MAX, 3600000, ED_RATE_MAX};
  struct ed_bucket bucket = {0};
  ck_assert(ed_bucket_take(&bucket, &rate, 1, ED_RATE_MAX));
  ck_assert(!ed_bucket_take(&bucket, &rate, 1, 1));
  ck_assert(ed_bucket_take(&bucket, &rate, UINT64_MAX, 1));
}
END_TEST

static Suite *rate_suite(void) {
  Suite *suite = suite_create("base/rate");
  TCase *tests = tcase_create("rate");
  tcase_add_loop_test(tests, texts, 0, sizeof TEXTS / sizeof *TEXTS);
  tcase_add_test(tests, burst_then_rate);
  tcase_add_test(tests, exact);
  tcase_add_test(tests, more_than_the_bucket);
  tcase_add_test(tests, at_the_edges);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(rate_suite)
