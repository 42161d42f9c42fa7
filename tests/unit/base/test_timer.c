/* core/base/timer: a clock turned by hand, and a long random run against a plain list. */
#include "base/timer.h"

#include "main.h"

/* A timer that notes when it was called, and in what order. */
struct probe {
  struct ed_timer timer; /* first, so that a timer is its probe */
  struct ed_timers *timers;
  unsigned calls;
  uint64_t called_ms;
  uint64_t again_ms; /* it starts itself again after so long; 0 and `again` false: it does not */
  bool again;
  struct ed_timer *kills; /* it stops this one */
};

static void note(struct ed_timer *timer) {
  struct probe *probe = (struct probe *)timer;
  ck_assert(!ed_timer_running(timer));
  probe->calls++;
  probe->called_ms = probe->timers->now_ms;
  if (probe->kills) ed_timer_stop(probe->timers, probe->kills);
  if (probe->again) ed_timer_start(probe->timers, timer, probe->again_ms, note);
}

START_TEST(one) {
  struct ed_timers timers;
  ed_timers_init(&timers, 1000);
  struct probe probe = {.timers = &timers};
  ck_assert_uint_eq(ed_timers_next(&timers), UINT64_MAX);
  ed_timer_stop(&timers, &probe.timer); /* a stopped one: nothing */
  ed_timer_start(&timers, &probe.timer, 50, note);
  ck_assert(ed_timer_running(&probe.timer));
  ck_assert_uint_eq(ed_timers_next(&timers), 1050);
  ed_timers_run(&timers, 1049);
  ck_assert_uint_eq(probe.calls, 0);
  ed_timers_run(&timers, 1050);
  ck_assert_uint_eq(probe.calls, 1);
  ck_assert(!ed_timer_running(&probe.timer));
  ed_timers_run(&timers, 9999);
  ck_assert_uint_eq(probe.calls, 1);
  ed_timers_deinit(&timers);
}
END_TEST

START_TEST(start_again_moves) {
  struct ed_timers timers;
  ed_timers_init(&timers, 0);
  struct probe probe = {.timers = &timers};
  ed_timer_start(&timers, &probe.timer, 50, note);
  ed_timer_start(&timers, &probe.timer, 80, note);
  ck_assert_uint_eq(timers.len, 1);
  ed_timers_run(&timers, 79);
  ck_assert_uint_eq(probe.calls, 0);
  ed_timers_run(&timers, 80);
  ck_assert_uint_eq(probe.calls, 1);
  ed_timers_deinit(&timers);
}
END_TEST

START_TEST(the_clock_never_goes_back) {
  struct ed_timers timers;
  ed_timers_init(&timers, 100);
  ed_timers_run(&timers, 40);
  ck_assert_uint_eq(timers.now_ms, 100);
  ed_timers_deinit(&timers);
}
END_TEST

START_TEST(for_ever_is_not_soon) {
  struct ed_timers timers;
  ed_timers_init(&timers, 100);
  struct probe probe = {.timers = &timers};
  ed_timer_start(&timers, &probe.timer, UINT64_MAX, note); /* no wrapping */
  ck_assert_uint_lt(ed_timers_next(&timers), UINT64_MAX);  /* which would mean that none runs */
  ed_timers_run(&timers, UINT64_MAX / 2);
  ck_assert_uint_eq(probe.calls, 0);
  ed_timers_deinit(&timers);
}
END_TEST

START_TEST(a_call_may_stop_and_start) {
  struct ed_timers timers;
  ed_timers_init(&timers, 0);
  struct probe victim = {.timers = &timers};
  struct probe killer = {.timers = &timers, .kills = &victim.timer};
  struct probe every = {.timers = &timers, .again = true, .again_ms = 10};
  ed_timer_start(&timers, &killer.timer, 5, note);
  ed_timer_start(&timers, &victim.timer, 6, note);
  ed_timer_start(&timers, &every.timer, 10, note);
  for (uint64_t now = 1; now <= 100; now++) ed_timers_run(&timers, now);
  ck_assert_uint_eq(killer.calls, 1);
  ck_assert_uint_eq(victim.calls, 0);
  ck_assert_uint_eq(every.calls, 10);
  ed_timers_deinit(&timers);
  ck_assert(!ed_timer_running(&every.timer)); /* forgotten */
}
END_TEST

START_TEST(zero_ms_cannot_hold_the_loop) {
  struct ed_timers timers;
  ed_timers_init(&timers, 0);
  struct probe spin = {.timers = &timers, .again = true};
  struct probe other = {.timers = &timers};
  ed_timer_start(&timers, &spin.timer, 0, note);
  ed_timer_start(&timers, &other.timer, 0, note);
  ed_timers_run(&timers, 0);
  ck_assert_uint_le(spin.calls, 2);
  ed_timers_run(&timers, 1);
  ed_timers_run(&timers, 2);
  ck_assert_uint_eq(other.calls, 1); /* it does not starve either */
  ed_timers_deinit(&timers);
}
END_TEST

/* ---- against a model ---- */

#define N 64

static uint32_t dice(uint32_t *state) { /* xorshift: the same run every time */
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/* The model: when each of the N timers is due, or never. What runs must have been due, and none that is due may be left;
 * and the calls of one run come in the order of their times. */
static uint64_t last_due;
static uint64_t model[N];
static struct probe probes[N];

static void check_and_note(struct ed_timer *timer) {
  size_t i = (size_t)((struct probe *)timer - probes);
  ck_assert_uint_ne(model[i], UINT64_MAX);
  ck_assert_uint_le(model[i], probes[i].timers->now_ms);
  ck_assert_uint_ge(model[i], last_due);
  for (size_t k = 0; k < N; k++)
    if (model[k] < model[i]) ck_abort_msg("%zu is due before %zu", k, i);
  last_due = model[i];
  model[i] = UINT64_MAX;
}

START_TEST(random_run) {
  struct ed_timers timers;
  uint32_t state = 0x5eed;
  ed_timers_init(&timers, 0);
  for (size_t i = 0; i < N; i++) probes[i].timers = &timers, model[i] = UINT64_MAX;
  for (int step = 0; step < 50000; step++) {
    size_t i = dice(&state) % N;
    uint32_t what = dice(&state) % 8;
    if (what < 4) {
      uint64_t after = dice(&state) % 200;
      ed_timer_start(&timers, &probes[i].timer, after, check_and_note);
      model[i] = timers.now_ms + after;
    } else if (what < 6) {
      ed_timer_stop(&timers, &probes[i].timer);
      model[i] = UINT64_MAX;
    } else {
      last_due = 0;
      ed_timers_run(&timers, timers.now_ms + dice(&state) % 20);
    }
    uint64_t next = UINT64_MAX, running = 0;
    for (size_t k = 0; k < N; k++) {
      if (model[k] < next) next = model[k];
      running += model[k] != UINT64_MAX;
      if (ed_timer_running(&probes[k].timer) != (model[k] != UINT64_MAX)) ck_abort_msg("timer %zu", k); /* quick */
    }
    ck_assert_uint_eq(ed_timers_next(&timers), next);
    ck_assert_uint_eq(timers.len, running);
    if (what >= 6) ck_assert_uint_gt(next, timers.now_ms);
  }
  ed_timers_deinit(&timers);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("base/timer");
  TCase *tests = tcase_create("timer");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, one);
  tcase_add_test(tests, start_again_moves);
  tcase_add_test(tests, the_clock_never_goes_back);
  tcase_add_test(tests, for_ever_is_not_soon);
  tcase_add_test(tests, a_call_may_stop_and_start);
  tcase_add_test(tests, zero_ms_cannot_hold_the_loop);
  tcase_add_test(tests, random_run);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
