/* How long calls take, without reading the clock for each of them, which would cost as much as a short call does. A
 * call that takes long is timed by itself, as the budget reads the clock then. Of the others one of ED_METER_EVERY is
 * timed and stands for those before it, and always the first of a millisecond: so on a quiet server all are. */
#ifndef ED_HOST_METER_H
#define ED_HOST_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED_METER_EVERY 17 /* a prime, so as not to fall into step with what clients repeat */
#define ED_METER_BOUNDS 13

struct ed_meter {
  uint64_t calls;
  uint64_t told; /* of these, how many `ns` and the histogram are about: fewer than ED_METER_EVERY are missing */
  uint64_t ns;
  uint64_t last_ms;
};

struct ed_histogram {
  uint64_t counts[ED_METER_BOUNDS + 1]; /* at or below each bound and above the one before; the last: above all */
};

extern const double ed_meter_bounds[ED_METER_BOUNDS]; /* in seconds */

/* A call begins: whether it is to be timed. */
bool ed_meter_begin(struct ed_meter *meter, uint64_t now_ms);

/* A call has ended that was to be timed, or took long. */
void ed_meter_end(struct ed_meter *meter, struct ed_histogram *histogram, bool timed, uint64_t ns);

#endif
