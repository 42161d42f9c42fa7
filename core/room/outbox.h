/* The outbox of a room; see room.h for what it is. For the files of this folder. */
#ifndef ED_ROOM_OUTBOX_H
#define ED_ROOM_OUTBOX_H

#include "room/room.h"

enum ed_run_to {
  ED_TO_STREAM,     /* who hears the stream, and everyone */
  ED_TO_MEMBER,     /* one member */
  ED_TO_MEMBER_NOW, /* the same, of what depends on nothing: before what is held */
  ED_TO_DEBUGGERS,  /* the room's debug connections */
  ED_TO_ROSTER,     /* who is told of joins and leaves (v1.h) */
};

struct ed_run {
  enum ed_run_to to;
  bool excused; /* an answer that does not count against the queue limit */
  union {
    struct ed_stream *stream; /* pinned */
    struct ed_member *member;
  };
  size_t start, end; /* in the feed's chunk for `to` */
  uint64_t stamp;
};

/* Between begin and end, whole frames are added to the buffer that begin gives. */
struct ed_buf *ed_outbox_begin(struct ed_room *room, enum ed_encoding encoding, enum ed_run_to to, size_t *start);
void ed_outbox_end(struct ed_room *room, enum ed_encoding encoding, size_t start, enum ed_run_to to, void *whom,
                   bool excused);

/* ed_room_dispatch at the end of a turn, when nobody may be told anything more before deliveries: who waits for nothing
 * else is sent at once what all hear. */
void ed_outbox_flush(struct ed_room *room);

/* What was added since `start`, one frame, is a broadcast of this action: in between, where slow members are conflated. */
void ed_outbox_note(struct ed_room *room, enum ed_encoding encoding, size_t start, enum ed_run_to to,
                    enum ed_action action);

/* Chunks that nobody waits for are given back, or laid by for the next ones; after a flush. */
void ed_outbox_rest(struct ed_room *room);
void ed_outbox_no_spare(struct ed_hub *hub); /* frees those that were laid by */
void ed_outbox_deinit(struct ed_room *room);

/* A pinned stream is not freed, whether or not it is vacant (nothing retained, nobody hears it). */
static inline void ed_stream_pin(struct ed_stream *stream) { stream->pins++; }
void ed_stream_unpin(struct ed_stream *stream); /* frees it where it is vacant now */

#endif
