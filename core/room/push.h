/* A push through a room, and the init messages; for the files of this folder. */
#ifndef ED_ROOM_PUSH_H
#define ED_ROOM_PUSH_H

#include "room/outbox.h"

/* The stream of a key, begun where there is none. NULL with a fault: limits.keys. */
struct ed_stream *ed_room_stream_made(struct ed_room *room, struct ed_span key, struct ed_fault *fault);

void ed_stream_remove(struct ed_stream *stream); /* out of its room, with all that it retains */
void ed_stream_settle(struct ed_stream *stream); /* the same where it is vacant and nothing pins it */

void ed_room_touch(struct ed_room *room); /* it is in use now */
void ed_room_rest(
    struct ed_room *room); /* where nobody is in it: free it if it has ended, else let the idle time run */

/* The member (ed_room_subscribes) hears these streams from here on, which are pinned and each there once, and what else it
 * subscribed to. The room has been dispatched. */
void ed_room_subscribe(struct ed_member *member, struct ed_stream *const *streams, size_t len);
static inline bool ed_room_subscribes(const struct ed_member *member) { return !member->transient && !member->debug; }

/* Queues an init with what the stream retains after `seq`. `member` NULL: to the debuggers. */
void ed_push_init(struct ed_stream *stream, enum ed_encoding encoding, uint64_t seq, enum ed_run_to to,
                  struct ed_member *member);
void ed_push_init_empty(struct ed_member *member, struct ed_span key); /* of a key that is no stream */

/* Whether an answer to the member that holds what the room retains is excused from the queue limit: who asks for it may
 * have it, however much that is; who asks again before reading it may not. */
static inline bool ed_push_excused(const struct ed_member *member) {
  return member->queue.excused <= member->room->bytes;
}

/* What a push says waits for the keeper, where anything does. */
static inline void ed_push_count_held(struct ed_room *room, size_t len) {
  if (room->mark > room->open) room->held.since += len;
}

/* Something was taken from the stream by no push: where the room has debug members they hear at the end of the turn
 * what it still retains, once, however much goes one by one. */
void ed_push_shorn(struct ed_stream *stream);
void ed_push_show_shorn(struct ed_hub *hub);
void ed_push_forget_shorn(struct ed_room *room);

void ed_push_forget(struct ed_room *room);     /* drops the pushes that wait */
void ed_push_disown(struct ed_member *member); /* those that wait in its name go on in nobody's: it is leaving */

#endif
