#include <inttypes.h>
#include <math.h>

#include "host/bind.h"

struct ed_room_object *ed_bind_room_check(lua_State *L, int index) {
  struct ed_room_object *object = luaL_checkudata(L, index, ED_ROOM_TYPE);
  if (!object->instance) luaL_error(L, "this room has ended, or its policy was replaced");
  return object;
}

static struct ed_room *room_of(lua_State *L) { return ed_bind_room_check(L, 1)->instance->room; }

static struct ed_stream *stream_of(lua_State *L) { return ed_room_stream(room_of(L), ed_bind_text(L, 2)); }

static uint64_t seq_of(lua_State *L, int index) {
  lua_Number seq = luaL_checknumber(L, index);
  if (!(seq >= 0 && seq <= 9007199254740992.0 && floor(seq) == seq))
    luaL_argerror(L, index, "a sequence number expected");
  return (uint64_t)seq;
}

/* Pushes in the host's name. Nothing may throw between ed_room_push and return, and nothing does. */
static int push_as_host(lua_State *L, struct ed_span key, struct ed_push *push, int value, struct ed_member *member) {
  struct ed_instance *instance = ed_bind_room_check(L, 1)->instance;
  struct ed_home *home = instance->home;
  if (instance->opening) return luaL_error(L, "a policy cannot push in open: use room:after(0, ...)");
  home->scratch.len = 0;
  push->encoding = ed_value_read(L, value, ED_JSON, &home->scratch);
  push->value = ed_buf_span(&home->scratch);
  push->origin = instance->host;
  struct ed_fault fault;
  if (ed_room_push(instance->room, key, push, member, &fault) < 0) return luaL_error(L, "%s", fault.text);
  return 0;
}

/* room:push(key, value, action = "relay", { from = member, transient = bool }) */
static int push(lua_State *L) {
  static const char *const actions[] = {"relay", "append", "replace", NULL};
  struct ed_span key = ed_bind_key(L, 2);
  luaL_checkany(L, 3);
  struct ed_push push = {.action = (enum ed_action)luaL_checkoption(L, 4, "relay", actions)};
  struct ed_member *member = NULL;
  if (!lua_isnoneornil(L, 5)) {
    luaL_checktype(L, 5, LUA_TTABLE);
    lua_getfield(L, 5, "transient");
    push.transient = lua_toboolean(L, -1);
    lua_getfield(L, 5, "from");
    if (!lua_isnil(L, -1)) member = ed_bind_member_check(L, -1)->member;
  }
  return push_as_host(L, key, &push, 3, member);
}

/* room:compact(key, seq, value) */
static int compact(lua_State *L) {
  struct ed_span key = ed_bind_key(L, 2);
  struct ed_push push = {.action = ED_COMPACT, .compact_seq = seq_of(L, 3)};
  luaL_checkany(L, 4);
  return push_as_host(L, key, &push, 4, NULL);
}

/* for seq, value, time in room:each(key) do: what the key retains, oldest first; what is pushed meanwhile is not seen.
 */
static int each_next(lua_State *L) {
  struct ed_room_object *object = ed_bind_room_check(L, lua_upvalueindex(1));
  size_t len;
  const char *key = lua_tolstring(L, lua_upvalueindex(2), &len);
  const struct ed_stream *stream = ed_room_stream(object->instance->room, ed_span(key, len));
  if (!stream) return 0;
  size_t i = ed_stream_after(stream, (uint64_t)lua_tonumber(L, lua_upvalueindex(3)));
  if (i == stream->len) return 0;
  struct ed_msg *msg = ed_stream_at(stream, i);
  if (msg->seq > (uint64_t)lua_tonumber(L, lua_upvalueindex(4))) return 0;
  lua_pushnumber(L, (lua_Number)msg->seq);
  lua_replace(L, lua_upvalueindex(3));
  lua_pushnumber(L, (lua_Number)msg->seq);
  ed_value_push(L, (enum ed_encoding)msg->encoding, ed_span(msg->value, msg->len));
  lua_pushnumber(L, (lua_Number)msg->time_ms / 1000);
  return 3;
}

static int each(lua_State *L) {
  struct ed_room *room = room_of(L);
  ed_bind_text(L, 2);
  lua_settop(L, 2);
  lua_pushnumber(L, 0);
  lua_pushnumber(L, (lua_Number)room->seq);
  lua_pushcclosure(L, each_next, 4);
  return 1;
}

/* room:size(key): messages and bytes that it retains */
static int size(lua_State *L) {
  const struct ed_stream *stream = stream_of(L);
  lua_pushnumber(L, stream ? (lua_Number)stream->len : 0);
  lua_pushnumber(L, stream ? (lua_Number)stream->bytes : 0);
  return 2;
}

static double limit(lua_State *L, const char *name) {
  lua_getfield(L, 3, name);
  double most = lua_isnil(L, -1) ? HUGE_VAL : luaL_checknumber(L, -1);
  lua_pop(L, 1);
  if (!(most >= 0)) luaL_error(L, "trim: %s must not be negative", name);
  return most;
}

/* room:trim(key, { messages = n, bytes = n, age = time }): drops the oldest until what is left is within all of them.
 * How many went. */
static int trim(lua_State *L) {
  luaL_checktype(L, 3, LUA_TTABLE);
  double messages = limit(L, "messages"), bytes = limit(L, "bytes"), age = HUGE_VAL;
  lua_getfield(L, 3, "age");
  if (!lua_isnil(L, -1)) age = ed_bind_seconds(L, -1);
  struct ed_stream *stream = stream_of(L); /* last: an __index of the table may have trimmed it away */
  if (!stream) {
    lua_pushnumber(L, 0);
    return 1;
  }
  double oldest_ms = (double)ed_timers_wall(stream->room->hub->timers) - age * 1000;
  size_t count = 0;
  double left_bytes = (double)stream->bytes;
  for (; count < stream->len; count++) {
    const struct ed_msg *msg = ed_stream_at(stream, count);
    if ((double)(stream->len - count) <= messages && left_bytes <= bytes && (double)msg->time_ms >= oldest_ms) break;
    left_bytes -= (double)msg->len;
  }
  if (count) ed_room_trim(stream, count);
  lua_pushnumber(L, (lua_Number)count);
  return 1;
}

/* room:drop(key, seq): forgets one message. Whether there was one. */
static int drop(lua_State *L) {
  struct ed_stream *stream = stream_of(L);
  uint64_t seq = seq_of(L, 3);
  lua_pushboolean(L, stream && ed_room_drop(stream, seq));
  return 1;
}

/* room:keys(pattern): the keys that retain something, in no order. */
static int keys(lua_State *L) {
  struct ed_room *room = room_of(L);
  const char *prefix = luaL_optstring(L, 2, "*");
  size_t len = strlen(prefix);
  bool open = len && prefix[len - 1] == '*';
  if (open) len--;
  lua_newtable(L);
  int n = 0;
  for (struct ed_stream *stream = room->streams; stream; stream = stream->hh.next) {
    if (!stream->len || stream->key_len < len || memcmp(stream->key, prefix, len) != 0) continue;
    if (!open && stream->key_len != len) continue;
    lua_pushlstring(L, stream->key, stream->key_len);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

static void add_members(lua_State *L, struct ed_instance *instance, const struct ed_members *members, int *n) {
  for (size_t i = 0; i < members->len; i++) {
    ed_bind_member_push(L, instance, members->list[i]);
    lua_rawseti(L, -2, ++*n);
  }
}

/* room:members(): those with a connection, in no order. */
static int members(lua_State *L) {
  struct ed_instance *instance = ed_bind_room_check(L, 1)->instance;
  struct ed_room *room = instance->room;
  int n = 0;
  lua_createtable(L, (int)ed_room_members(room), 0);
  for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    add_members(L, instance, &room->everyone[encoding], &n);
    add_members(L, instance, &room->debuggers[encoding], &n);
  }
  add_members(L, instance, &room->choosy, &n);
  return 1;
}

/* room:expire(time): with nobody in it and no message for so long, the room goes. 0: never. */
static int expire(lua_State *L) {
  room_of(L)->idle_ms = (uint64_t)(ed_bind_seconds(L, 2) * 1000);
  return 0;
}

static int now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)room_of(L)->hub->timers->now_ms / 1000);
  return 1;
}

static int wall(lua_State *L) {
  lua_pushnumber(L, (lua_Number)ed_timers_wall(room_of(L)->hub->timers) / 1000);
  return 1;
}

/* A line in the daemon's log. Only what has a plain text form is shown; nothing of the script is called. */
static int say(lua_State *L, struct ed_instance *instance, int first) {
  char line[512];
  size_t at = 0;
  int n = lua_gettop(L);
  for (int i = first; i <= n && at < sizeof line - 1; i++) {
    char word[32];
    const char *text = word;
    switch (lua_type(L, i)) {
      case LUA_TNUMBER: snprintf(word, sizeof word, "%.14g", lua_tonumber(L, i)); break;
      case LUA_TSTRING: text = lua_tostring(L, i); break;
      case LUA_TBOOLEAN: text = lua_toboolean(L, i) ? "true" : "false"; break;
      default: text = luaL_typename(L, i); break;
    }
    int len = snprintf(line + at, sizeof line - at, "%s%s", i > first ? " " : "", text);
    at += len > 0 ? (size_t)len : 0;
  }
  ed_instance_log(instance, n >= first ? line : "");
  return 0;
}

static int log_line(lua_State *L) { return say(L, ed_bind_room_check(L, 1)->instance, 2); }
int ed_bind_print(lua_State *L) { return say(L, ed_home_current(L), 1); }

static int get_field(lua_State *L) {
  struct ed_instance *instance = ed_bind_room_check(L, 1)->instance;
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1)); /* the methods */
  if (!lua_isnil(L, -1)) return 1;
  const char *name = luaL_checkstring(L, 2);
  if (strcmp(name, "id") == 0) {
    struct ed_span id = ed_room_id(instance->room);
    lua_pushlstring(L, (const char *)id.at, id.len);
  } else if (strcmp(name, "namespace") == 0) {
    lua_pushstring(L, instance->room->space->name);
  } else if (strcmp(name, "seq") == 0) {
    lua_pushnumber(L, (lua_Number)instance->room->seq);
  } else if (instance->api_ref != LUA_NOREF) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->api_ref);
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
  }
  return 1;
}

static int tostring(lua_State *L) {
  const struct ed_room_object *object = luaL_checkudata(L, 1, ED_ROOM_TYPE);
  lua_pushstring(L, object->instance ? object->instance->room->name : "room that has ended");
  return 1;
}

static const luaL_Reg METHODS[] = {
    {"push", push},           {"compact", compact},     {"each", each},
    {"size", size},           {"trim", trim},           {"drop", drop},
    {"keys", keys},           {"members", members},     {"now", now},
    {"time", wall},           {"expire", expire},       {"log", log_line},
    {"after", ed_bind_after}, {"every", ed_bind_every}, {NULL, NULL},
};

void ed_bind_room_open(lua_State *L) { ed_bind_type(L, ED_ROOM_TYPE, METHODS, get_field, NULL, tostring); }

void ed_bind_room_new(lua_State *L, struct ed_instance *instance) {
  struct ed_room_object *object = lua_newuserdata(L, sizeof *object);
  object->instance = instance;
  luaL_getmetatable(L, ED_ROOM_TYPE);
  lua_setmetatable(L, -2);
}

void ed_bind_room_end(lua_State *L, struct ed_instance *instance) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance->room_ref);
  struct ed_room_object *object = lua_touserdata(L, -1);
  if (object) object->instance = NULL;
  lua_pop(L, 1);
  if (instance->members_ref == LUA_NOREF) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance->members_ref);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    struct ed_member_object *member = lua_touserdata(L, -1);
    member->member = NULL;
  }
  lua_pop(L, 1);
}
