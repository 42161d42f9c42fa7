#include "room/room.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "room/keeper.h"
#include "room/outbox.h"
#include "room/push.h"
#include "room/v1.h"

struct ed_room *ed_room_new(struct ed_hub *hub, const struct ed_space *space, struct ed_span id, const char *policy) {
  size_t space_len = strlen(space->name), name_len = space_len + 1 + id.len;
  struct ed_room *room = ed_zalloc(sizeof *room + name_len + 1);
  room->hub = hub;
  room->space = space;
  room->traffic = ed_hub_traffic(hub, space);
  room->policy = ed_strdup(policy);
  room->open = UINT64_MAX;
  while (!room->epoch) ed_random(&room->epoch, sizeof room->epoch);
  room->idle_ms = space->idle_ms;
  room->id_at = space_len + 1;
  room->name_len = name_len;
  memcpy(room->name, space->name, space_len);
  room->name[space_len] = '/';
  memcpy(room->name + room->id_at, id.at, id.len);
  ed_room_touch(room);
  return room;
}

static int begin_gate(struct ed_room *room, struct ed_fault *fault) {
  struct ed_hub *hub = room->hub;
  if (!hub->gate_ops) return 0;
  room->gated = true;
  struct ed_stream *stream, *next;
  HASH_ITER(hh, room->streams, stream, next) hub->gate_ops->begin(hub->gate, stream);
  return hub->gate_ops->open(hub->gate, room, fault);
}

static int begin_keeper(struct ed_room *room, bool is_new, struct ed_fault *fault) {
  struct ed_hub *hub = room->hub;
  if (!hub->keeper_ops) return 0;
  if (hub->keeper_ops->opened && hub->keeper_ops->opened(hub->keeper, room, is_new, fault) < 0) return -1;
  room->opened = true;
  room->kept = hub->keeper_ops->change != NULL;
  return 0;
}

/* Where nobody has told what was broadcast and lost before it was loaded. */
static void lose_all(struct ed_room *room) {
  struct ed_stream *stream, *next;
  HASH_ITER(hh, room->streams, stream, next) stream->lost = room->seq;
  room->lost = room->seq;
}

int ed_room_begin(struct ed_room *room, bool is_new, struct ed_fault *fault) {
  if (!is_new && !room->lost_known) lose_all(room);
  ed_room_enter(room);
  if (begin_keeper(room, is_new, fault) < 0 || begin_gate(room, fault) < 0) {
    ed_push_forget(room);
    ed_room_close(room, is_new);
    ed_room_free(room);
    return -1;
  }
  ed_room_exit(room);
  ed_room_rest(room);
  return 0;
}

void ed_room_close(struct ed_room *room, bool for_good) {
  struct ed_hub *hub = room->hub;
  if (!room->opened) return;
  room->opened = room->kept = false;
  if (hub->keeper_ops->closed) hub->keeper_ops->closed(hub->keeper, room, for_good);
  ed_room_open_outbox(room, UINT64_MAX);
}

void ed_room_free(struct ed_room *room) {
  struct ed_hub *hub = room->hub;
  ed_timer_stop(hub->timers, &room->idle);
  if (room->dirty) DL_DELETE2(hub->dirty, room, dirty_prev, dirty_next);
  ed_room_dispatch(room); /* nobody is left to hear it; the runs let go of their streams */
  ed_push_forget_shorn(room);
  struct ed_stream *stream, *next;
  HASH_ITER(hh, room->streams, stream, next) ed_stream_remove(stream);
  if (room->gated) hub->gate_ops->close(hub->gate, room);
  ed_outbox_deinit(room);
  ed_push_forget(room);
  for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    free(room->everyone[encoding].list);
    free(room->debuggers[encoding].list);
  }
  ed_v1_free(room);
  free(room->choosy.list);
  free(room->transients.list);
  free(room->policy);
  free(room->pace);
  free(room);
}

/* ---- streams ---- */

struct ed_stream *ed_room_stream(struct ed_room *room, struct ed_span key) {
  struct ed_stream *stream;
  unsigned hash = (unsigned)ed_hash(&room->hub->secret, key);
  HASH_FIND_BYHASHVALUE(hh, room->streams, key.at, key.len, hash, stream);
  return stream;
}

struct ed_stream *ed_room_stream_made(struct ed_room *room, struct ed_span key, struct ed_fault *fault) {
  struct ed_stream *stream;
  unsigned hash = (unsigned)ed_hash(&room->hub->secret, key);
  HASH_FIND_BYHASHVALUE(hh, room->streams, key.at, key.len, hash, stream);
  if (stream) return stream;
  if (HASH_COUNT(room->streams) >= room->space->limits.keys) {
    ed_fault(fault, ED_FAULT_ROOM_FULL, "the room has as many keys as limits.keys allows (%llu)",
             (unsigned long long)room->space->limits.keys);
    return NULL;
  }
  stream = ed_stream_new(room, key);
  stream->lost = room->lost;
  HASH_ADD_KEYPTR_BYHASHVALUE(hh, room->streams, stream->key, stream->key_len, hash, stream);
  if (room->gated) room->hub->gate_ops->begin(room->hub->gate, stream);
  return stream;
}

void ed_stream_remove(struct ed_stream *stream) {
  struct ed_room *room = stream->room;
  if (room->gated) room->hub->gate_ops->end(room->hub->gate, stream);
  room->messages -= stream->len;
  room->bytes -= stream->bytes;
  if (stream->lost > room->lost) room->lost = stream->lost;
  HASH_DEL(room->streams, stream);
  ed_stream_free(stream);
}

void ed_stream_unpin(struct ed_stream *stream) {
  if (--stream->pins == 0) ed_stream_settle(stream);
}

void ed_stream_settle(struct ed_stream *stream) {
  if (stream->pins == 0 && stream->len == 0 && stream->audience[ED_JSON].len == 0 && stream->audience[ED_CBOR].len == 0)
    ed_stream_remove(stream);
}

void ed_room_trim(struct ed_stream *stream, size_t count) {
  if (count > stream->len) count = stream->len;
  if (count == 0) return;
  ed_stream_changed(stream, ED_CHANGE_TRIM, ed_stream_at(stream, count - 1)->seq);
  uint64_t bytes = stream->bytes;
  ed_stream_drop_front(stream, count);
  stream->room->messages -= count;
  stream->room->bytes -= bytes - stream->bytes;
  ed_push_shorn(stream);
  ed_stream_settle(stream);
}

bool ed_room_drop(struct ed_stream *stream, uint64_t seq) {
  size_t i = ed_stream_after(stream, seq - 1);
  if (seq == 0 || i == stream->len || ed_stream_at(stream, i)->seq != seq) return false;
  ed_stream_changed(stream, ED_CHANGE_DROP, seq);
  uint64_t bytes = stream->bytes;
  ed_stream_drop_at(stream, i);
  stream->room->messages--;
  stream->room->bytes -= bytes - stream->bytes;
  ed_push_shorn(stream);
  ed_stream_settle(stream);
  return true;
}

/* ---- members ---- */

static struct ed_members *list_of(struct ed_member *member) {
  struct ed_room *room = member->room;
  if (member->transient) return &room->transients;
  if (member->debug) return &room->debuggers[member->encoding];
  return member->choosy ? &room->choosy : &room->everyone[member->encoding];
}

static void enlist(struct ed_member *member) {
  struct ed_members *members = list_of(member);
  members->list = ed_grow(members->list, sizeof *members->list, members->len, &members->cap);
  member->index = members->len;
  members->list[members->len++] = member;
}

static void delist(struct ed_member *member) {
  struct ed_members *members = list_of(member);
  struct ed_member *last = members->list[--members->len];
  members->list[member->index] = last;
  last->index = member->index;
  if (members->len) return;
  free(members->list);
  *members = (struct ed_members){0};
}

int ed_room_join(struct ed_room *room, struct ed_member *member, struct ed_fault *fault) {
  if (room->ending) return ed_fault(fault, ED_FAULT_NO_ROOM, NULL);
  if (!member->transient && ed_room_members(room) >= room->space->limits.members)
    return ed_fault(fault, ED_FAULT_ROOM_FULL, "the room has as many connections as limits.members allows (%llu)",
                    (unsigned long long)room->space->limits.members);
  member->room = room;
  member->id = ++room->next_member;
  const struct ed_gate_ops *gate = room->hub->gate_ops;
  if (member->v1) ed_v1_hello(member);
  ed_room_enter(room);
  if (gate && !member->transient && gate->join(room->hub->gate, room, member, fault) < 0) {
    ed_push_disown(member); /* a script may have said something to it, and in its name */
    ed_room_exit(room);
    ed_room_dispatch(room);
    ed_hub_unmark_ready(room->hub, member);
    room->hub->counts.queued -= member->queue.bytes;
    ed_queue_deinit(&member->queue);
    member->room = NULL;
    return -1;
  }
  ed_room_dispatch(room); /* what was said before is not for the newcomer */
  ed_timer_stop(room->hub->timers, &room->idle);
  enlist(member);
  room->hub->counts.members += !member->transient;
  room->watchers += member->watcher;
  member->since_s = (uint32_t)(room->hub->timers->now_ms / 1000);
  if (room->v1) ed_v1_came(member);
  if (member->debug) {
    struct ed_stream *stream, *next;
    HASH_ITER(hh, room->streams, stream, next)
    if (stream->len) ed_push_init(stream, member->encoding, 0, ED_TO_MEMBER, member);
  }
  ed_room_exit(room);
  return 0;
}

void ed_room_leave(struct ed_member *member) {
  struct ed_room *room = member->room;
  struct ed_hub *hub = room->hub;
  ed_room_dispatch(room); /* runs may name the member */
  ed_hub_unmark_ready(hub, member);
  delist(member);
  hub->counts.members -= !member->transient;
  room->watchers -= member->watcher;
  if (room->v1) ed_v1_left(member);
  while (member->subscriptions_len) {
    size_t last = member->subscriptions_len - 1;
    struct ed_stream *stream = member->subscriptions[last].stream;
    ed_audience_remove(member, last);
    ed_stream_settle(stream);
  }
  free(member->subscriptions);
  hub->counts.queued -= member->queue.bytes;
  ed_queue_deinit(&member->queue);
  if (hub->gate_ops && (!member->transient || member->host)) {
    member->closing = true; /* what a script says to it now is heard by nobody */
    ed_room_enter(room);
    hub->gate_ops->leave(hub->gate, room, member);
    ed_push_disown(member);
    ed_room_exit(room);
    ed_room_dispatch(room); /* runs may name it once more */
  }
  member->room = NULL;
  member->subscriptions = NULL;
  member->subscriptions_cap = 0;
  ed_room_touch(room);
  ed_room_rest(room);
}

struct ed_member *ed_room_member_at(const struct ed_room *room, size_t i) {
  const struct ed_members *const lists[] = {&room->everyone[0], &room->everyone[1], &room->debuggers[0],
                                            &room->debuggers[1], &room->choosy};
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
    if (i < lists[k]->len) return lists[k]->list[i];
    i -= lists[k]->len;
  }
  return NULL;
}

void ed_room_disconnect(struct ed_room *room, unsigned code, const char *why) {
  struct ed_member *member;
  for (size_t i = 0; (member = ed_room_member_at(room, i)); i++) ed_member_close(member, code, why);
  for (size_t i = 0; i < room->transients.len; i++)
    if (room->transients.list[i]->watcher) ed_member_close(room->transients.list[i], code, why);
}

/* ---- how busy it is ---- */

#define PACE_LEAST_MS 900   /* who asks every second is answered anew each time */
#define PACE_MOST_MS 60000  /* beyond that an average says nothing */

const struct ed_pace *ed_room_pace(struct ed_room *room) {
  uint64_t now_ms = room->hub->timers->now_ms;
  struct ed_pace *pace = room->pace;
  if (pace && now_ms - pace->at_ms < PACE_LEAST_MS) return pace;
  if (!pace) pace = room->pace = ed_zalloc(sizeof *pace);
  float seconds = (float)(now_ms - pace->at_ms) / 1000;
  pace->known = pace->at_ms && now_ms - pace->at_ms <= PACE_MOST_MS;
  pace->in = pace->known ? (float)(room->seq - pace->seq) / seconds : 0;
  pace->out = pace->known ? (float)(room->out - pace->out_at) / seconds : 0;
  pace->seq = room->seq;
  pace->out_at = room->out;
  pace->at_ms = now_ms;
  return pace;
}

/* ---- the end of a room that nobody uses ---- */

void ed_room_touch(struct ed_room *room) { room->touched_ms = room->hub->timers->now_ms; }

static void idle_due(struct ed_timer *timer) {
  struct ed_room *room = (struct ed_room *)((char *)timer - offsetof(struct ed_room, idle));
  ed_room_rest(room);
}

void ed_room_rest(struct ed_room *room) {
  if (ed_room_members(room) + room->transients.len) return;
  if (room->ending) {
    ed_room_free(room);
    return;
  }
  const struct ed_keeper_ops *keeper = room->hub->keeper_ops;
  uint64_t idle_ms = room->idle_ms ? room->idle_ms : UINT64_MAX;
  uint64_t unload_ms = keeper && keeper->load && room->space->unload_ms ? room->space->unload_ms : UINT64_MAX;
  uint64_t rest_ms = room->hub->timers->now_ms - room->touched_ms, next_ms = idle_ms < unload_ms ? idle_ms : unload_ms;
  if (rest_ms >= idle_ms)
    ed_hub_remove(room);
  else if (rest_ms >= unload_ms)
    ed_hub_unload(room);
  else if (next_ms != UINT64_MAX)
    ed_timer_start(room->hub->timers, &room->idle, next_ms - rest_ms, idle_due);
}

/* ---- what a member asks for ---- */

void ed_room_subscribe(struct ed_member *member, struct ed_stream *const *streams, size_t len) {
  bool fresh = member->subscriptions_len == 0; /* nothing to look for, among what may be thousands */
  size_t found;
  if (!member->choosy) {
    delist(member);
    member->choosy = true;
    enlist(member);
  }
  for (size_t i = 0; i < len; i++)
    if (fresh || !ed_audience_find(streams[i], member, &found)) ed_audience_add(streams[i], member);
}

static int get(struct ed_member *member, const struct ed_request *request, struct ed_fault *fault) {
  struct ed_room *room = member->room;
  bool subscribes = ed_room_subscribes(member);
  struct ed_stream *stream =
      subscribes ? ed_room_stream_made(room, request->key, fault) : ed_room_stream(room, request->key);
  if (subscribes) {
    if (!stream) return -1;
    ed_stream_pin(stream);
    ed_room_dispatch(room); /* what was said before belongs to those who heard it then */
    ed_room_subscribe(member, &stream, 1);
    ed_stream_unpin(stream);
  }
  if (request->subscribe_only) return 0;
  if (stream)
    ed_push_init(stream, member->encoding, request->seq, ED_TO_MEMBER, member);
  else
    ed_push_init_empty(member, request->key);
  return 0;
}

static void unsubscribe(struct ed_member *member, const struct ed_request *request) {
  struct ed_stream *stream = ed_room_stream(member->room, request->key);
  size_t found;
  if (!stream || !ed_audience_find(stream, member, &found)) return;
  ed_stream_pin(stream);
  ed_room_dispatch(member->room);
  ed_audience_remove(member, found);
  ed_stream_unpin(stream);
}

int ed_room_request(struct ed_member *member, const struct ed_request *request, struct ed_fault *fault) {
  struct ed_room *room = member->room;
  if (room->ending) return ed_fault(fault, ED_FAULT_NO_ROOM, NULL);
  if (member->closing) return 0; /* it will hear of nothing any more */
  switch (request->type) {
    case ED_REQUEST_PUSH: {
      struct ed_push push = {.action = request->action,
                             .encoding = request->encoding,
                             .compact_seq = request->seq,
                             .value = request->value,
                             .asked = request->id.len ? request : NULL};
      return ed_room_push(room, request->key, &push, member, fault);
    }
    case ED_REQUEST_GET: return get(member, request, fault);
    case ED_REQUEST_UNSUBSCRIBE: unsubscribe(member, request); return 0;
    case ED_REQUEST_PING: {
      size_t start;
      ed_wire_pong(ed_outbox_begin(room, member->encoding, ED_TO_MEMBER, &start), member->encoding, request->has_nonce,
                   request->nonce);
      ed_outbox_end(room, member->encoding, start, ED_TO_MEMBER, member, false);
      return 0;
    }
    case ED_REQUEST_RESUME: return ed_v1_resume(member, request, fault);
    case ED_REQUEST_MEMBERS: ed_v1_members(member, request); return 0;
  }
  return ed_fault(fault, ED_FAULT_BROKEN, NULL);
}

void ed_room_tell(struct ed_member *member, const struct ed_fault *fault, const struct ed_request *request) {
  size_t start;
  enum ed_run_to to = fault->code == ED_FAULT_STORAGE ? ED_TO_MEMBER_NOW : ED_TO_MEMBER;
  struct ed_buf *out = ed_outbox_begin(member->room, member->encoding, to, &start);
  if (member->v1)
    ed_v1_tell(out, member, fault, request);
  else
    ed_wire_error(out, member->encoding, fault->text);
  ed_outbox_end(member->room, member->encoding, start, to, member, false);
}

void ed_room_send(struct ed_member *member, struct ed_span key, enum ed_encoding encoding, struct ed_span value) {
  struct ed_room *room = member->room;
  struct ed_buf other = {0};
  if (encoding != member->encoding) {
    ed_wire_transcode(encoding, value, &other);
    value = ed_buf_span(&other);
  }
  size_t start;
  ed_wire_push(ed_outbox_begin(room, member->encoding, ED_TO_MEMBER, &start), member->encoding, key, value, room->seq);
  ed_outbox_end(room, member->encoding, start, ED_TO_MEMBER, member, false);
  ed_buf_deinit(&other);
}

static void wake(struct ed_room *room, const struct ed_members *members) {
  for (size_t i = 0; i < members->len; i++)
    if (members->list[i]->queue.bytes && !members->list[i]->blocked) ed_hub_mark_ready(room->hub, members->list[i]);
}

static void let_go(struct ed_held *held, const struct ed_room *room) {
  if (room->open >= room->mark)
    *held = (struct ed_held){0};
  else if (room->open >= held->mark)
    *held = (struct ed_held){.mark = room->mark, .before = held->since};
}

void ed_room_open_outbox(struct ed_room *room, uint64_t mark) {
  room->open = mark;
  let_go(&room->held, room);
  for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    wake(room, &room->everyone[encoding]);
    wake(room, &room->debuggers[encoding]);
  }
  wake(room, &room->choosy);
  for (size_t i = 0; i < room->transients.len; i++) /* these wait for it even where there is nothing to say */
    if (!room->transients.list[i]->blocked) ed_hub_mark_ready(room->hub, room->transients.list[i]);
}
