#include "net/pace.h"

#define TELL_MS 1000

static const char *too_much(struct ed_conn_pace *pace, const char *why) {
  pace->untold++;
  return why;
}

const char *ed_pace_take(struct ed_conn_pace *pace, uint64_t now_ms, size_t len) {
  const struct ed_space *space = pace->all->space;
  const struct ed_rate *messages = &space->limits.message_rate, *bytes = &space->limits.byte_rate;
  const char *why = NULL;
  bool counted = messages->amount != 0, weighed = bytes->amount != 0;
  if (pace->excess) { /* a while of quiet makes up for it */
    if (counted) ed_bucket_refill(&pace->messages, messages, now_ms);
    if (weighed) ed_bucket_refill(&pace->bytes, bytes, now_ms);
    if ((!counted || !pace->messages.spent) && (!weighed || !pace->bytes.spent)) pace->excess = 0;
  }
  if (counted && !ed_bucket_take(&pace->messages, messages, now_ms, 1)) why = "limits.message_rate";
  if (!why && weighed && !ed_bucket_take(&pace->bytes, bytes, now_ms, len)) why = "limits.byte_rate";
  if (why) {
    pace->excess++;
    return too_much(pace, why);
  }
  bool all = !space->total_rate.amount || ed_bucket_take(&pace->all->messages, &space->total_rate, now_ms, 1);
  return all ? NULL : too_much(pace, "the namespace's total_rate"); /* no fault of this one alone */
}

uint32_t ed_pace_tell(struct ed_conn_pace *pace, uint64_t now_ms) {
  if (pace->told_ms && now_ms - pace->told_ms < TELL_MS) return 0;
  uint32_t refused = pace->untold;
  pace->told_ms = now_ms ? now_ms : 1;
  pace->untold = 0;
  return refused;
}
