/* core/base/repeats: which lines are written, and what is said of those that were not. */
#include "base/repeats.h"

#include <stdio.h>
#include <string.h>

#include "main.h"

static struct ed_repeats *repeats;
static struct ed_repeated lost;

/* Whether the text is written at this time, and its count. */
static bool say(uint64_t ms, const char *text, uint64_t *count) {
  return ed_repeats_say(repeats, ms, 1, "net", text, count, &lost);
}

static void begin(void) { repeats = ed_repeats_new(); }
static void end(void) { ed_repeats_free(repeats); }

START_TEST(once_in_a_second) {
  uint64_t count;
  struct ed_repeated due;
  ck_assert(say(5000, "a", &count) && count == 0);
  ck_assert(!say(5000, "a", &count));
  ck_assert(!say(5999, "a", &count));
  ck_assert(!ed_repeats_due(repeats, 5999, false, &due));
  ck_assert(say(6000, "a", &count) && count == 3); /* this time included */
  ck_assert(say(7000, "a", &count) && count == 0); /* nothing was held back */
}
END_TEST

START_TEST(told_where_it_does_not_come_again) {
  uint64_t count;
  struct ed_repeated due;
  say(0, "a", &count), say(1, "a", &count), say(2, "a", &count);
  ck_assert(ed_repeats_due(repeats, 1000, false, &due));
  ck_assert(due.count == 2 && due.level == 1);
  ck_assert_str_eq(due.part, "net");
  ck_assert_str_eq(due.text, "a");
  ck_assert(!ed_repeats_due(repeats, 1000, true, &due)); /* once */
  ck_assert(!say(1999, "a", &count));                    /* it counts as written then */
  ck_assert(ed_repeats_due(repeats, 1999, true, &due) && due.count == 1);
}
END_TEST

START_TEST(level_part_and_text_are_one_line) {
  uint64_t count;
  ck_assert(say(0, "a", &count) && say(0, "b", &count));
  ck_assert(ed_repeats_say(repeats, 0, 2, "net", "a", &count, &lost));
  ck_assert(ed_repeats_say(repeats, 0, 1, "ne", "ta", &count, &lost));
}
END_TEST

/* More different lines than it remembers: none is lost, and what must make room is told. */
START_TEST(too_many) {
  uint64_t count, told = 0;
  char text[32];
  struct ed_repeated due;
  for (int i = 0; i < 3 * ED_REPEATS_MOST; i++) {
    snprintf(text, sizeof text, "%d", i);
    ck_assert(say(10, text, &count) && count == 0);
    told += lost.count;
    ck_assert(!say(10, text, &count));
    told += lost.count;
  }
  ck_assert_uint_eq(told, 2 * ED_REPEATS_MOST);
  while (ed_repeats_due(repeats, 10, true, &due)) told += due.count;
  ck_assert_uint_eq(told, 3 * ED_REPEATS_MOST);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("base/repeats");
  TCase *tests = tcase_create("repeats");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, once_in_a_second);
  tcase_add_test(tests, told_where_it_does_not_come_again);
  tcase_add_test(tests, level_part_and_text_are_one_line);
  tcase_add_test(tests, too_many);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
