/* Plugins in the hub's gate, before the policy, and as its keeper. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/repeats.h"
#include "codec/utf8.h"
#include "host/gate.h"
#include "host/plugin_private.h"

#define WHY_MAX 127 /* bytes of a plugin's reason that a client is told */

/* With `core` as every plugin that has this callback. */
#define FOR_EACH(plugins, callback)                                                                       \
  for (struct eddy_core *core = (plugins)->cores; core < (plugins)->cores + (plugins)->cores_len; core++) \
    if (core->loaded && core->table->callback)

static struct eddy_member member_of(const struct ed_member *member) {
  struct eddy_member seen = {.size = sizeof seen};
  if (!member) return seen;
  seen.encoding = member->encoding == ED_CBOR ? EDDY_CBOR : EDDY_JSON;
  seen.id = member->id;
  seen.transient = member->transient;
  return seen;
}

/* What the plugin says, as far as it is text. */
static int refused(const struct eddy_core *core, struct eddy_text why, struct ed_fault *fault) {
  if (!why.at || !why.len) return ed_fault(fault, ED_FAULT_REFUSED, "refused by %s", core->table->name);
  struct ed_span text = ed_span(why.at, why.len < WHY_MAX ? why.len : WHY_MAX);
  const uint8_t *wrong = ed_utf8_check(text);
  size_t len = wrong ? (size_t)(wrong - text.at) : text.len;
  return ed_fault(fault, ED_FAULT_REFUSED, "%.*s", (int)len, why.at);
}

/* ---- the gate ---- */

static int gate_open(void *gate, struct ed_room *room, struct ed_fault *fault) {
  struct ed_plugins *plugins = gate;
  return plugins->next_ops ? plugins->next_ops->open(plugins->next, room, fault) : 0;
}

static void gate_close(void *gate, struct ed_room *room) {
  struct ed_plugins *plugins = gate;
  if (plugins->next_ops) plugins->next_ops->close(plugins->next, room);
}

static void gate_begin(void *gate, struct ed_stream *stream) {
  struct ed_plugins *plugins = gate;
  if (plugins->next_ops) plugins->next_ops->begin(plugins->next, stream);
  if (plugins->watches) stream->watched |= ED_WATCHED_BY_PLUGINS;
}

static void gate_end(void *gate, struct ed_stream *stream) {
  struct ed_plugins *plugins = gate;
  if (plugins->next_ops) plugins->next_ops->end(plugins->next, stream);
}

/* The plugins before `end`, the last first. */
static void say_goodbye(struct ed_plugins *plugins, const struct eddy_core *end, struct ed_room *room,
                        const struct ed_member *member) {
  const struct eddy_member seen = member_of(member);
  for (size_t i = (size_t)(end - plugins->cores); i-- > 0;) {
    const struct eddy_core *core = &plugins->cores[i];
    if (core->loaded && core->table->leave) core->table->leave(core->self, ed_plugin_room(room), &seen);
  }
}

/* Who let the member in is told that it has gone, where the next one does not. */
static int gate_join(void *gate, struct ed_room *room, struct ed_member *member, struct ed_fault *fault) {
  struct ed_plugins *plugins = gate;
  const struct eddy_member seen = member_of(member);
  FOR_EACH(plugins, join) {
    struct eddy_text why = {0};
    if (core->table->join(core->self, ed_plugin_room(room), &seen, &why) == EDDY_PASS) continue;
    say_goodbye(plugins, core, room, member);
    return refused(core, why, fault);
  }
  if (!plugins->next_ops || plugins->next_ops->join(plugins->next, room, member, fault) == 0) return 0;
  say_goodbye(plugins, plugins->cores + plugins->cores_len, room, member);
  return -1;
}

/* Of a transient member only the policy may want to know; see gate.h. */
static void gate_leave(void *gate, struct ed_room *room, struct ed_member *member) {
  struct ed_plugins *plugins = gate;
  if (plugins->next_ops) plugins->next_ops->leave(plugins->next, room, member);
  if (!member->transient) say_goodbye(plugins, plugins->cores + plugins->cores_len, room, member);
}

static struct eddy_push push_of(const struct ed_stream *stream, const struct ed_push *push) {
  static const enum eddy_action actions[] = {
      [ED_RELAY] = EDDY_RELAY, [ED_APPEND] = EDDY_APPEND, [ED_REPLACE] = EDDY_REPLACE, [ED_COMPACT] = EDDY_COMPACT};
  return (struct eddy_push){.size = sizeof(struct eddy_push),
                            .action = actions[push->action],
                            .key = ed_plugin_text(ed_stream_key(stream)),
                            .value = ed_plugin_value(push->encoding, push->value),
                            .seq = push->action == ED_COMPACT ? push->compact_seq : push->seq,
                            .origin = push->origin};
}

static enum ed_verdict gate_push(void *gate, struct ed_stream *stream, struct ed_push *push, struct ed_member *member,
                                 struct ed_fault *fault) {
  struct ed_plugins *plugins = gate;
  if (stream->watched & ED_WATCHED_BY_PLUGINS) {
    const struct eddy_push seen = push_of(stream, push);
    const struct eddy_member from = member_of(member);
    FOR_EACH(plugins, push) {
      struct eddy_text why = {0};
      enum eddy_verdict verdict = core->table->push(core->self, ed_plugin_room(stream->room), &seen, &from, &why);
      if (verdict == EDDY_PASS) continue;
      if (verdict == EDDY_DROP) return ED_DROP;
      refused(core, why, fault);
      return ED_REFUSE;
    }
  }
  bool policy = plugins->next_ops && (stream->watched & ~ED_WATCHED_BY_PLUGINS);
  return policy ? plugins->next_ops->push(plugins->next, stream, push, member, fault) : ED_PASS;
}

static void gate_commit(void *gate, struct ed_stream *stream, const struct ed_push *push, struct ed_member *member) {
  struct ed_plugins *plugins = gate;
  if (stream->watched & ED_WATCHED_BY_PLUGINS) {
    const struct eddy_push seen = push_of(stream, push);
    const struct eddy_member from = member_of(member);
    FOR_EACH(plugins, commit) core->table->commit(core->self, ed_plugin_room(stream->room), &seen, &from);
  }
  if (plugins->next_ops && (stream->watched & ~ED_WATCHED_BY_PLUGINS))
    plugins->next_ops->commit(plugins->next, stream, push, member);
}

static const struct ed_gate_ops GATE = {
    .open = gate_open,
    .close = gate_close,
    .begin = gate_begin,
    .end = gate_end,
    .join = gate_join,
    .leave = gate_leave,
    .push = gate_push,
    .commit = gate_commit,
};

/* ---- the keeper ---- */

static void release(struct ed_room *room) {
  free(room->plugged);
  room->plugged = NULL;
}

/* Whoever asks for rooms sets how often: a line a second for each thing that is wrong, with one of the rooms. */
static void tell_failure(struct ed_plugins *plugins, const struct ed_room *room, int rc) {
  const char *what = strerror(-rc);
  uint64_t now_ms = plugins->hub->timers->now_ms, count;
  struct ed_repeated lost;
  if (!ed_repeats_say(plugins->failures, now_ms, ED_LOG_ERROR, "host", what, &count, &lost)) return;
  if (count > 1)
    ed_log(plugins->log, ED_LOG_ERROR, "host", "room %s, and before it %" PRIu64 " more, cannot be loaded by %s: %s",
           room->name, count - 1, plugins->keeper->table->name, what);
  else
    ed_log(plugins->log, ED_LOG_ERROR, "host", "room %s cannot be loaded by %s: %s", room->name,
           plugins->keeper->table->name, what);
}

static int keeper_load(void *keeper, struct ed_room *room, struct ed_fault *fault) {
  struct ed_plugins *plugins = keeper;
  struct eddy_core *core = plugins->keeper;
  struct eddy_text name = {.at = room->name, .len = room->name_len};
  plugins->loading = room;
  plugins->quiet++;
  int rc = core->loaded ? core->table->room_load(core->self, ed_plugin_room(room), name) : -1;
  plugins->quiet--;
  plugins->loading = NULL;
  if (rc <= 0) release(room);
  if (rc >= 0) return rc > 0;
  tell_failure(plugins, room, rc);
  return ed_fault(fault, ED_FAULT_STORAGE, "the room cannot be loaded at the moment");
}

static void close_one(const struct eddy_core *core, struct ed_room *room, bool for_good) {
  if (core->loaded && core->table->room_close) core->table->room_close(core->self, ed_plugin_room(room), for_good);
}

/* Those before `end` but the keeper, the last first; then the keeper, which opened first. */
static void close_all(struct ed_plugins *plugins, const struct eddy_core *end, struct ed_room *room, bool for_good) {
  plugins->quiet++;
  for (size_t i = (size_t)(end - plugins->cores); i-- > 0;)
    if (&plugins->cores[i] != plugins->keeper) close_one(&plugins->cores[i], room, for_good);
  if (plugins->keeper) close_one(plugins->keeper, room, for_good);
  plugins->quiet--;
  release(room);
}

static int open_one(const struct eddy_core *core, struct ed_room *room, bool is_new) {
  return core->loaded && core->table->room_open ? core->table->room_open(core->self, ed_plugin_room(room), is_new) : 0;
}

static int keeper_opened(void *keeper, struct ed_room *room, bool is_new, struct ed_fault *fault) {
  struct ed_plugins *plugins = keeper;
  int rc = plugins->keeper ? open_one(plugins->keeper, room, is_new) : 0;
  if (rc < 0) {
    release(room);
    return rc == -EDQUOT ? ed_fault(fault, ED_FAULT_TOO_MANY, "there are as many rooms as the server may keep")
                         : ed_fault(fault, ED_FAULT_STORAGE, NULL);
  }
  for (size_t i = 0; i < plugins->cores_len; i++) {
    const struct eddy_core *core = &plugins->cores[i];
    if (core == plugins->keeper || open_one(core, room, is_new) >= 0) continue;
    close_all(plugins, core, room, is_new);
    return ed_fault(fault, ED_FAULT_REFUSED, "refused by %s", core->table->name);
  }
  return 0;
}

static void keeper_closed(void *keeper, struct ed_room *room, bool for_good) {
  struct ed_plugins *plugins = keeper;
  close_all(plugins, plugins->cores + plugins->cores_len, room, for_good);
}

static int keeper_number(void *keeper, struct ed_room *room, uint64_t seq, struct ed_fault *fault) {
  struct ed_plugins *plugins = keeper;
  plugins->quiet++;
  int rc = 0;
  FOR_EACH(plugins, room_number)
  if (rc >= 0) rc = core->table->room_number(core->self, ed_plugin_room(room), seq);
  plugins->quiet--;
  return rc < 0 ? ed_fault(fault, ED_FAULT_STORAGE, NULL) : 0;
}

static void keeper_change(void *keeper, struct ed_room *room, const struct ed_change *change) {
  static const enum eddy_change_kind kinds[] = {
      [ED_CHANGE_NUMBER] = EDDY_CHANGE_NUMBER,   [ED_CHANGE_APPEND] = EDDY_CHANGE_APPEND,
      [ED_CHANGE_REPLACE] = EDDY_CHANGE_REPLACE, [ED_CHANGE_COMPACT] = EDDY_CHANGE_COMPACT,
      [ED_CHANGE_TRIM] = EDDY_CHANGE_TRIM,       [ED_CHANGE_DROP] = EDDY_CHANGE_DROP,
      [ED_CHANGE_POLICY] = EDDY_CHANGE_POLICY,
  };
  struct ed_plugins *plugins = keeper;
  const struct eddy_change seen = {
      .size = sizeof seen,
      .kind = kinds[change->kind],
      .key = ed_plugin_text(change->key),
      .seq = change->seq,
      .time_ms = change->time_ms,
      .value = ed_plugin_value(change->encoding, change->value),
      .mark = room->mark,
  };
  plugins->quiet++;
  FOR_EACH(plugins, room_change) core->table->room_change(core->self, ed_plugin_room(room), &seen);
  plugins->quiet--;
}

static void keeper_turn(void *keeper) {
  struct ed_plugins *plugins = keeper;
  plugins->quiet++;
  FOR_EACH(plugins, turn) core->table->turn(core->self);
  plugins->quiet--;
}

/* ---- in place ---- */

void ed_chain_attach(struct ed_plugins *plugins) {
  struct ed_hub *hub = plugins->hub;
  bool changes = false, numbers = false, turns = false;
  for (size_t i = 0; i < plugins->cores_len; i++) {
    const struct eddy_plugin *table = plugins->cores[i].table;
    changes |= table->room_change != NULL;
    turns |= table->turn != NULL;
    numbers |= table->room_number != NULL;
  }
  plugins->keeper_ops = (struct ed_keeper_ops){
      .load = plugins->keeper ? keeper_load : NULL,
      .opened = keeper_opened,
      .closed = keeper_closed,
      .number = numbers ? keeper_number : NULL,
      .change = changes || turns ? keeper_change : NULL, /* without it no turn is told */
      .turn = turns ? keeper_turn : NULL,
  };
  plugins->next_ops = hub->gate_ops;
  plugins->next = hub->gate;
  hub->gate_ops = &GATE;
  hub->gate = plugins;
  hub->keeper_ops = &plugins->keeper_ops;
  hub->keeper = plugins;
}

void ed_chain_detach(struct ed_plugins *plugins) {
  struct ed_hub *hub = plugins->hub;
  hub->gate_ops = plugins->next_ops;
  hub->gate = plugins->next;
  hub->keeper_ops = NULL;
  hub->keeper = NULL;
}
