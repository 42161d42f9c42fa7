/* Everything that is heard is compared with what others heard: the first to hear a message has it read and kept, for
 * all others it has to be the same bytes in the same place of the key's order. */
#include <inttypes.h>
#include <string.h>

#include "load.h"

struct histogram latency;
uint64_t deliveries, answers;
uint32_t ring_mask;
size_t frame_room;
void (*on_heard_by_all)(struct publisher *publisher);
void (*on_stream_size)(struct conn *conn, const struct seen *seen);

void check_init(size_t stride, unsigned ring_len) {
  frame_room = (stride + 63) & ~(size_t)63;
  ring_mask = ring_len - 1;
}

void check_room(struct room *room) {
  room->streams = grab(options.keys, sizeof *room->streams);
  room->expected = grab((size_t)options.publishers * options.keys, sizeof *room->expected);
  for (unsigned key = 0; key < options.keys; key++) {
    room->streams[key].ring = grab(ring_mask + 1, sizeof *room->streams[key].ring);
    room->streams[key].bytes = grab((size_t)(ring_mask + 1) * (options.cbor ? ENCODINGS : 1), frame_room);
    for (unsigned p = 0; p < options.publishers; p++) /* it goes through the keys in turn */
      room->expected[p * options.keys + key] = key;
  }
}

static uint8_t *bytes_of(const struct stream *stream, uint64_t place, enum encoding encoding) {
  size_t slot = place & ring_mask;
  return stream->bytes + (encoding == CBOR ? (size_t)ring_mask + 1 + slot : slot) * frame_room;
}

/* The first that is heard of a message. */
static struct entry *append(struct conn *conn, struct stream *stream, const struct seen *seen) {
  struct room *room = conn->room;
  struct publisher *publisher = &room->publishers[seen->publisher];
  uint64_t *expected = &room->expected[seen->publisher * options.keys + seen->key];
  if (seen->number < *expected) {
    wrong("doubled: message %" PRIu64 " of publisher %u came again, with seq %" PRIu64, seen->number, seen->publisher,
          seen->seq);
  }
  if (seen->number > *expected) {
    wrong("lost or out of order: message %" PRIu64 " of publisher %u came where %" PRIu64 " was due, with seq %" PRIu64,
          seen->number, seen->publisher, *expected, seen->seq);
  }
  if (seen->number >= publisher->sent) wrong("invented: message %" PRIu64 " was never sent", seen->number);
  if (stream->end && seen->seq <= stream->ring[(stream->end - 1) & ring_mask].seq) {
    wrong("seq does not rise: %" PRIu64 " behind %" PRIu64, seen->seq, stream->ring[(stream->end - 1) & ring_mask].seq);
  }
  *expected += options.keys;
  struct entry *entry = &stream->ring[stream->end & ring_mask];
  if (entry->left) fail("more is outstanding than the ring was made for");
  *entry = (struct entry){.seq = seen->seq,
                          .number = seen->number,
                          .due = publisher->due[seen->number & ring_mask],
                          .publisher = seen->publisher,
                          .left = stream->subscribers};
  stream->end++;
  return entry;
}

/* Anything but the bytes that others heard here. */
static struct entry *look(struct conn *conn, const uint8_t *payload, size_t len, unsigned *key) {
  struct seen seen;
  frame_read(conn->encoding, payload, len, &seen);
  switch (seen.kind) {
    case KIND_PUSH: break;
    case KIND_STREAM_SIZE:
      answers++;
      if (on_stream_size) on_stream_size(conn, &seen);
      return NULL;
    case KIND_INIT:
      if (!conn->inits_due) wrong("an init that nobody asked for: %.*s", (int)(len < 200 ? len : 200), payload);
      conn->inits_due--;
      return NULL;
    case KIND_PONG: return NULL;
    default: wrong("the server says: %.*s", (int)(len < 500 ? len : 500), payload);
  }
  if (!seen.marked || seen.key >= options.keys || seen.publisher >= options.publishers) {
    wrong("not what was sent: %.*s", (int)(len < 500 ? len : 500), payload);
  }
  if (!(conn->keys[seen.key / 64] >> (seen.key % 64) & 1)) wrong("a push of k%02u, which was not asked for", seen.key);
  if (len > frame_room) wrong("a push of %zu bytes: longer than was sent", len);
  *key = seen.key;
  struct stream *stream = &conn->room->streams[seen.key];
  uint64_t place = conn->cursors[seen.key];
  bool new = place == stream->end;
  struct entry *entry = new ? append(conn, stream, &seen) : &stream->ring[place & ring_mask];
  if (entry->seq != seen.seq || entry->number != seen.number || entry->publisher != seen.publisher) {
    const char *what = seen.seq <= conn->last_seq ? "doubled or out of order"
                       : seen.seq > entry->seq    ? "lost"
                                                  : "another order";
    wrong("%s: seq %" PRIu64 " (message %" PRIu64 " of publisher %u) came where others heard seq %" PRIu64 " (%" PRIu64
          " of %u)",
          what, seen.seq, seen.number, seen.publisher, entry->seq, entry->number, entry->publisher);
  }
  if (entry->len[conn->encoding]) wrong("not the bytes that others heard: %.*s", (int)(len < 500 ? len : 500), payload);
  entry->len[conn->encoding] = (uint32_t)len;
  memcpy(bytes_of(stream, place, conn->encoding), payload, len);
  return entry;
}

static unsigned guess_key(const uint8_t *payload, size_t len) {
  struct seen seen = {.key = 0};
  const uint8_t *at = memchr(payload, '~', len < 80 ? len : 80);
  if (at && at + MARK_LEN <= payload + len) seen.key = (unsigned)(at[7] - '0') * 10 + (unsigned)(at[8] - '0');
  return seen.key < options.keys ? seen.key : 0;
}

void check_frame(struct conn *conn, const uint8_t *payload, size_t len, uint64_t now) {
  unsigned key = options.keys == 1 ? 0 : guess_key(payload, len);
  struct stream *stream = &conn->room->streams[key];
  uint64_t place = conn->cursors[key];
  struct entry *entry = &stream->ring[place & ring_mask];
  if (place == stream->end || entry->len[conn->encoding] != len ||
      memcmp(bytes_of(stream, place, conn->encoding), payload, len) != 0) {
    entry = look(conn, payload, len, &key);
    if (!entry) return;
  }
  if (entry->seq <= conn->last_seq) wrong("seq does not rise: %" PRIu64 " behind %" PRIu64, entry->seq, conn->last_seq);
  conn->last_seq = entry->seq;
  conn->cursors[key]++;
  deliveries++;
  histogram_add(&latency, now - entry->due);
  if (--entry->left == 0) on_heard_by_all(&conn->room->publishers[entry->publisher]);
}
