#include "room/keeper.h"

#include <stdlib.h>

#include "base/mem.h"
#include "room/push.h"

void ed_keeper_tell(struct ed_room *room, const struct ed_change *change) {
  struct ed_hub *hub = room->hub;
  hub->changed = true;
  hub->keeper_ops->change(hub->keeper, room, change);
}

void ed_stream_changed(struct ed_stream *stream, enum ed_change_kind kind, uint64_t seq) {
  size_t end = ed_stream_after(stream, seq), i = kind == ED_CHANGE_DROP ? end - 1 : 0;
  while (i < end && ed_stream_at(stream, i)->transient) i++;
  if (i == end) return;
  ed_room_changed(stream->room, &(struct ed_change){.kind = kind, .key = ed_stream_key(stream), .seq = seq});
}

static struct ed_stream *last_made(const struct ed_room *room) {
  return room->streams ? ELMT_FROM_HH(room->streams->hh.tbl, room->streams->hh.tbl->tail) : NULL;
}

/* The stream of a key, or NULL. As long as keys come in rising order, which is how a database has them, it is the last
 * one or none: in a large room looking for it costs more than all the rest. */
static struct ed_stream *find_restored(struct ed_room *room, struct ed_span key) {
  struct ed_stream *last = last_made(room);
  if (!last || room->unsorted) return ed_room_stream(room, key);
  struct ed_span before = ed_stream_key(last);
  size_t both = key.len < before.len ? key.len : before.len;
  int order = both ? memcmp(key.at, before.at, both) : 0;
  if (order == 0 && key.len == before.len) return last;
  if (order > 0 || (order == 0 && key.len > before.len)) return NULL;
  room->unsorted = true;
  return ed_room_stream(room, key);
}

/* Without a gate: it begins when the room does, and then sees every stream. */
static struct ed_stream *make_restored(struct ed_room *room, struct ed_span key) {
  unsigned hash = (unsigned)ed_hash(&room->hub->secret, key);
  struct ed_stream *stream = ed_stream_new(room, key);
  HASH_ADD_KEYPTR_BYHASHVALUE(hh, room->streams, stream->key, stream->key_len, hash, stream);
  return stream;
}

bool ed_room_restore(struct ed_room *room, struct ed_span key, uint64_t seq, int64_t time_ms, bool is_base,
                     enum ed_encoding encoding, struct ed_span value) {
  struct ed_stream *stream = find_restored(room, key);
  uint64_t last = stream ? ed_stream_at(stream, stream->len - 1)->seq : 0;
  if (seq <= last || (stream && is_base)) return false;
  if (!stream) stream = make_restored(room, key);
  struct ed_msg *msg = ed_msg_new(seq, encoding, value);
  msg->time_ms = time_ms;
  ed_stream_append(stream, msg);
  if (is_base) stream->base = seq;
  room->messages++;
  room->bytes += value.len;
  if (seq > room->seq) ed_room_restore_seq(room, seq, room->policy);
  return true;
}

bool ed_room_restore_seq(struct ed_room *room, uint64_t seq, const char *policy) {
  if (seq < room->seq) return false;
  room->seq = room->mark = seq;
  if (strcmp(room->policy, policy) == 0) return true; /* it may be the same text */
  free(room->policy);
  room->policy = ed_strdup(policy);
  return true;
}

/* `lost` is raised to what is in memory only; whether anything else is retained. */
static bool keeps(const struct ed_stream *stream, uint64_t *lost) {
  bool something = false;
  for (size_t i = 0; i < stream->len; i++) {
    const struct ed_msg *msg = ed_stream_at(stream, i);
    if (!msg->transient)
      something = true;
    else if (msg->seq > *lost && msg->seq != stream->base)
      *lost = msg->seq;
  }
  return something;
}

int ed_room_lost_each(const struct ed_room *room, int (*fn)(void *arg, struct ed_span key, uint64_t seq), void *arg) {
  uint64_t others = room->lost;
  struct ed_stream *stream, *next;
  HASH_ITER(hh, room->streams, stream, next) {
    uint64_t lost = stream->lost;
    bool something = keeps(stream, &lost);
    int result = something && lost ? fn(arg, ed_stream_key(stream), lost) : 0;
    if (result) return result;
    if (!something && lost > others) others = lost;
  }
  return fn(arg, ed_span(NULL, 0), others);
}

bool ed_room_restore_lost(struct ed_room *room, struct ed_span key, uint64_t seq) {
  struct ed_stream *stream = key.at ? ed_room_stream(room, key) : NULL;
  if (seq > room->seq) return false;
  room->lost_known = true;
  if (stream)
    stream->lost = seq;
  else if (seq > room->lost)
    room->lost = seq;
  return true;
}
