/* Rooms as plugins see them. */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "host/plugin_private.h"
#include "host/policy.h"

struct eddy_text ed_plugin_room_name(struct eddy_core *core, const struct eddy_room *room) {
  (void)core;
  const struct ed_room *own = ed_plugin_room_of(room);
  return (struct eddy_text){.at = own->name, .len = own->name_len};
}

const char *ed_plugin_room_policy(struct eddy_core *core, const struct eddy_room *room) {
  (void)core;
  return ed_plugin_room_of(room)->policy;
}

uint64_t ed_plugin_room_seq(struct eddy_core *core, const struct eddy_room *room) {
  (void)core;
  return ed_plugin_room_of(room)->seq;
}

uint64_t ed_plugin_room_mark(struct eddy_core *core, const struct eddy_room *room) {
  (void)core;
  return ed_plugin_room_of(room)->mark;
}

int64_t ed_plugin_room_expires_ms(struct eddy_core *core, const struct eddy_room *room) {
  (void)core;
  const struct ed_room *own = ed_plugin_room_of(room);
  bool empty = ed_room_members(own) + own->transients.len == 0;
  uint64_t since_ms = empty ? own->touched_ms : own->hub->timers->now_ms;
  return own->idle_ms ? (int64_t)(since_ms + own->idle_ms) + own->hub->timers->epoch_ms : 0;
}

void *ed_plugin_room_data(struct eddy_core *core, const struct eddy_room *room) {
  void **slots = ed_plugin_room_of(room)->plugged;
  return slots ? slots[core->index] : NULL;
}

void ed_plugin_room_set_data(struct eddy_core *core, struct eddy_room *room, void *data) {
  struct ed_room *own = ed_plugin_room_of(room);
  if (!own->plugged) own->plugged = ed_zalloc(core->plugins->cores_len * sizeof(void *));
  ((void **)own->plugged)[core->index] = data;
}

struct eddy_room *ed_plugin_room_find(struct eddy_core *core, struct eddy_text name) {
  struct ed_room *room = ed_hub_find_name(core->plugins->hub, ed_span(name.at, name.len));
  return room && room->opened ? ed_plugin_room(room) : NULL;
}

int ed_plugin_rooms_each(struct eddy_core *core, int (*fn)(void *arg, struct eddy_room *room), void *arg) {
  struct ed_room *room, *next;
  HASH_ITER(hh, core->plugins->hub->rooms, room, next) {
    int result = room->opened ? fn(arg, ed_plugin_room(room)) : 0;
    if (result) return result;
  }
  return 0;
}

static int stream_each(const struct ed_stream *stream, int (*fn)(void *arg, const struct eddy_change *message),
                       void *arg) {
  for (size_t i = 0; i < stream->len; i++) {
    const struct ed_msg *msg = ed_stream_at(stream, i);
    if (msg->transient) continue;
    const struct eddy_change message = {
        .size = sizeof message,
        .kind = EDDY_CHANGE_APPEND,
        .key = ed_plugin_text(ed_stream_key(stream)),
        .seq = msg->seq,
        .time_ms = msg->time_ms,
        .value = ed_plugin_value((enum ed_encoding)msg->encoding, ed_span(msg->value, msg->len)),
        .mark = stream->room->mark,
        .is_base = msg->seq == stream->base,
    };
    int result = fn(arg, &message);
    if (result) return result;
  }
  return 0;
}

int ed_plugin_room_each(struct eddy_core *core, const struct eddy_room *room,
                        int (*fn)(void *arg, const struct eddy_change *message), void *arg) {
  (void)core;
  struct ed_stream *stream, *next;
  HASH_ITER(hh, ed_plugin_room_of(room)->streams, stream, next) {
    int result = stream_each(stream, fn, arg);
    if (result) return result;
  }
  return 0;
}

/* ---- what comes from plugins is checked like what comes from clients ---- */

static bool key_valid(struct eddy_text key) { return (key.at || !key.len) && !ed_utf8_check(ed_span(key.at, key.len)); }

static bool value_valid(const struct eddy_value *value, unsigned depth) {
  if (!value || !value->bytes.at || !value->bytes.len) return false;
  struct ed_cursor cursor = ed_cursor(ed_span(value->bytes.at, value->bytes.len), depth, NULL);
  if (value->encoding == EDDY_CBOR) return ed_cbor_skip(&cursor, 0) == 0 && cursor.at == cursor.end;
  return value->encoding == EDDY_JSON && ed_json_skip(&cursor, 0) == 0 && cursor.at == cursor.end;
}

static enum ed_encoding encoding_of(const struct eddy_value *value) {
  return value->encoding == EDDY_CBOR ? ED_CBOR : ED_JSON;
}

static int error_of(const struct ed_fault *fault) {
  switch (fault->code) {
    case ED_FAULT_MALFORMED:
    case ED_FAULT_TOO_DEEP:
    case ED_FAULT_BAD_SEQ: return -EINVAL;
    case ED_FAULT_TOO_LARGE:
    case ED_FAULT_ROOM_FULL: return -E2BIG;
    case ED_FAULT_STORAGE: return -EIO;
    default: return -EACCES;
  }
}

int ed_plugin_room_push(struct eddy_core *core, struct eddy_room *room, enum eddy_action action, struct eddy_text key,
                        const struct eddy_value *value, uint64_t compact_seq, const void *origin) {
  static const enum ed_action actions[] = {
      [EDDY_RELAY] = ED_RELAY, [EDDY_APPEND] = ED_APPEND, [EDDY_REPLACE] = ED_REPLACE, [EDDY_COMPACT] = ED_COMPACT};
  struct ed_room *own = ed_plugin_room_of(room);
  const struct ed_limits *limits = &own->space->limits;
  if (core->plugins->quiet) return -EBUSY;
  if (own->ending) return -EACCES;
  if ((unsigned)action > EDDY_COMPACT || !key_valid(key) || !value_valid(value, (unsigned)limits->depth))
    return -EINVAL;
  if (value->bytes.len > limits->message) return -E2BIG;
  struct ed_push push = {.action = actions[action],
                         .encoding = encoding_of(value),
                         .compact_seq = compact_seq,
                         .value = ed_span(value->bytes.at, value->bytes.len),
                         .origin = origin ? origin : core};
  struct ed_fault fault;
  return ed_room_push(own, ed_span(key.at, key.len), &push, NULL, &fault) < 0 ? error_of(&fault) : 0;
}

/* ---- for the keeper ---- */

int ed_plugin_message_check(struct eddy_core *core, struct eddy_text key, const struct eddy_value *value) {
  (void)core;
  return key_valid(key) && value_valid(value, ED_DEPTH_MAX) ? 0 : -EINVAL;
}

int ed_plugin_restore_message(struct eddy_core *core, struct eddy_room *room, struct eddy_text key, uint64_t seq,
                              int64_t time_ms, int is_base, const struct eddy_value *value) {
  struct ed_room *own = ed_plugin_room_of(room);
  if (core->plugins->loading != own || ed_plugin_message_check(core, key, value)) return -EINVAL;
  bool fine = ed_room_restore(own, ed_span(key.at, key.len), seq, time_ms, is_base != 0, encoding_of(value),
                              ed_span(value->bytes.at, value->bytes.len));
  return fine ? 0 : -EINVAL;
}

int ed_plugin_restore_room(struct eddy_core *core, struct eddy_room *room, uint64_t seq, const char *policy) {
  struct ed_room *own = ed_plugin_room_of(room);
  if (core->plugins->loading != own || !policy || !ed_policy_name_valid(policy)) return -EINVAL;
  return ed_room_restore_seq(own, seq, policy) ? 0 : -EINVAL;
}

void ed_plugin_room_outbox(struct eddy_core *core, struct eddy_room *room, uint64_t mark) {
  (void)core;
  ed_room_open_outbox(ed_plugin_room_of(room), mark);
}

uint64_t ed_plugin_room_epoch(struct eddy_core *core, const struct eddy_room *room) {
  (void)core;
  return ed_plugin_room_of(room)->epoch;
}

struct losing {
  int (*fn)(void *arg, struct eddy_text key, uint64_t seq);
  void *arg;
};

static int tell_lost(void *arg, struct ed_span key, uint64_t seq) {
  const struct losing *losing = arg;
  return losing->fn(losing->arg, ed_plugin_text(key), seq);
}

int ed_plugin_room_lost(struct eddy_core *core, const struct eddy_room *room,
                        int (*fn)(void *arg, struct eddy_text key, uint64_t seq), void *arg) {
  (void)core;
  struct losing losing = {.fn = fn, .arg = arg};
  return ed_room_lost_each(ed_plugin_room_of(room), tell_lost, &losing);
}

int ed_plugin_restore_epoch(struct eddy_core *core, struct eddy_room *room, uint64_t epoch) {
  struct ed_room *own = ed_plugin_room_of(room);
  if (core->plugins->loading != own || !epoch) return -EINVAL;
  own->epoch = epoch;
  return 0;
}

int ed_plugin_restore_lost(struct eddy_core *core, struct eddy_room *room, struct eddy_text key, uint64_t seq) {
  struct ed_room *own = ed_plugin_room_of(room);
  if (core->plugins->loading != own) return -EINVAL;
  return ed_room_restore_lost(own, ed_span(key.at, key.len), seq) ? 0 : -EINVAL;
}
