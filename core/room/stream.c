#include "room/stream.h"

#include <stdlib.h>

#include "base/mem.h"

struct ed_stream *ed_stream_new(struct ed_room *room, struct ed_span key) {
  struct ed_stream *stream = ed_zalloc(sizeof *stream + key.len + 1);
  stream->room = room;
  stream->key_len = key.len;
  if (key.len) memcpy(stream->key, key.at, key.len);
  return stream;
}

/* The message at index `i` goes. A base was never broadcast under its number. */
static void lose(struct ed_stream *stream, size_t i) {
  uint64_t seq = ed_stream_at(stream, i)->seq;
  if (seq > stream->lost && !(i == 0 && stream->base)) stream->lost = seq;
}

void ed_stream_drop_front(struct ed_stream *stream, size_t count) {
  if (count) lose(stream, count - 1);
  for (size_t i = 0; i < count; i++) {
    struct ed_msg *msg = stream->msgs[stream->head + i];
    stream->bytes -= msg->len;
    ed_msg_unref(msg);
  }
  stream->head += count;
  stream->len -= count;
  if (count) stream->base = 0; /* a base is the front, so it is among those that went */
  if (stream->len) return;
  free(stream->msgs);
  stream->msgs = NULL;
  stream->head = stream->cap = 0;
}

void ed_stream_drop_at(struct ed_stream *stream, size_t i) {
  if (i == 0) {
    ed_stream_drop_front(stream, 1);
    return;
  }
  struct ed_msg **at = stream->msgs + stream->head + i;
  lose(stream, i);
  stream->bytes -= (*at)->len;
  ed_msg_unref(*at);
  stream->len--;
  memmove(at, at + 1, (stream->len - i) * sizeof *at);
}

void ed_stream_free(struct ed_stream *stream) {
  ed_stream_drop_front(stream, stream->len);
  free(stream->audience[ED_JSON].hearers);
  free(stream->audience[ED_CBOR].hearers);
  free(stream);
}

void ed_stream_append(struct ed_stream *stream, struct ed_msg *msg) {
  if (stream->head + stream->len == stream->cap) {
    if (stream->head > stream->cap / 2) { /* more than half of it is free in front */
      memmove(stream->msgs, stream->msgs + stream->head, stream->len * sizeof *stream->msgs);
      stream->head = 0;
    } else {
      stream->cap = stream->cap ? stream->cap * 2 : 1;
      stream->msgs = ed_realloc(stream->msgs, stream->cap * sizeof *stream->msgs);
    }
  }
  stream->msgs[stream->head + stream->len++] = msg;
  stream->bytes += msg->len;
}

void ed_stream_replace(struct ed_stream *stream, struct ed_msg *msg) {
  if (stream->len == 1) { /* the common case keeps the array */
    lose(stream, 0);
    stream->bytes += msg->len - stream->msgs[stream->head]->len;
    ed_msg_unref(stream->msgs[stream->head]);
    stream->msgs[stream->head] = msg;
    stream->base = 0;
    return;
  }
  ed_stream_drop_front(stream, stream->len);
  stream->base = 0;
  ed_stream_append(stream, msg);
}

size_t ed_stream_after(const struct ed_stream *stream, uint64_t seq) {
  size_t low = 0, high = stream->len;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (ed_stream_at(stream, middle)->seq > seq)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

void ed_stream_compacted_size(const struct ed_stream *stream, uint64_t seq, size_t value_len, size_t *count,
                              uint64_t *bytes) {
  size_t from = ed_stream_after(stream, seq);
  *count = stream->len - from + 1;
  *bytes = stream->bytes + value_len;
  for (size_t i = 0; i < from; i++) *bytes -= ed_stream_at(stream, i)->len;
}

bool ed_stream_compact(struct ed_stream *stream, struct ed_msg *msg) {
  if (msg->seq < stream->base) {
    ed_msg_unref(msg);
    return false;
  }
  size_t from = ed_stream_after(stream, msg->seq);
  if (from == stream->len) {
    ed_stream_replace(stream, msg);
  } else if (from > 0) { /* the base takes the place of the last that goes */
    ed_stream_drop_front(stream, from);
    stream->head--;
    stream->len++;
    stream->msgs[stream->head] = msg; /* NOLINT(clang-analyzer-*): there are messages */
    stream->bytes += msg->len;
  } else { /* all are newer: in front of them */
    ed_stream_append(stream, msg);
    struct ed_msg **first = stream->msgs + stream->head;
    memmove(first + 1, first, (stream->len - 1) * sizeof *first);
    *first = msg;
  }
  stream->base = msg->seq;
  return true;
}

void ed_audience_add(struct ed_stream *stream, struct ed_member *member) {
  struct ed_audience *audience = &stream->audience[member->encoding];
  audience->hearers = ed_grow(audience->hearers, sizeof *audience->hearers, audience->len, &audience->cap);
  member->subscriptions = ed_grow(member->subscriptions, sizeof *member->subscriptions, member->subscriptions_len,
                                  &member->subscriptions_cap);
  audience->hearers[audience->len] = (struct ed_hearer){.member = member, .index = member->subscriptions_len};
  member->subscriptions[member->subscriptions_len++] =
      (struct ed_subscription){.stream = stream, .index = audience->len++};
}

/* Each side knows its place on the other, so leaving never searches: the last of each list moves into the gap. */
void ed_audience_remove(struct ed_member *member, size_t subscription) {
  struct ed_subscription gone = member->subscriptions[subscription];
  struct ed_audience *audience = &gone.stream->audience[member->encoding];

  struct ed_hearer moved = audience->hearers[--audience->len];
  audience->hearers[gone.index] = moved;
  moved.member->subscriptions[moved.index].index = gone.index;
  if (audience->len == 0) {
    free(audience->hearers);
    *audience = (struct ed_audience){0};
  }

  struct ed_subscription last = member->subscriptions[--member->subscriptions_len];
  if (subscription == member->subscriptions_len) return;
  member->subscriptions[subscription] = last;
  last.stream->audience[member->encoding].hearers[last.index].index = subscription;
}

bool ed_audience_find(const struct ed_stream *stream, const struct ed_member *member, size_t *subscription) {
  const struct ed_audience *audience = &stream->audience[member->encoding];
  if (audience->len < member->subscriptions_len) {
    for (size_t i = 0; i < audience->len; i++)
      if (audience->hearers[i].member == member) {
        *subscription = audience->hearers[i].index;
        return true;
      }
    return false;
  }
  for (size_t i = 0; i < member->subscriptions_len; i++)
    if (member->subscriptions[i].stream == stream) {
      *subscription = i;
      return true;
    }
  return false;
}
