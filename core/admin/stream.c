/* Calls about what a room retains. */
#include <inttypes.h>

#include "admin/call.h"
#include "codec/utf8.h"

/* ---- keys ---- */

static void print_key(struct ed_buf *out, const struct ed_stream *stream) {
  ed_print_open(out, NULL, '{');
  ed_print_span(out, "key", ed_stream_key(stream));
  ed_print_count(out, "messages", stream->len);
  ed_print_count(out, "bytes", stream->bytes);
  if (stream->len) {
    ed_print_count(out, "first", ed_stream_at(stream, 0)->seq);
    ed_print_count(out, "last", ed_stream_at(stream, stream->len - 1)->seq);
  }
  if (stream->base) ed_print_count(out, "base", stream->base);
  ed_print_count(out, "subscribers", stream->audience[ED_JSON].len + stream->audience[ED_CBOR].len);
  ed_print_close(out, '}');
}

/* In the order in which they began; a page goes on behind a key, which must still be there. */
void ed_admin_keys(struct ed_admin_call *call) {
  uint64_t limit;
  if (ed_admin_number(call, "limit", ED_PAGE_STANDARD, ED_PAGE_MAX, &limit) < 0) return;
  struct ed_room *room = ed_admin_room(call);
  if (!room) return;
  struct ed_span after = ed_admin_arg(call, "after"), match = ed_admin_arg(call, "match");
  const struct ed_stream *stream = after.at ? ed_room_stream(room, after) : room->streams, *last = NULL;
  if (after.at && !stream) {
    ed_admin_fail(call, 409, "the key that the page before ended with is gone: begin again");
    return;
  }
  if (after.at) stream = stream->hh.next;
  struct ed_buf *out = &call->page->answer;
  ed_print_open(out, NULL, '{');
  ed_print_open(out, "keys", '[');
  for (uint64_t shown = 0, seen = 0; stream && shown < limit && seen < ED_SCAN_MAX && out->len < ED_PAGE_BYTES;
       seen++) {
    if (ed_admin_match(match, ed_stream_key(stream))) {
      print_key(out, stream);
      shown++;
    }
    last = stream;
    stream = stream->hh.next;
  }
  ed_print_close(out, ']');
  ed_print_count(out, "total", HASH_COUNT(room->streams));
  if (stream && last) ed_print_span(out, "next", ed_stream_key(last));
  ed_print_close(out, '}');
}

/* ---- one stream ---- */

/* The stream of a key; NULL: answered. */
static struct ed_stream *stream_of(struct ed_admin_call *call, struct ed_room *room, struct ed_span key) {
  struct ed_stream *stream = ed_room_stream(room, key);
  if (!stream) ed_admin_fail(call, 404, "the room has no such key");
  return stream;
}

static void print_message(struct ed_buf *out, const struct ed_msg *msg) {
  enum ed_encoding encoding = (enum ed_encoding)msg->encoding;
  struct ed_span value = ed_span(msg->value, msg->len);
  struct ed_buf json = {0};
  if (encoding != ED_JSON) { /* not kept with the message, as nobody else may ever want it */
    ed_wire_transcode(encoding, value, &json);
    value = ed_buf_span(&json);
  }
  ed_print_open(out, NULL, '{');
  ed_print_count(out, "seq", msg->seq);
  if (msg->time_ms) ed_print_time(out, "time_ms", msg->time_ms);
  if (msg->transient) ed_print_bool(out, "transient", true);
  ed_print_text(out, "encoding", encoding == ED_JSON ? "json" : "cbor");
  ed_print_raw(out, "value", value);
  ed_print_close(out, '}');
  ed_buf_deinit(&json);
}

void ed_admin_stream(struct ed_admin_call *call) {
  uint64_t after, limit;
  struct ed_span key = ed_admin_arg(call, "key");
  if (!key.at) {
    ed_admin_fail(call, 400, "the query has no key");
    return;
  }
  if (ed_admin_number(call, "after", 0, UINT64_MAX, &after) < 0 ||
      ed_admin_number(call, "limit", ED_PAGE_STANDARD, ED_PAGE_MAX, &limit) < 0)
    return;
  struct ed_room *room = ed_admin_room(call);
  const struct ed_stream *stream = room ? stream_of(call, room, key) : NULL;
  if (!stream) return;
  struct ed_buf *out = &call->page->answer;
  size_t i = ed_stream_after(stream, after), shown = 0;
  ed_print_open(out, NULL, '{');
  ed_print_open(out, "messages", '[');
  for (; i < stream->len && shown < limit && out->len < ED_PAGE_BYTES; i++, shown++)
    print_message(out, ed_stream_at(stream, i));
  ed_print_close(out, ']');
  ed_print_count(out, "total", stream->len);
  ed_print_count(out, "bytes", stream->bytes);
  if (stream->base) ed_print_count(out, "base", stream->base);
  if (i < stream->len && shown) ed_print_count(out, "next", ed_stream_at(stream, i - 1)->seq);
  ed_print_close(out, '}');
}

/* The body is a push as clients send it. Nobody is told a stream_size, and the policy sees no member. */
void ed_admin_push(struct ed_admin_call *call) {
  struct ed_room *room = ed_admin_room(call);
  if (!room) return;
  const struct ed_limits *limits = &room->space->limits;
  struct ed_wire_limits wire = {.depth = (unsigned)limits->depth, .key = (size_t)limits->key};
  struct ed_request request;
  struct ed_fault fault = {0};
  struct ed_buf scratch = {0};
  int result = -1;
  if (call->page->body.len > limits->message)
    ed_fault(&fault, ED_FAULT_TOO_LARGE, "the message is larger than limits.message");
  else if (ed_wire_decode(ED_JSON, call->page->body, &wire, &scratch, &request, &fault) < 0)
    ;
  else if (request.type != ED_REQUEST_PUSH)
    ed_fault(&fault, ED_FAULT_MALFORMED, "the message is no push");
  else
    result = 0;
  if (result == 0) {
    const struct ed_push push = {
        .action = request.action, .encoding = ED_JSON, .compact_seq = request.seq, .value = request.value};
    result = ed_room_push(room, request.key, &push, NULL, &fault);
  }
  ed_buf_deinit(&scratch);
  if (result < 0) {
    ed_admin_fault(call, &fault);
    return;
  }
  ed_print_open(&call->page->answer, NULL, '{');
  ed_print_count(&call->page->answer, "seq", room->seq);
  ed_print_close(&call->page->answer, '}');
}

/* How many of the oldest go: all but `keep`, or those up to the number `upto`. -1: answered. */
static int64_t to_trim(struct ed_admin_call *call, const json_t *body, const struct ed_stream *stream) {
  uint64_t keep, upto;
  bool keeps = json_object_get(body, "keep"), to = json_object_get(body, "upto");
  if (keeps == to) return ed_admin_fail(call, 400, "one of \"keep\" and \"upto\" says how much goes");
  if (keeps) {
    if (!ed_admin_count(call, body, "keep", &keep)) return -1;
    return keep < stream->len ? (int64_t)(stream->len - keep) : 0;
  }
  return ed_admin_count(call, body, "upto", &upto) ? (int64_t)ed_stream_after(stream, upto) : -1;
}

static void say_dropped(struct ed_admin_call *call, uint64_t count) {
  ed_print_open(&call->page->answer, NULL, '{');
  ed_print_count(&call->page->answer, "dropped", count);
  ed_print_close(&call->page->answer, '}');
}

void ed_admin_trim(struct ed_admin_call *call) {
  struct ed_span key;
  json_t *body = ed_admin_body(call, "key keep upto");
  struct ed_room *room = body && ed_admin_text(call, body, "key", &key) ? ed_admin_room(call) : NULL;
  struct ed_stream *stream = room ? stream_of(call, room, key) : NULL;
  int64_t count = stream ? to_trim(call, body, stream) : -1;
  if (count >= 0) {
    ed_room_trim(stream, (size_t)count);
    say_dropped(call, (uint64_t)count);
  }
  json_decref(body);
}

void ed_admin_drop(struct ed_admin_call *call) {
  struct ed_span key;
  uint64_t seq;
  json_t *body = ed_admin_body(call, "key seq");
  bool good = body && ed_admin_text(call, body, "key", &key) && ed_admin_count(call, body, "seq", &seq);
  struct ed_room *room = good ? ed_admin_room(call) : NULL;
  struct ed_stream *stream = room ? stream_of(call, room, key) : NULL;
  if (stream && ed_room_drop(stream, seq))
    say_dropped(call, 1);
  else if (stream)
    ed_admin_fail(call, 404, "the key retains no message with this number");
  json_decref(body);
}
