#include "net/callers.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "main.h"

static struct ed_callers callers;
static struct ed_caller_rules rules;
static uint64_t wait_ms;

static void setup(void) {
  rules = (struct ed_caller_rules){0};
  ed_callers_init(&callers, &rules);
}

static void teardown(void) { ed_callers_deinit(&callers); }

static struct ed_caller *enter(const char *text, uint64_t now_ms) {
  uint8_t address[ED_CALLER_LEN];
  ck_assert_int_eq(inet_pton(AF_INET6, text, address), 1);
  return ed_callers_enter(&callers, address, now_ms, &wait_ms);
}

START_TEST(at_once) {
  rules.connections = 2;
  struct ed_caller *a = enter("::ffff:10.0.0.1", 1), *b = enter("::ffff:10.0.0.1", 1);
  ck_assert_ptr_nonnull(a);
  ck_assert_ptr_eq(a, b);
  ck_assert_ptr_null(enter("::ffff:10.0.0.1", 1));
  ck_assert_uint_gt(wait_ms, 0);
  ck_assert_ptr_nonnull(enter("::ffff:10.0.0.2", 1)); /* another IPv4 address is another one */
  ed_callers_leave(&callers, a);
  ck_assert_ptr_nonnull(enter("::ffff:10.0.0.1", 1));
}
END_TEST

START_TEST(ipv6_by_64) {
  rules.connections = 1;
  ck_assert_ptr_nonnull(enter("2001:db8:1:2:3:4:5:6", 1));
  ck_assert_ptr_null(enter("2001:db8:1:2:ffff::1", 1));
  ck_assert_ptr_nonnull(enter("2001:db8:1:3::1", 1));
}
END_TEST

START_TEST(arrivals) {
  ck_assert_int_eq(ed_rate_parse("10/s burst 3", false, &rules.arrivals), 0);
  for (int i = 0; i < 3; i++) {
    struct ed_caller *caller = enter("2001:db8::1", 5);
    ck_assert_ptr_nonnull(caller);
    ed_callers_leave(&callers, caller); /* it is remembered, though it has gone */
  }
  ck_assert_ptr_null(enter("2001:db8::1", 5));
  ck_assert_uint_eq(wait_ms, 100);
  ck_assert_ptr_null(enter("2001:db8::1", 5));
  ck_assert_ptr_nonnull(enter("2001:db8::1", 105));
}
END_TEST

START_TEST(rooms) {
  struct ed_caller *caller = enter("2001:db8::1", 5);
  for (int i = 0; i < 100; i++) ck_assert(ed_callers_room(&callers, caller, 5, &wait_ms)); /* off */
  ck_assert_int_eq(ed_rate_parse("1/m burst 2", false, &rules.rooms), 0);
  ck_assert(ed_callers_room(&callers, caller, 5, &wait_ms));
  ck_assert(ed_callers_room(&callers, caller, 5, &wait_ms));
  ck_assert(!ed_callers_room(&callers, caller, 6, &wait_ms));
  ck_assert(ed_callers_room(&callers, caller, 60006, &wait_ms));
}
END_TEST

/* However many addresses come: those that are there are all known, of the others a bounded number, the latest. */
START_TEST(bounded) {
  rules.connections = 1;
  ck_assert_int_eq(ed_rate_parse("1/h", false, &rules.arrivals), 0);
  struct ed_caller *here = enter("2001:db8:ffff::1", 1);
  char text[64];
  for (unsigned i = 0; i < 3 * ED_CALLERS_IDLE; i++) {
    snprintf(text, sizeof text, "2001:db9:%x:%x::1", i >> 16, i & 0xffff);
    struct ed_caller *caller = enter(text, 2);
    ck_assert_ptr_nonnull(caller);
    ed_callers_leave(&callers, caller);
    ck_assert_uint_le(HASH_COUNT(callers.all), ED_CALLERS_IDLE + 1);
  }
  ck_assert_uint_eq(callers.idle_len, ED_CALLERS_IDLE);
  ck_assert_ptr_null(enter("2001:db8:ffff::2", 2)); /* the same /64 */
  ck_assert_ptr_null(enter(text, 2));               /* the last one is known */
  ck_assert_ptr_nonnull(enter("2001:db9::1", 2));   /* the first one is not any more */
  ed_callers_leave(&callers, here);
}
END_TEST

/* Those who have nothing spent any more make room without a flood, too. */
START_TEST(forgotten) {
  ck_assert_int_eq(ed_rate_parse("1/s", false, &rules.arrivals), 0);
  char text[64];
  for (unsigned i = 0; i < 1000; i++) {
    snprintf(text, sizeof text, "2001:db9:0:%x::1", i);
    ed_callers_leave(&callers, enter(text, 1 + i * 2000));
    ck_assert_uint_le(callers.idle_len, 2);
  }
}
END_TEST

static Suite *callers_suite(void) {
  Suite *suite = suite_create("net/callers");
  TCase *tests = tcase_create("callers");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, at_once);
  tcase_add_test(tests, ipv6_by_64);
  tcase_add_test(tests, arrivals);
  tcase_add_test(tests, rooms);
  tcase_add_test(tests, bounded);
  tcase_add_test(tests, forgotten);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(callers_suite)
