/* How fast one WebSocket may speak. Pure. */
#ifndef ED_NET_PACE_H
#define ED_NET_PACE_H

#include "base/rate.h"
#include "room/space.h"

/* Of a namespace, with all of its clients. */
struct ed_space_pace {
  const struct ed_space *space; /* borrowed */
  struct ed_bucket messages, rooms;
  struct ed_space_pace *next; /* utlist */
};

/* Of a connection; there is one only where a rate applies to it, so the others pay for none. */
struct ed_conn_pace {
  struct ed_space_pace *all; /* borrowed */
  struct ed_bucket messages, bytes;
  uint64_t told_ms; /* when it was last told; 0: never */
  uint32_t untold;  /* messages refused since then */
  uint32_t excess;  /* since it last kept to its own rates for as long as they take to be at rest */
};

/* Whether a connection in this namespace needs a pace. */
static inline bool ed_pace_wanted(const struct ed_space *space) {
  return space->limits.message_rate.amount || space->limits.byte_rate.amount || space->total_rate.amount;
}

/* Takes a message of `len` bytes in: NULL; or it comes too fast, and this is the knob that says so. */
const char *ed_pace_take(struct ed_conn_pace *pace, uint64_t now_ms, size_t len);

/* After a refusal: whether the client is to be told now, which is at most once a second; then how many were refused
 * since it last was, this one included. 0: not now. */
uint32_t ed_pace_tell(struct ed_conn_pace *pace, uint64_t now_ms);
/* Instead: the client is told of this one by itself. */
static inline void ed_pace_told(struct ed_conn_pace *pace) { pace->untold--; }

#endif
