/* Names to rooms, and the end of a turn. */
#ifndef ED_ROOM_HUB_H
#define ED_ROOM_HUB_H

#include "base/hash.h"
#include "base/log.h"
#include "base/timer.h"
#include "room/gate.h"
#include "room/space.h"

struct ed_keeper_ops;
struct ed_room;

#define ED_ROOM_ID_MAX 128   /* bytes of a room's id */
#define ED_ROOM_ID_RANDOM 24 /* bytes of an id of our own making */

/* What a hub has done since it began, for who measures. */
struct ed_hub_counts {
  uint64_t created, removed, loads, load_failures, unloads; /* rooms */
  uint64_t members;                                         /* connections in rooms, now */
  uint64_t queued;                                          /* bytes waiting for members, now */
  uint64_t bytes_out;                                       /* taken by them */
  uint64_t slow;                     /* members closed as more waited for them than they may have */
  uint64_t conflated;                /* messages that were not sent to one, as they were out of date or too many */
  uint64_t refusals[ED_FAULT_COUNT]; /* what clients were told; counted by who tells them */
};

/* Of one namespace, by enum ed_action. */
struct ed_traffic {
  const struct ed_space *space;
  uint64_t in[4];  /* pushes carried out */
  uint64_t out[4]; /* of these, broadcast: one for each member that hears it */
  struct ed_traffic *next;
};

struct ed_hub {
  const struct ed_log *log;           /* borrowed */
  struct ed_timers *timers;           /* borrowed */
  const struct ed_gate_ops *gate_ops; /* NULL: no gate */
  void *gate;
  const struct ed_keeper_ops *keeper_ops; /* room/keeper.h; NULL: nothing is kept */
  void *keeper;
  bool changed; /* in this turn the keeper was told of a change */
  struct ed_hash_secret secret;
  uint64_t rooms_max;
  struct ed_room *rooms;   /* by name */
  struct ed_room *dirty;   /* have something to say; utlist */
  struct ed_member *ready; /* have something waiting and are not blocked; utlist */
  struct ed_buf scratch;   /* for transcoding */
  struct ed_member **late; /* for ed_outbox_flush */
  size_t late_cap;
  struct ed_stream **shorn; /* pinned; in this turn something was taken from them: debug members are to hear of it */
  size_t shorn_len, shorn_cap;
  struct ed_chunk **spare; /* owned; empty, for the turns to come */
  size_t spare_len, spare_cap, spare_bytes;
  struct ed_hub_counts counts;
  struct ed_traffic *traffic; /* owned; of every namespace that has had a room */
};

void ed_hub_init(struct ed_hub *hub, struct ed_timers *timers, const struct ed_log *log, uint64_t rooms_max);
/* Closes every room (what is kept of it stays so); no member may be left. A second time: nothing. */
void ed_hub_deinit(struct ed_hub *hub);

size_t ed_hub_rooms(const struct ed_hub *hub);

/* All rooms in memory, in no order, a stretch of about `most` at each call of ed_hub_walk, until it says false. Rooms
 * may come and go between two calls: one that was there all the time is seen exactly once. Only where the table has
 * grown meanwhile all must begin again: so each call comes behind one of ed_hub_walk_begin, which says true where it
 * does, as it does at first (`walk` zeroed by the caller). fn may not end rooms. */
struct ed_hub_walk {
  unsigned bucket, buckets;
};
bool ed_hub_walk_begin(const struct ed_hub *hub, struct ed_hub_walk *walk);
bool ed_hub_walk(struct ed_hub *hub, struct ed_hub_walk *walk, size_t most, void (*fn)(void *arg, struct ed_room *room),
                 void *arg);

/* The room where it is in memory, or NULL. */
struct ed_room *ed_hub_find(struct ed_hub *hub, const struct ed_space *space, struct ed_span id);

/* Likewise, by NAMESPACE/ID. */
struct ed_room *ed_hub_find_name(struct ed_hub *hub, struct ed_span name);

/* The room, from memory or from where it is kept. NULL with a fault: there is none, it cannot be loaded (and stays as
 * it is kept), there are too many rooms, or its policy refused. */
struct ed_room *ed_hub_get(struct ed_hub *hub, const struct ed_space *space, struct ed_span id, struct ed_fault *fault);

/* A new room, owned by the hub. `id` {NULL, 0}: 24 characters of A-Z a-z 0-9 from the system's random source. `policy`
 * NULL: the namespace's. NULL with a fault: too many rooms, the id is taken (by a room that is kept, too) or not of 1
 * to 128 of A-Z a-z 0-9 _ -, or keeper or gate refused. */
struct ed_room *ed_hub_create(struct ed_hub *hub, const struct ed_space *space, struct ed_span id, const char *policy,
                              struct ed_fault *fault);

/* Ends a room for good: members are closed with 1001 and must have left before it is freed, so it goes when the last
 * has. */
void ed_hub_remove(struct ed_room *room);

/* The namespace is another by now than it was with `idle_ms`: its rooms go by that, but where a policy has set its own. */
void ed_hub_space_changed(struct ed_hub *hub, const struct ed_space *space, uint64_t idle_ms);

/* Frees a room that nobody is in; what is kept of it stays so. */
void ed_hub_unload(struct ed_room *room);

/* The end of a turn: what keeps rooms is told so, every room that said something fills its members' queues, then every
 * member that has something waiting and is not blocked is delivered to. */
void ed_hub_flush(struct ed_hub *hub);

/* For rooms. */
struct ed_traffic *ed_hub_traffic(struct ed_hub *hub, const struct ed_space *space); /* lives as long as the hub */
void ed_hub_mark_dirty(struct ed_room *room);
void ed_hub_mark_ready(struct ed_hub *hub, struct ed_member *member);
void ed_hub_unmark_ready(struct ed_hub *hub, struct ed_member *member);

#endif
