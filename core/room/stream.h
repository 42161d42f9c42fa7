/* What a room retains of one key, and who hears its pushes. */
#ifndef ED_ROOM_STREAM_H
#define ED_ROOM_STREAM_H

#include <uthash.h>

#include "room/member.h"
#include "room/msg.h"

struct ed_audience {
  struct ed_hearer {
    struct ed_member *member;
    size_t index; /* in member->subscriptions */
  } * hearers;
  size_t len, cap;
};

struct ed_stream {
  UT_hash_handle hh; /* in the room's streams, by key */
  struct ed_room *room;
  struct ed_msg **msgs; /* retained: msgs[head .. head+len), seq strictly rising */
  size_t head, len, cap;
  uint64_t bytes;                 /* of the values retained */
  uint64_t base;                  /* seq of the message that a compact put at the front; 0 where there is none */
  uint64_t lost; /* highest number that was broadcast of this key and is no longer retained as itself; or more, see room */
  struct ed_audience audience[2]; /* by enum ed_encoding */
  uint32_t pins;                  /* pushes at hand and runs of the outbox that name it */
  uint8_t watched; /* who behind the gate wants to see its pushes: bits of the gate's own; 0: nobody, it is not asked */
  bool named;      /* by the resume at hand */
  bool shorn;      /* on the hub's list of these */
  void *host;      /* the gate's own, from begin to end */
  size_t key_len;
  char key[]; /* UTF-8; NUL-terminated besides, but may hold NULs */
};

static inline struct ed_span ed_stream_key(const struct ed_stream *stream) {
  return ed_span(stream->key, stream->key_len);
}

/* Memory only; the room enters it in its table. */
struct ed_stream *ed_stream_new(struct ed_room *room, struct ed_span key);
void ed_stream_free(struct ed_stream *stream); /* nobody may hear it any more */

/* The actions, as pure changes of what is retained. Each takes over one reference of `msg`. */
void ed_stream_append(struct ed_stream *stream, struct ed_msg *msg);
void ed_stream_replace(struct ed_stream *stream, struct ed_msg *msg);
/* msg->seq says up to where. False, with the message dropped and nothing changed, where it is behind the base. */
bool ed_stream_compact(struct ed_stream *stream, struct ed_msg *msg);

/* Drops the oldest `count`; or the one at index `i`. */
void ed_stream_drop_front(struct ed_stream *stream, size_t count);
void ed_stream_drop_at(struct ed_stream *stream, size_t i);

static inline struct ed_msg *ed_stream_at(const struct ed_stream *stream, size_t i) {
  return stream->msgs[stream->head + i];
}

/* Index of the first retained message with a seq greater than `seq` (len where there is none). */
size_t ed_stream_after(const struct ed_stream *stream, uint64_t seq);

/* Count and value bytes that would be retained after a compact up to `seq`, the base itself included as `value_len`. */
void ed_stream_compacted_size(const struct ed_stream *stream, uint64_t seq, size_t value_len, size_t *count,
                              uint64_t *bytes);

void ed_audience_add(struct ed_stream *stream, struct ed_member *member);
void ed_audience_remove(struct ed_member *member, size_t subscription); /* index in member->subscriptions */
/* Whether the member hears the stream, and which of its subscriptions says so. */
bool ed_audience_find(const struct ed_stream *stream, const struct ed_member *member, size_t *subscription);

#endif
