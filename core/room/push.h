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

/* Queues an init with what the stream retains after `seq`. `member` NULL: to the debuggers. */
void ed_push_init(struct ed_stream *stream, enum ed_encoding encoding, uint64_t seq, enum ed_run_to to,
                  struct ed_member *member);
void ed_push_init_empty(struct ed_member *member, struct ed_span key); /* of a key that is no stream */

void ed_push_forget(struct ed_room *room);     /* drops the pushes that wait */
void ed_push_disown(struct ed_member *member); /* those that wait in its name go on in nobody's: it is leaving */

#endif
