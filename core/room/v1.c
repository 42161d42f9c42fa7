#include "room/v1.h"

#include <stdlib.h>

#include "base/mem.h"
#include "room/push.h"

/* ---- frames to one member ---- */

static struct ed_buf *begin(const struct ed_member *member, size_t *start) {
  return ed_outbox_begin(member->room, member->encoding, ED_TO_MEMBER, start);
}

static void end(struct ed_member *member, size_t start, bool excused) {
  ed_outbox_end(member->room, member->encoding, start, ED_TO_MEMBER, member, excused);
}

/* Of a room that was loaded there are no moments; but what it retains says when it was pushed. */
static struct ed_v1 *v1_new(const struct ed_room *room) {
  struct ed_v1 *v1 = ed_zalloc(sizeof *v1);
  int64_t old_ms = ed_timers_wall(room->hub->timers) - (int64_t)room->space->resume_ms;
  struct ed_stream *stream, *next;
  if (!room->lost_known) return v1;
  HASH_ITER(hh, room->streams, stream, next) {
    for (size_t i = 0; i < stream->len; i++) {
      const struct ed_msg *msg = ed_stream_at(stream, i);
      if (msg->time_ms < old_ms && msg->seq > v1->forgotten && msg->seq != stream->base) v1->forgotten = msg->seq;
    }
  }
  return v1;
}

void ed_v1_hello(struct ed_member *member) {
  struct ed_room *room = member->room;
  if (!room->v1) room->v1 = v1_new(room);
  size_t start;
  ed_wire_hello(begin(member, &start), member->encoding, member->id, room->epoch, room->seq);
  end(member, start, false);
}

/* The id of a request as it goes back to its sender: in the encoding that it reads, which need not be the one that it
 * writes. `other` holds it then. */
static struct ed_span id_for(const struct ed_member *member, const struct ed_request *request, struct ed_buf *other) {
  if (!request || !request->id.len) return ed_span(NULL, 0);
  if (request->encoding == member->encoding) return request->id;
  ed_wire_transcode(request->encoding, request->id, other);
  return ed_buf_span(other);
}

void ed_v1_ack(struct ed_member *member, const struct ed_request *request, const uint64_t *seq) {
  struct ed_buf other = {0};
  struct ed_span id = id_for(member, request, &other);
  size_t start;
  struct ed_buf *out = begin(member, &start);
  ed_wire_ack(out, member->encoding, id, seq);
  ed_push_count_held(member->room, out->len - start);
  end(member, start, false);
  ed_buf_deinit(&other);
}

void ed_v1_tell(struct ed_buf *out, const struct ed_member *member, const struct ed_fault *fault,
                const struct ed_request *request) {
  struct ed_buf other = {0};
  ed_wire_fault(out, member->encoding, fault, id_for(member, request, &other));
  ed_buf_deinit(&other);
}

void ed_room_hint(struct ed_member *member, uint64_t delay_ms, uint64_t spread_ms) {
  if (!member->v1 || member->closing) return;
  size_t start;
  ed_wire_reconnect(begin(member, &start), member->encoding, delay_ms, spread_ms);
  end(member, start, false);
}

/* ---- who is there ---- */

static void announce(const struct ed_member *member, bool joins) {
  struct ed_room *room = member->room;
  if (member->transient) return;
  for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    if (!room->v1->roster[encoding].len) continue;
    size_t start;
    ed_wire_presence(ed_outbox_begin(room, (enum ed_encoding)encoding, ED_TO_ROSTER, &start), (enum ed_encoding)encoding,
                     joins, member->id);
    ed_outbox_end(room, (enum ed_encoding)encoding, start, ED_TO_ROSTER, NULL, false);
  }
}

/* The room has been dispatched. */
static void roster_add(struct ed_member *member) {
  struct ed_members *roster = &member->room->v1->roster[member->encoding];
  roster->list = ed_grow(roster->list, sizeof *roster->list, roster->len, &roster->cap);
  member->rostered = true;
  member->roster_index = (uint32_t)roster->len;
  roster->list[roster->len++] = member;
}

static void roster_remove(struct ed_member *member) {
  struct ed_members *roster = &member->room->v1->roster[member->encoding];
  struct ed_member *last = roster->list[--roster->len];
  roster->list[member->roster_index] = last;
  last->roster_index = member->roster_index;
  member->rostered = false;
}

void ed_v1_came(struct ed_member *member) {
  ed_v1_note(member->room);
  announce(member, true);
}

void ed_v1_left(struct ed_member *member) {
  ed_v1_note(member->room);
  if (member->rostered) roster_remove(member);
  announce(member, false);
}

static size_t add_ids(uint64_t *ids, const struct ed_members *members) {
  for (size_t i = 0; i < members->len; i++) ids[i] = members->list[i]->id;
  return members->len;
}

void ed_v1_members(struct ed_member *member, const struct ed_request *request) {
  struct ed_room *room = member->room;
  ed_room_dispatch(room); /* what was said of others before */
  if (request->ends) {
    if (member->rostered) roster_remove(member);
    return;
  }
  if (!member->rostered) roster_add(member);
  uint64_t *ids = ed_alloc((ed_room_members(room) + 1) * sizeof *ids);
  size_t count = add_ids(ids, &room->choosy), start;
  for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    count += add_ids(ids + count, &room->everyone[encoding]);
    count += add_ids(ids + count, &room->debuggers[encoding]);
  }
  ed_wire_members(begin(member, &start), member->encoding, ids, count);
  end(member, start, false);
  free(ids);
}

/* ---- who comes back ---- */

static void forget_old(struct ed_room *room) {
  struct ed_v1 *v1 = room->v1;
  size_t old = 0;
  while (old < v1->moments_len && v1->moments[old].at_ms + room->space->resume_ms < room->hub->timers->now_ms)
    v1->forgotten = v1->moments[old++].seq;
  v1->moments_len -= old;
  if (old) memmove(v1->moments, v1->moments + old, v1->moments_len * sizeof *v1->moments);
}

void ed_v1_note(struct ed_room *room) {
  struct ed_v1 *v1 = room->v1;
  forget_old(room);
  const struct ed_moment *last = v1->moments_len ? &v1->moments[v1->moments_len - 1] : NULL;
  if (room->seq == (last ? last->seq : v1->forgotten)) return;
  if (last && room->touched_ms - last->at_ms < room->space->resume_ms / 8) return;
  if (v1->moments_len == ED_V1_MOMENTS) /* the knob was another before */
    memmove(v1->moments, v1->moments + 1, --v1->moments_len * sizeof *v1->moments);
  v1->moments[v1->moments_len++] = (struct ed_moment){room->touched_ms, room->seq};
  forget_old(room); /* it may have been silent for long */
}

/* Whether it can be said of the time since `seq` what was heard in it. */
static bool remembers(struct ed_room *room, uint64_t epoch, uint64_t seq) {
  ed_v1_note(room);
  if (!room->space->resume_ms || epoch != room->epoch || seq > room->seq) return false;
  return seq == room->seq || seq >= room->v1->forgotten;
}

struct named {
  struct ed_stream **streams; /* pinned; each once */
  size_t len, cap;
};

static void let_go(struct named *named) {
  for (size_t i = 0; i < named->len; i++) {
    named->streams[i]->named = false;
    ed_stream_unpin(named->streams[i]);
  }
  free(named->streams);
}

static int name(struct ed_room *room, const struct ed_request *request, struct named *named, struct ed_fault *fault) {
  struct ed_wire_keys keys;
  struct ed_buf scratch = {0};
  struct ed_span key;
  int result = 0;
  ed_wire_keys_begin(&keys, request);
  while (result == 0 && ed_wire_keys_next(&keys, &scratch, &key)) {
    struct ed_stream *stream = ed_room_stream_made(room, key, fault);
    if (!stream) {
      result = -1;
    } else if (!stream->named) {
      stream->named = true;
      ed_stream_pin(stream);
      named->streams = ed_grow(named->streams, sizeof(struct ed_stream *), named->len, &named->cap);
      named->streams[named->len++] = stream;
    }
  }
  ed_buf_deinit(&scratch);
  return result;
}

/* What the member missed of the stream since `seq`, where that is all still there; else all that is retained. */
static void add_stream(struct ed_wire_init *init, struct ed_stream *stream, bool remembered, uint64_t seq) {
  bool recovered = remembered && stream->lost <= seq;
  size_t from = recovered ? ed_stream_after(stream, seq) : 0;
  if (recovered && from == 0 && stream->base) from = 1; /* it stands for what came before, and was not broadcast */
  ed_wire_resumed_key(init, ed_stream_key(stream), recovered, stream->len - from);
  for (size_t i = from; i < stream->len; i++) {
    struct ed_msg *msg = ed_stream_at(stream, i);
    ed_wire_init_item(init, ed_msg_value(msg, init->encoding), msg->seq);
  }
}

int ed_v1_resume(struct ed_member *member, const struct ed_request *request, struct ed_fault *fault) {
  struct ed_room *room = member->room;
  struct named named = {0};
  if (name(room, request, &named, fault) < 0) {
    let_go(&named);
    return -1;
  }
  ed_room_dispatch(room); /* what was said before belongs to those who heard it then */
  if (ed_room_subscribes(member)) ed_room_subscribe(member, named.streams, named.len);
  bool remembered = remembers(room, request->epoch, request->seq);
  struct ed_wire_init init;
  size_t start;
  ed_wire_resumed_begin(&init, begin(member, &start), member->encoding, room->epoch, room->seq, named.len);
  for (size_t i = 0; i < named.len; i++) add_stream(&init, named.streams[i], remembered, request->seq);
  ed_wire_resumed_end(&init);
  end(member, start, ed_push_excused(member));
  let_go(&named);
  return 0;
}

void ed_v1_free(struct ed_room *room) {
  if (!room->v1) return;
  free(room->v1->roster[ED_JSON].list);
  free(room->v1->roster[ED_CBOR].list);
  free(room->v1);
}
