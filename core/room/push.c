#include "room/push.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "room/keeper.h"
#include "room/v1.h"

/* Pushes that may wait behind one: enough for any honest policy, the end for two that answer each other for ever. */
#define PENDING_MAX 1000

#define FRAME_MOST 64 /* bytes of a push's frame besides key and value, at most */

struct ed_pending {
  struct ed_pending *next;
  struct ed_push push; /* the value is in `bytes`, behind the key */
  struct ed_member *member;
  size_t key_len;
  uint8_t bytes[];
};

/* ---- init ---- */

void ed_push_init(struct ed_stream *stream, enum ed_encoding encoding, uint64_t seq, enum ed_run_to to,
                  struct ed_member *member) {
  struct ed_room *room = stream->room;
  size_t from = ed_stream_after(stream, seq), start;
  ed_stream_pin(stream);
  struct ed_wire_init init;
  ed_wire_init_begin(&init, ed_outbox_begin(room, encoding, to, &start), encoding, ed_stream_key(stream),
                     stream->len - from);
  for (size_t i = from; i < stream->len; i++) {
    struct ed_msg *msg = ed_stream_at(stream, i);
    ed_wire_init_item(&init, ed_msg_value(msg, encoding), msg->seq);
  }
  ed_wire_init_end(&init);
  ed_outbox_end(room, encoding, start, to, member, member && ed_push_excused(member));
  ed_stream_unpin(stream);
}

void ed_push_init_empty(struct ed_member *member, struct ed_span key) {
  size_t start;
  struct ed_wire_init init;
  ed_wire_init_begin(&init, ed_outbox_begin(member->room, member->encoding, ED_TO_MEMBER, &start), member->encoding,
                     key, 0);
  ed_wire_init_end(&init);
  ed_outbox_end(member->room, member->encoding, start, ED_TO_MEMBER, member, false);
}

/* ---- what a push does to the stream ---- */

static int over(struct ed_fault *fault, const char *what, const char *knob, uint64_t limit) {
  return ed_fault(fault, ED_FAULT_ROOM_FULL, "%s more than %s allows (%" PRIu64 ")", what, knob, limit);
}

/* What the push would retain, held against the limits; and whether its number is one that the room knows. */
static int check(const struct ed_stream *stream, const struct ed_push *push, struct ed_fault *fault) {
  const struct ed_room *room = stream->room;
  const struct ed_limits *limits = &room->space->limits;
  size_t count = 0;
  uint64_t bytes = 0;
  switch (push->action) {
    case ED_RELAY: return 0;
    case ED_APPEND: count = stream->len + 1, bytes = stream->bytes + push->value.len; break;
    case ED_REPLACE: count = 1, bytes = push->value.len; break;
    case ED_COMPACT:
      if (push->compact_seq < 1 || push->compact_seq > room->seq)
        return ed_fault(fault, ED_FAULT_BAD_SEQ, "cannot compact up to %" PRIu64 ": the room is at %" PRIu64,
                        push->compact_seq, room->seq);
      if (push->compact_seq < stream->base) return 0;
      ed_stream_compacted_size(stream, push->compact_seq, push->value.len, &count, &bytes);
      break;
  }
  /* A limit that was lowered later must not keep a stream from getting smaller. */
  if (count > stream->len) {
    if (count > limits->stream_messages)
      return over(fault, "the key would retain", "limits.stream_messages", limits->stream_messages);
    if (room->messages - stream->len + count > limits->room_messages)
      return over(fault, "the room would retain", "limits.room_messages", limits->room_messages);
  }
  if (bytes > stream->bytes) {
    if (bytes > limits->stream_bytes)
      return over(fault, "the key would retain", "limits.stream_bytes", limits->stream_bytes);
    if (room->bytes - stream->bytes + bytes > limits->room_bytes)
      return over(fault, "the room would retain", "limits.room_bytes", limits->room_bytes);
  }
  return 0;
}

/* Of what is retained in memory only the keeper is to know that it used a number, and what it takes the place of. */
static void tell_transient(struct ed_stream *stream, const struct ed_push *push) {
  const struct ed_change number = {.kind = ED_CHANGE_NUMBER, .seq = push->seq};
  if (push->action != ED_COMPACT) ed_room_changed(stream->room, &number);
  if (push->action != ED_APPEND) ed_stream_changed(stream, ED_CHANGE_TRIM, push->seq);
}

/* Counts the change that the push is about to make. */
static void tell(struct ed_stream *stream, const struct ed_push *push) {
  static const enum ed_change_kind kinds[] = {
      [ED_RELAY] = ED_CHANGE_NUMBER,
      [ED_APPEND] = ED_CHANGE_APPEND,
      [ED_REPLACE] = ED_CHANGE_REPLACE,
      [ED_COMPACT] = ED_CHANGE_COMPACT,
  };
  struct ed_room *room = stream->room;
  if (push->action == ED_COMPACT && push->seq < stream->base) return;
  if (push->transient && push->action != ED_RELAY) {
    tell_transient(stream, push);
    return;
  }
  struct ed_change change = {.kind = kinds[push->action], .seq = push->seq};
  if (push->action != ED_RELAY) {
    change.key = ed_stream_key(stream);
    change.encoding = push->encoding;
    change.value = push->value;
    change.time_ms = ed_timers_wall(room->hub->timers);
  }
  ed_room_changed(room, &change);
}

/* Whether what the stream retains has changed. */
static bool apply(struct ed_stream *stream, const struct ed_push *push) {
  tell(stream, push);
  if (push->action == ED_RELAY) {
    stream->lost = push->seq;
    return false;
  }
  struct ed_room *room = stream->room;
  struct ed_msg *msg = ed_msg_new(push->seq, push->encoding, push->value);
  msg->transient = push->transient;
  msg->time_ms = ed_timers_wall(room->hub->timers);
  room->messages -= stream->len;
  room->bytes -= stream->bytes;
  bool changed = true;
  switch (push->action) {
    case ED_APPEND: ed_stream_append(stream, msg); break;
    case ED_REPLACE: ed_stream_replace(stream, msg); break;
    default: changed = ed_stream_compact(stream, msg); break;
  }
  room->messages += stream->len;
  room->bytes += stream->bytes;
  return changed;
}

/* ---- what it says ---- */

/* The value in `encoding`; made at most once per push, and only where somebody wants it. */
static struct ed_span value_in(struct ed_room *room, const struct ed_push *push, enum ed_encoding encoding,
                               bool *transcoded) {
  if (push->encoding == encoding) return push->value;
  struct ed_buf *scratch = &room->hub->scratch;
  if (!*transcoded) {
    scratch->len = 0;
    ed_wire_transcode(push->encoding, push->value, scratch);
    *transcoded = true;
  }
  return ed_buf_span(scratch);
}

static void frame(struct ed_stream *stream, const struct ed_push *push, enum ed_encoding encoding, enum ed_run_to to,
                  bool *transcoded) {
  struct ed_room *room = stream->room;
  struct ed_span value = value_in(room, push, encoding, transcoded);
  size_t start;
  struct ed_buf *into = ed_outbox_begin(room, encoding, to, &start);
  ed_wire_push(into, encoding, ed_stream_key(stream), value, push->seq);
  if (to == ED_TO_STREAM) ed_push_count_held(room, into->len - start);
  if (room->space->slow == ED_SLOW_CONFLATE) ed_outbox_note(room, encoding, start, to, push->action);
  ed_outbox_end(room, encoding, start, to, to == ED_TO_STREAM ? stream : NULL, false);
}

/* Whether somebody would still be given what is said to debuggers: an init of all that a stream retains is too dear to
 * be made for those who are being closed. */
static bool debugged(const struct ed_members *debuggers) {
  for (size_t i = 0; i < debuggers->len; i++)
    if (!debuggers->list[i]->closing) return true;
  return false;
}

/* ---- what goes by itself ---- */

void ed_push_shorn(struct ed_stream *stream) {
  struct ed_room *room = stream->room;
  struct ed_hub *hub = room->hub;
  if (stream->shorn || room->debuggers[ED_JSON].len + room->debuggers[ED_CBOR].len == 0) return;
  stream->shorn = true;
  ed_stream_pin(stream);
  hub->shorn = ed_grow(hub->shorn, sizeof(struct ed_stream *), hub->shorn_len, &hub->shorn_cap);
  hub->shorn[hub->shorn_len++] = stream;
}

static void let_shorn_go(struct ed_stream *stream) {
  stream->shorn = false;
  ed_stream_unpin(stream);
}

void ed_push_show_shorn(struct ed_hub *hub) {
  for (size_t i = 0; i < hub->shorn_len; i++) {
    struct ed_stream *stream = hub->shorn[i];
    for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++)
      if (debugged(&stream->room->debuggers[encoding]))
        ed_push_init(stream, (enum ed_encoding)encoding, 0, ED_TO_DEBUGGERS, NULL);
    let_shorn_go(stream);
  }
  hub->shorn_len = 0;
}

void ed_push_forget_shorn(struct ed_room *room) {
  struct ed_hub *hub = room->hub;
  size_t left = 0;
  for (size_t i = 0; i < hub->shorn_len; i++) {
    struct ed_stream *stream = hub->shorn[i];
    if (stream->room == room)
      let_shorn_go(stream);
    else
      hub->shorn[left++] = stream;
  }
  hub->shorn_len = left;
}

/* ---- what watchers are told ---- */

/* To those who watch: made for each, as they are few and seldom. */
static void show(struct ed_stream *stream, const struct ed_push *push, const struct ed_member *from) {
  struct ed_room *room = stream->room;
  bool transcoded = false;
  struct ed_span value = value_in(room, push, ED_JSON, &transcoded);
  for (size_t i = 0; i < room->transients.len; i++) {
    struct ed_member *member = room->transients.list[i];
    if (!member->watcher || member->closing) continue;
    size_t start;
    ed_wire_tail(ed_outbox_begin(room, ED_JSON, ED_TO_MEMBER, &start), ed_stream_key(stream), push->action, value,
                 push->seq, ed_timers_wall(room->hub->timers), from ? from->id : 0);
    ed_outbox_end(room, ED_JSON, start, ED_TO_MEMBER, member, false);
  }
}

static void broadcast(struct ed_stream *stream, const struct ed_push *push, bool changed) {
  struct ed_room *room = stream->room;
  bool transcoded = false;
  for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    size_t hearers = stream->audience[encoding].len + room->everyone[encoding].len;
    if (push->action == ED_COMPACT) hearers = 0;
    room->traffic->out[push->action] += hearers;
    room->out += hearers;
    if (hearers)
      frame(stream, push, (enum ed_encoding)encoding, ED_TO_STREAM, &transcoded);
    if (!debugged(&room->debuggers[encoding])) continue;
    if (changed)
      ed_push_init(stream, (enum ed_encoding)encoding, 0, ED_TO_DEBUGGERS, NULL);
    else if (push->action == ED_RELAY)
      frame(stream, push, (enum ed_encoding)encoding, ED_TO_DEBUGGERS, &transcoded);
  }
}

static void answer(struct ed_stream *stream, const struct ed_push *push, struct ed_member *member) {
  if (!member || stream->len <= 1 || push->transient) return;
  size_t start;
  struct ed_buf *into = ed_outbox_begin(stream->room, member->encoding, ED_TO_MEMBER, &start);
  ed_wire_stream_size(into, member->encoding, ed_stream_key(stream), stream->len);
  ed_push_count_held(stream->room, into->len - start);
  ed_outbox_end(stream->room, member->encoding, start, ED_TO_MEMBER, member, false);
}

/* What is held goes out all at once: a member that has taken all before must not be slow for it. */
static int check_held(const struct ed_stream *stream, const struct ed_push *push, struct ed_fault *fault) {
  const struct ed_room *room = stream->room;
  uint64_t held = ed_room_held(room), limit = room->space->limits.queue;
  if (held == 0 || held + push->value.len + stream->key_len + FRAME_MOST <= limit) return 0;
  return ed_fault(fault, ED_FAULT_STORAGE, "more waits to be kept safely than limits.queue allows (%" PRIu64 ")",
                  limit);
}

static int push_stream(struct ed_stream *stream, const struct ed_push *asked, struct ed_member *member,
                       struct ed_fault *fault) {
  struct ed_room *room = stream->room;
  const struct ed_gate_ops *gate = room->hub->gate_ops;
  struct ed_push push = *asked;
  if (stream->watched) {
    enum ed_verdict verdict = gate->push(room->hub->gate, stream, &push, member, fault);
    if (verdict == ED_REFUSE) return -1;
    if (verdict == ED_DROP) {
      if (asked->asked) ed_v1_ack(member, asked->asked, NULL);
      return 0;
    }
  }
  if (check(stream, &push, fault) < 0 || check_held(stream, &push, fault) < 0) return -1;
  if (ed_room_number(room, push.action == ED_COMPACT ? 0 : room->seq + 1, fault) < 0) return -1;

  /* From here on nothing can fail. */
  push.seq = push.action == ED_COMPACT ? push.compact_seq : ++room->seq;
  room->traffic->in[push.action]++;
  ed_room_touch(room);
  broadcast(stream, &push, apply(stream, &push));
  if (room->watchers) show(stream, &push, member);
  answer(stream, &push, member);
  if (asked->asked) ed_v1_ack(member, asked->asked, &push.seq);
  if (stream->watched) gate->commit(room->hub->gate, stream, &push, member);
  return 0;
}

static int push_key(struct ed_room *room, struct ed_span key, const struct ed_push *push, struct ed_member *member,
                    struct ed_fault *fault) {
  struct ed_stream *stream = ed_room_stream_made(room, key, fault);
  if (!stream) return -1;
  ed_stream_pin(stream);
  int result = push_stream(stream, push, member, fault);
  ed_stream_unpin(stream);
  return result;
}

/* ---- pushes made inside a push ---- */

static int wait_behind(struct ed_room *room, struct ed_span key, const struct ed_push *push, struct ed_member *member,
                       struct ed_fault *fault) {
  if (room->pending_len >= PENDING_MAX)
    return ed_fault(fault, ED_FAULT_REFUSED, "more than %d pushes follow from one", PENDING_MAX);
  struct ed_pending *pending = ed_alloc(sizeof *pending + key.len + push->value.len);
  *pending = (struct ed_pending){.push = *push, .member = member, .key_len = key.len};
  pending->push.asked = NULL;
  if (key.len) memcpy(pending->bytes, key.at, key.len);
  memcpy(pending->bytes + key.len, push->value.at, push->value.len);
  pending->push.value.at = pending->bytes + key.len;
  if (room->pending)
    room->pending_last->next = pending;
  else
    room->pending = pending;
  room->pending_last = pending;
  room->pending_len++;
  return 0;
}

void ed_push_forget(struct ed_room *room) {
  while (room->pending) {
    struct ed_pending *pending = room->pending;
    room->pending = pending->next;
    free(pending);
  }
  room->pending_len = 0;
}

void ed_push_disown(struct ed_member *member) {
  for (struct ed_pending *pending = member->room->pending; pending; pending = pending->next)
    if (pending->member == member) pending->member = NULL;
}

/* The count goes on until the last has run, so a chain of pushes that beget one another ends as surely as a crowd. */
static void run_pending(struct ed_room *room) {
  while (room->pending) {
    struct ed_pending *pending = room->pending;
    room->pending = pending->next;
    struct ed_fault fault = {0};
    if (push_key(room, ed_span(pending->bytes, pending->key_len), &pending->push, pending->member, &fault) < 0)
      ed_log(room->hub->log, fault.code == ED_FAULT_STORAGE ? ED_LOG_DEBUG : ED_LOG_WARN, "room",
             "room %s: a push from inside the server failed: %s", room->name,
             fault.text); /* the keeper says so itself */
    free(pending);
  }
  room->pending_len = 0;
}

int ed_room_push(struct ed_room *room, struct ed_span key, const struct ed_push *push, struct ed_member *member,
                 struct ed_fault *fault) {
  if (key.len > room->space->limits.key)
    return ed_fault(fault, ED_FAULT_TOO_LARGE, "the key is longer than limits.key allows (%" PRIu64 " bytes)",
                    room->space->limits.key);
  if (room->busy) return wait_behind(room, key, push, member, fault);
  ed_room_enter(room);
  int result = push_key(room, key, push, member, fault);
  ed_room_exit(room);
  return result;
}

void ed_room_enter(struct ed_room *room) { room->busy++; }

void ed_room_exit(struct ed_room *room) {
  if (room->busy == 1 && room->pending) run_pending(room);
  room->busy--;
}
