#include "base/timer.h"

#include <stdlib.h>

#include "base/mem.h"

void ed_timers_init(struct ed_timers *timers, uint64_t now_ms) { *timers = (struct ed_timers){.now_ms = now_ms}; }

void ed_timers_deinit(struct ed_timers *timers) {
  for (size_t i = 0; i < timers->len; i++) timers->heap[i]->index = 0;
  free(timers->heap);
  *timers = (struct ed_timers){.now_ms = timers->now_ms, .epoch_ms = timers->epoch_ms};
}

static void place(struct ed_timers *timers, size_t at, struct ed_timer *timer) {
  timers->heap[at] = timer;
  timer->index = (uint32_t)at + 1;
}

static void sift_up(struct ed_timers *timers, size_t at, struct ed_timer *timer) {
  while (at > 0) {
    size_t parent = (at - 1) / 2;
    if (timers->heap[parent]->due_ms <= timer->due_ms) break;
    place(timers, at, timers->heap[parent]);
    at = parent;
  }
  place(timers, at, timer);
}

static void sift_down(struct ed_timers *timers, size_t at, struct ed_timer *timer) {
  for (;;) {
    size_t child = at * 2 + 1;
    if (child >= timers->len) break;
    if (child + 1 < timers->len && timers->heap[child + 1]->due_ms < timers->heap[child]->due_ms) child++;
    if (timers->heap[child]->due_ms >= timer->due_ms) break;
    place(timers, at, timers->heap[child]);
    at = child;
  }
  place(timers, at, timer);
}

void ed_timer_stop(struct ed_timers *timers, struct ed_timer *timer) {
  if (!timer->index) return;
  size_t at = timer->index - 1;
  timer->index = 0;
  struct ed_timer *last = timers->heap[--timers->len];
  if (last == timer) return;
  if (at > 0 && timers->heap[(at - 1) / 2]->due_ms > last->due_ms)
    sift_up(timers, at, last);
  else
    sift_down(timers, at, last);
}

void ed_timer_start(struct ed_timers *timers, struct ed_timer *timer, uint64_t after_ms, ed_timer_fn *fn) {
  ed_timer_stop(timers, timer);
  timer->due_ms = after_ms > UINT64_MAX - 1 - timers->now_ms ? UINT64_MAX - 1 : timers->now_ms + after_ms;
  timer->fn = fn;
  timers->heap = ed_grow(timers->heap, sizeof(struct ed_timer *), timers->len, &timers->cap);
  sift_up(timers, timers->len++, timer);
}

uint64_t ed_timers_next(const struct ed_timers *timers) {
  return timers->len ? timers->heap[0]->due_ms : UINT64_MAX;
}

void ed_timers_run(struct ed_timers *timers, uint64_t now_ms) {
  if (now_ms > timers->now_ms) timers->now_ms = now_ms;
  /* Only what was due before the first call runs: its number is counted down, so a call that starts a timer of 0 ms
   * cannot keep the round going. Such a newcomer may take the turn of an older one; that one then runs in the next. */
  size_t most = timers->len;
  while (most-- && timers->len && timers->heap[0]->due_ms <= timers->now_ms) {
    struct ed_timer *timer = timers->heap[0];
    ed_timer_stop(timers, timer);
    timer->fn(timer);
  }
}
