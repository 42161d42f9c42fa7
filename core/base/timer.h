/* Timers in a heap, on a clock that the owner turns: the daemon from its event loop, a test by hand. Nothing here asks
 * the system for the time, so what a test sees is what the daemon does. */
#ifndef ED_BASE_TIMER_H
#define ED_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ed_timer;
typedef void ed_timer_fn(struct ed_timer *timer);

struct ed_timer {
  uint64_t due_ms;
  ed_timer_fn *fn; /* called once, with the timer already stopped; it may start it again, or free what holds it */
  uint32_t index;  /* place in the heap, plus one; 0 while stopped, so zeroed memory is a stopped timer */
};

struct ed_timers {
  uint64_t now_ms; /* monotonic; what everything on this clock takes for now */
  int64_t
      epoch_ms; /* Unix time at now_ms 0, set by the owner, who may set it anew: now_ms + epoch_ms is the time of day */
  struct ed_timer **heap;
  size_t len, cap;
};

void ed_timers_init(struct ed_timers *timers, uint64_t now_ms);
void ed_timers_deinit(struct ed_timers *timers); /* timers still running are forgotten, not called */

/* (Re)starts `timer`, to call `fn` once `after_ms` from now. The timer's memory stays the caller's. */
void ed_timer_start(struct ed_timers *timers, struct ed_timer *timer, uint64_t after_ms, ed_timer_fn *fn);
void ed_timer_stop(struct ed_timers *timers, struct ed_timer *timer); /* a stopped one: nothing happens */

/* Unix time in milliseconds. */
static inline int64_t ed_timers_wall(const struct ed_timers *timers) {
  return (int64_t)timers->now_ms + timers->epoch_ms;
}

static inline bool ed_timer_running(const struct ed_timer *timer) { return timer->index != 0; }

/* Sets the clock (backwards: ignored) and calls what is due, earliest first: at most as many as ran at the beginning,
 * so a timer that starts itself again with 0 ms cannot hold the loop. */
void ed_timers_run(struct ed_timers *timers, uint64_t now_ms);

/* When the next one is due; UINT64_MAX where none runs. */
uint64_t ed_timers_next(const struct ed_timers *timers);

#endif
