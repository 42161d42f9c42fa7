/* Calls about one room, and who is in it. */
#include <stdlib.h>

#include "admin/call.h"
#include "host/host.h"
#include "room/keeper.h"

static int64_t wall(const struct ed_room *room, uint64_t ms) { return (int64_t)ms + room->hub->timers->epoch_ms; }

/* "rooms/x.lua:3: why": where it says so. */
static void print_place(struct ed_buf *out, const char *text) {
  size_t file_len = strcspn(text, ":\n");
  char *end = NULL;
  unsigned long line = text[file_len] == ':' ? strtoul(text + file_len + 1, &end, 10) : 0;
  if (!line || *end != ':') return;
  ed_print_span(out, "file", ed_span(text, file_len));
  ed_print_count(out, "line", line);
}

static void print_error(struct ed_buf *out, const char *name, const char *text, int64_t time_ms) {
  if (!*text) return;
  ed_print_open(out, name, '{');
  ed_print_text(out, "text", text);
  print_place(out, text);
  ed_print_time(out, "time_ms", time_ms);
  ed_print_close(out, '}');
}

static void print_knobs(struct ed_buf *out, const struct ed_space *space) {
  ed_print_open(out, "knobs", '{');
  for (size_t i = 0; i < space->knobs_len; i++) {
    const struct ed_policy_knob *knob = &space->knobs[i];
    switch (knob->kind) {
      case ED_KNOB_NUMBER: ed_print_number(out, knob->name, knob->number); break;
      case ED_KNOB_TEXT: ed_print_text(out, knob->name, knob->text); break;
      case ED_KNOB_BOOL: ed_print_bool(out, knob->name, knob->truth); break;
    }
  }
  ed_print_close(out, '}');
}

static void print_policy(struct ed_buf *out, const struct ed_room *room) {
  ed_print_open(out, "policy", '{');
  ed_print_text(out, "name", room->policy);
  if (room->host) {
    struct ed_policy_info info = ed_host_info(room);
    ed_print_count(out, "version", info.version);
    ed_print_count(out, "failures", info.failures);
    print_error(out, "last_failure", info.last_failure, wall(room, info.failed_ms));
    print_error(out, "load_failure", info.load_failure, wall(room, info.load_failed_ms));
  }
  print_knobs(out, room->space);
  ed_print_close(out, '}');
}

void ed_admin_room_show(struct ed_admin_call *call) {
  struct ed_room *room = ed_admin_room(call);
  if (!room) return;
  struct ed_buf *out = &call->page->answer;
  const struct ed_pace *pace = ed_room_pace(room);
  ed_print_open(out, NULL, '{');
  ed_print_text(out, "room", room->name);
  ed_print_text(out, "namespace", room->space->name);
  ed_print_span(out, "id", ed_room_id(room));
  ed_print_count(out, "seq", room->seq);
  ed_print_count(out, "members", ed_room_members(room));
  ed_print_count(out, "watchers", room->watchers);
  ed_print_count(out, "keys", HASH_COUNT(room->streams));
  ed_print_count(out, "messages", room->messages);
  ed_print_count(out, "bytes", room->bytes);
  ed_print_count(out, "queued_bytes", ed_admin_queued(room));
  ed_print_count(out, "slow", room->slow);
  ed_print_count(out, "conflated", room->conflated);
  if (pace->known) {
    ed_print_number(out, "in", (double)pace->in);
    ed_print_number(out, "out", (double)pace->out);
  }
  ed_print_bool(out, "kept", room->kept);
  ed_print_time(out, "touched_ms", wall(room, room->touched_ms));
  ed_print_count(out, "idle_ms", room->idle_ms);
  print_policy(out, room);
  ed_print_close(out, '}');
}

/* ---- members ---- */

static void print_member(struct ed_buf *out, const struct ed_member *member) {
  char address[64];
  ed_net_member_address(member, address);
  ed_print_open(out, NULL, '{');
  ed_print_count(out, "id", member->id);
  ed_print_text(out, "address", address);
  ed_print_text(out, "encoding", member->encoding == ED_JSON ? "json" : "cbor");
  ed_print_time(out, "since_ms", wall(member->room, (uint64_t)member->since_s * 1000));
  ed_print_count(out, "queued_bytes", member->queue.bytes);
  ed_print_bool(out, "blocked", member->blocked);
  ed_print_bool(out, "closing", member->closing);
  ed_print_bool(out, "debug", member->debug);
  if (member->choosy) ed_print_count(out, "keys", member->subscriptions_len); /* else it hears everything */
  ed_print_close(out, '}');
}

void ed_admin_members(struct ed_admin_call *call) {
  uint64_t offset, limit;
  if (ed_admin_number(call, "offset", 0, UINT32_MAX, &offset) < 0 ||
      ed_admin_number(call, "limit", ED_PAGE_STANDARD, ED_PAGE_MAX, &limit) < 0)
    return;
  struct ed_room *room = ed_admin_room(call);
  if (!room) return;
  struct ed_buf *out = &call->page->answer;
  const struct ed_member *member;
  uint64_t i = offset;
  ed_print_open(out, NULL, '{');
  ed_print_open(out, "members", '[');
  for (; i < offset + limit && (member = ed_room_member_at(room, (size_t)i)); i++) print_member(out, member);
  ed_print_close(out, ']');
  ed_print_count(out, "total", ed_room_members(room));
  if (i < ed_room_members(room)) ed_print_count(out, "next", i);
  ed_print_close(out, '}');
}

static void say(struct ed_admin_call *call, const char *name, uint64_t number) {
  struct ed_buf *out = &call->page->answer;
  ed_print_open(out, NULL, '{');
  ed_print_count(out, name, number);
  ed_print_close(out, '}');
}

void ed_admin_kick(struct ed_admin_call *call) {
  uint64_t id;
  json_t *body = ed_admin_body(call, "member");
  bool good = body && ed_admin_count(call, body, "member", &id);
  json_decref(body);
  struct ed_room *room = good ? ed_admin_room(call) : NULL;
  if (!room) return;
  struct ed_member *member;
  size_t i = 0;
  while ((member = ed_room_member_at(room, i)) && member->id != id) i++;
  if (!member) {
    ed_admin_fail(call, 404, "the room has no such member");
    return;
  }
  ed_member_close(member, 1008, "disconnected by the operator");
  say(call, "member", id);
}

/* ---- the room as a whole ---- */

void ed_admin_policy(struct ed_admin_call *call) {
  struct ed_span name;
  struct ed_fault fault;
  json_t *body = ed_admin_body(call, "policy");
  struct ed_room *room = body && ed_admin_text(call, body, "policy", &name) ? ed_admin_room(call) : NULL;
  if (room && (!room->host || !ed_host_knows(call->admin->host, (const char *)name.at)))
    ed_admin_fail(call, 404, "there is no such policy");
  else if (room && ed_host_move(room, (const char *)name.at, &fault) < 0)
    ed_admin_fault(call, &fault);
  else if (room)
    ed_admin_room_show(call);
  json_decref(body);
}

/* Everybody goes; the room stays, and what it retains. One that is kept leaves memory, soon after the last of them. */
void ed_admin_close(struct ed_admin_call *call) {
  struct ed_room *room = ed_admin_room(call);
  if (!room) return;
  const struct ed_keeper_ops *keeper = room->hub->keeper_ops;
  say(call, "disconnected", ed_room_members(room));
  if (ed_room_members(room) + room->transients.len)
    ed_room_disconnect(room, 1001, "the room was closed by the operator");
  else if (keeper && keeper->load && room->kept)
    ed_hub_unload(room);
}

void ed_admin_delete(struct ed_admin_call *call) {
  struct ed_room *room = ed_admin_room(call);
  if (!room) return;
  say(call, "disconnected", ed_room_members(room));
  ed_hub_remove(room);
}
