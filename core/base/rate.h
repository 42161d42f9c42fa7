/* Rates, and token buckets that keep to them: so much in so long, and so much at once after a while of quiet. Pure: the
 * time is the caller's, and a bucket is two numbers, brought up to date when it is looked at. */
#ifndef ED_BASE_RATE_H
#define ED_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define ED_RATE_MAX UINT32_MAX /* of `amount` and of `burst` */

struct ed_rate {
  uint64_t amount;    /* in each period; 0: no limit */
  uint64_t period_ms; /* a second, a minute or an hour */
  uint64_t burst;     /* at once, from a bucket that is full; at least 1 */
};

/* "20/s", "100/m", "5/h", and with what may come at once: "20/s burst 100" (else as much as comes in a period). With
 * `sizes`, numbers may have the units of ed_units_size: "64KiB/s burst 1MiB". "off" and "0": no limit. 0 or -EINVAL,
 * -ERANGE. */
int ed_rate_parse(const char *text, bool sizes, struct ed_rate *rate);

/* All-zero is a full one. */
struct ed_bucket {
  uint64_t spent; /* and not yet come back; in units of which a token has period_ms, so that nothing is ever rounded */
  uint64_t at_ms; /* when that was so */
};

/* Brings it up to date. */
static inline void ed_bucket_refill(struct ed_bucket *bucket, const struct ed_rate *rate, uint64_t now_ms) {
  uint64_t ms = now_ms - bucket->at_ms;
  if (ms > UINT32_MAX) ms = UINT32_MAX;
  uint64_t back = ms * rate->amount;
  bucket->spent = bucket->spent > back ? bucket->spent - back : 0;
  bucket->at_ms = now_ms;
}

/* Takes `n` tokens where they are there; what is larger than the whole bucket passes when that is full, and those after
 * it wait the longer. False, and nothing is taken: not now. For a rate that is on, and n up to 2^32. */
static inline bool ed_bucket_take(struct ed_bucket *bucket, const struct ed_rate *rate, uint64_t now_ms, uint64_t n) {
  ed_bucket_refill(bucket, rate, now_ms);
  uint64_t least = n < rate->burst ? n : rate->burst;
  if (bucket->spent > (rate->burst - least) * rate->period_ms) return false;
  bucket->spent += n * rate->period_ms;
  return true;
}

/* Of one just brought up to date, how long until there is a token; 0: there is one. */
uint64_t ed_bucket_wait_ms(const struct ed_bucket *bucket, const struct ed_rate *rate);

#endif
