/* Who connects, by address: how many connections each has, and how fast it makes more, and rooms. Pure. The table is
 * bounded, however many addresses there are: it knows those that have a connection, and of the others the latest. */
#ifndef ED_NET_CALLERS_H
#define ED_NET_CALLERS_H

#include <sys/socket.h>
#include <uthash.h>

#include "base/hash.h"
#include "base/rate.h"

#define ED_CALLERS_IDLE 16384 /* addresses without a connection that are remembered; some 3 MB of them */
#define ED_CALLER_LEN 16      /* bytes of an address: IPv4 as the IPv6 that it is mapped to (RFC 4291, 2.5.5.2) */

struct ed_caller_rules {
  uint64_t connections;    /* at once; 0: any number */
  struct ed_rate arrivals; /* of connections */
  struct ed_rate rooms;    /* new ones */
};

struct ed_caller {
  uint8_t
      address[ED_CALLER_LEN]; /* of IPv6 the first 64 bits, which is what one customer of a provider has; the rest 0 */
  uint64_t connections;       /* now */
  struct ed_bucket arrivals, rooms;
  struct ed_caller *prev, *next; /* idle ones, the oldest first; utlist */
  UT_hash_handle hh;
};

struct ed_callers {
  const struct ed_caller_rules *rules; /* borrowed; may change at any time */
  struct ed_hash_secret secret;
  struct ed_caller *all, *idle;
  size_t idle_len;
};

void ed_callers_init(struct ed_callers *callers, const struct ed_caller_rules *rules);
void ed_callers_deinit(struct ed_callers *callers);

static inline bool ed_callers_wanted(const struct ed_caller_rules *rules) {
  return rules->connections || rules->arrivals.amount || rules->rooms.amount;
}

/* One more connection of this address: who it is, borrowed until ed_callers_leave, which each such call is to be
 * followed by. NULL where it may have no more now, and then how long it should wait. */
struct ed_caller *ed_callers_enter(struct ed_callers *callers, const uint8_t address[ED_CALLER_LEN], uint64_t now_ms,
                                   uint64_t *wait_ms);
void ed_callers_leave(struct ed_callers *callers, struct ed_caller *caller);

/* Whether the caller may make a room now; where not, how long it should wait. */
bool ed_callers_room(struct ed_callers *callers, struct ed_caller *caller, uint64_t now_ms, uint64_t *wait_ms);

#endif
