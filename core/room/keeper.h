/* The table through which a room tells the floor above what is to be kept of it, and asks it what was (host fills it,
 * for its plugins). A room without one lives in memory only and knows nothing of it. Functions that the keeper has no
 * use for are NULL. It may not push from within any of these. */
#ifndef ED_ROOM_KEEPER_H
#define ED_ROOM_KEEPER_H

#include "codec/fault.h"
#include "room/room.h"

enum ed_change_kind {
  ED_CHANGE_NUMBER,  /* a number was used, nothing that is to be kept has changed */
  ED_CHANGE_APPEND,  /* `value` in at the end */
  ED_CHANGE_REPLACE, /* everything out, `value` in */
  ED_CHANGE_COMPACT, /* everything up to `seq` out, `value` in at the front */
  ED_CHANGE_TRIM,    /* everything up to `seq` out */
  ED_CHANGE_DROP,    /* the one message `seq` out */
  ED_CHANGE_POLICY,  /* room->policy is another */
};

/* Its number is room->mark. What is retained in memory only (transient) is a NUMBER, and a TRIM of what it takes the
 * place of. All borrowed until the call returns. */
struct ed_change {
  enum ed_change_kind kind;
  enum ed_encoding encoding; /* of `value` */
  struct ed_span key;        /* not of NUMBER and POLICY */
  struct ed_span value;      /* APPEND, REPLACE, COMPACT */
  uint64_t seq;              /* not of POLICY */
  int64_t time_ms;           /* Unix time of the push; 0: none or not known */
};

struct ed_keeper_ops {
  /* A room is asked for that is not in memory. `room` is empty, with its name and namespace: what it retained goes in
   * with the functions below. 1 where it was kept, 0 where it was not, -1 with a fault where it cannot be said. NULL:
   * nothing is ever kept. */
  int (*load)(void *keeper, struct ed_room *room, struct ed_fault *fault);
  /* A room is in memory, new or restored; its policy has not begun. It may hold the outbox from here on. -1 with a
   * fault: it may not be. */
  int (*opened)(void *keeper, struct ed_room *room, bool is_new, struct ed_fault *fault);
  /* It leaves memory, still retaining what it did. `for_good`: what is kept of it is to go, too. Nothing is told of it
   * after that. */
  void (*closed)(void *keeper, struct ed_room *room, bool for_good);
  /* A push is about to use the number `seq`, or none (a compact: 0). -1 with a fault: it is refused. */
  int (*number)(void *keeper, struct ed_room *room, uint64_t seq, struct ed_fault *fault);
  void (*change)(void *keeper, struct ed_room *room, const struct ed_change *change);
  /* The end of a turn in which any room told of a change; before anybody is sent anything. */
  void (*turn)(void *keeper);
};

/* ---- for `load`: what the room retained; limits do not count ---- */

/* The next message of a stream, oldest first. Value and key must be valid, and `seq` is not 0 and greater than that of
 * the one before it; a base comes first. False where not; then nothing has changed. */
bool ed_room_restore(struct ed_room *room, struct ed_span key, uint64_t seq, int64_t time_ms, bool is_base,
                     enum ed_encoding encoding, struct ed_span value);
/* The number of its last message, no less than that of any that it retains, and its policy. False where less. */
bool ed_room_restore_seq(struct ed_room *room, uint64_t seq, const char *policy);

/* What was broadcast and is retained by nobody (or in memory only, which comes to the same once it is unloaded): fn for
 * each key that retains something and has lost something, with the highest such number; then with key.at NULL for all
 * others, 0 too. Until fn gives something else than 0, which is then the result. And the way back, behind the messages:
 * without one call of it every key counts as having lost what was last. False beyond the room's last number. */
int ed_room_lost_each(const struct ed_room *room, int (*fn)(void *arg, struct ed_span key, uint64_t seq), void *arg);
bool ed_room_restore_lost(struct ed_room *room, struct ed_span key, uint64_t seq);

/* ---- for the files of this folder, and for who changes a room's policy ---- */

void ed_keeper_tell(struct ed_room *room, const struct ed_change *change);

/* A TRIM up to `seq`, or a DROP, is about to be made. Counts, where what goes is kept at all. */
void ed_stream_changed(struct ed_stream *stream, enum ed_change_kind kind, uint64_t seq);

/* Counts a change, and tells of it where anybody wants to know. */
static inline void ed_room_changed(struct ed_room *room, const struct ed_change *change) {
  room->mark++;
  if (room->kept) ed_keeper_tell(room, change);
}

/* A push is about to use a number. 0, or -1 with a fault. */
static inline int ed_room_number(struct ed_room *room, uint64_t seq, struct ed_fault *fault) {
  const struct ed_keeper_ops *ops = room->hub->keeper_ops;
  return room->kept && ops->number ? ops->number(room->hub->keeper, room, seq, fault) : 0;
}

#endif
