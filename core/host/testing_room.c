/* room, as tests see it: from the outside, like an operator. */
#include <stdlib.h>

#include "base/mem.h"
#include "host/testing_world.h"

#define TYPE "eddy.test.room"

struct object {
  unsigned serial;
  struct ed_test_room *room;
};

static struct ed_room *find(lua_State *L) {
  const struct object *object = luaL_checkudata(L, 1, TYPE);
  struct ed_test_world *world = ed_test_world_of(L);
  if (object->serial != world->serial) luaL_error(L, "this room belongs to an earlier test");
  return ed_hub_find(&world->hub, &object->room->space, ed_span_text(object->room->id));
}

static struct ed_room *room_of(lua_State *L) {
  struct ed_room *room = find(L);
  if (!room) luaL_error(L, "this room has ended");
  return room;
}

/* ---- methods ---- */

/* room:join { cbor = bool }: a member; or nil and why not. */
static int join(lua_State *L) { return ed_test_member_join(L, room_of(L), 2); }

/* room:retained(key): a list of { seq, value } */
static int retained(lua_State *L) {
  const struct ed_stream *stream = ed_room_stream(room_of(L), ed_bind_text(L, 2));
  lua_newtable(L);
  for (size_t i = 0; stream && i < stream->len; i++) {
    const struct ed_msg *msg = ed_stream_at(stream, i);
    lua_createtable(L, 0, 2);
    lua_pushnumber(L, (lua_Number)msg->seq);
    lua_setfield(L, -2, "seq");
    ed_value_push(L, (enum ed_encoding)msg->encoding, ed_span(msg->value, msg->len));
    lua_setfield(L, -2, "value");
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

/* room:exists() */
static int exists(lua_State *L) {
  lua_pushboolean(L, find(L) != NULL);
  return 1;
}

/* An HTTP call: a member for one message, who gets one reply. */
struct caller {
  struct ed_member member;
  struct ed_buf reply;
};

static void caller_deliver(struct ed_member *at) {
  struct caller *caller = (struct caller *)at;
  struct ed_span bytes;
  while (ed_member_peek(at, &bytes)) {
    ed_buf_add_span(&caller->reply, bytes);
    ed_member_consume(at, bytes.len);
  }
}

static void caller_closed(struct ed_member *at, unsigned code, const char *why) {
  (void)at, (void)code, (void)why;
}

static const struct ed_member_ops CALLER = {.deliver = caller_deliver, .close = caller_closed};

static int call(lua_State *L) {
  struct caller *caller = lua_touserdata(L, lua_gettop(L));
  lua_pop(L, 1);
  return ed_test_push(L, &caller->member);
}

/* room:http(key, value, action, seq): like member:push, by HTTP. True or nil and why not; and the reply. */
static int http(lua_State *L) {
  struct ed_room *room = room_of(L);
  struct caller caller = {.member = {.ops = &CALLER, .transient = true, .encoding = ED_JSON}};
  struct ed_fault fault;
  if (ed_room_join(room, &caller.member, &fault) < 0) return luaL_error(L, "%s", fault.text);
  lua_settop(L, 5);
  lua_pushcfunction(L, call);
  lua_insert(L, 1);
  lua_pushlightuserdata(L, &caller);
  int failed = lua_pcall(L, 6, 2, 0); /* it must leave again, whatever comes */
  ed_room_leave(&caller.member);
  ed_test_settle(ed_test_world_of(L));
  int results = 2;
  if (!failed && caller.reply.len) {
    ed_test_frame(L, ED_JSON, ed_buf_span(&caller.reply));
    results = 3;
  }
  ed_buf_deinit(&caller.reply);
  return failed ? lua_error(L) : results;
}

/* room:move(policy): the room goes on under another policy, or a new instance of the same. True, or nil and why not. */
static int move(lua_State *L) {
  struct ed_room *room = room_of(L);
  struct ed_fault fault;
  int result = ed_host_move(room, luaL_optstring(L, 2, room->policy), &fault);
  ed_test_settle(ed_test_world_of(L));
  if (result == 0) {
    lua_pushboolean(L, true);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, fault.text);
  return 2;
}

/* room:failure(): what the policy failed with last; nil where it never did. The test does not fail for it then. */
static int failure(lua_State *L) {
  struct ed_test_world *world = ed_test_world_of(L);
  struct ed_policy_info info = ed_host_info(room_of(L));
  world->failures_seen = ed_host_counts(world->host).failures;
  if (!info.failures) return 0;
  lua_pushstring(L, info.last_failure);
  return 1;
}

static const luaL_Reg METHODS[] = {{"join", join}, {"retained", retained}, {"exists", exists},   {"http", http},
                                   {"move", move}, {"failure", failure},   {NULL, NULL}};

void ed_test_room_type(lua_State *L) { ed_bind_type(L, TYPE, METHODS, NULL, NULL, NULL); }

/* ---- t:room { policy = NAME, id = TEXT, knobs = { ... }, limits = { ... } } ---- */

static const struct ed_limits GENEROUS = {
    .message = 1 << 20,
    .depth = 128,
    .key = 512,
    .keys = 10000,
    .room_messages = 100000,
    .room_bytes = 64 << 20,
    .stream_messages = 50000,
    .stream_bytes = 16 << 20,
    .members = 10000,
    .queue = 4 << 20,
    .errors = 100,
};

static void set_limit(lua_State *L, struct ed_limits *limits, const char *name, uint64_t value) {
  static const struct {
    const char *name;
    size_t at;
  } fields[] = {
#define FIELD(name) {#name, offsetof(struct ed_limits, name)}
      FIELD(message),    FIELD(depth),           FIELD(key),          FIELD(keys),    FIELD(room_messages),
      FIELD(room_bytes), FIELD(stream_messages), FIELD(stream_bytes), FIELD(members), FIELD(queue),
#undef FIELD
  };
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (strcmp(fields[i].name, name) == 0) {
      *(uint64_t *)((char *)limits + fields[i].at) = value;
      return;
    }
  luaL_error(L, "there is no limit '%s'", name);
}

/* The table `name` of the options on top, or nothing: false. */
static bool options_table(lua_State *L, const char *name) {
  lua_getfield(L, 2, name);
  if (lua_istable(L, -1)) return true;
  if (!lua_isnil(L, -1)) luaL_error(L, "room: %s must be a table", name);
  return false;
}

static void set_knobs(lua_State *L, struct ed_space *space) {
  size_t cap = 0;
  struct ed_policy_knob *knobs = NULL;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "room: knobs have names");
    struct ed_policy_knob knob = {.kind = ED_KNOB_BOOL, .truth = lua_toboolean(L, -1)};
    if (lua_type(L, -1) == LUA_TNUMBER) {
      knob.kind = ED_KNOB_NUMBER;
      knob.number = lua_tonumber(L, -1);
    } else if (lua_type(L, -1) == LUA_TSTRING) {
      knob.kind = ED_KNOB_TEXT;
      knob.text = ed_strdup(lua_tostring(L, -1));
    } else if (lua_type(L, -1) != LUA_TBOOLEAN) {
      luaL_error(L, "room: a knob is a number, a text, true or false");
    }
    knob.name = ed_strdup(lua_tostring(L, -2));
    knobs = ed_grow(knobs, sizeof *knobs, space->knobs_len, &cap);
    space->knobs = knobs;
    knobs[space->knobs_len++] = knob;
  }
}

int ed_test_room_new(lua_State *L) {
  struct ed_test_run *run = ed_test_run_of(L);
  struct ed_test_world *world = ed_test_world_of(L);
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    lua_newtable(L);
    lua_replace(L, 2);
  }
  luaL_checktype(L, 2, LUA_TTABLE);
  ed_test_host(run, NULL);

  struct ed_test_room *room = ed_zalloc(sizeof *room);
  room->next = world->rooms;
  world->rooms = room; /* owns it */
  room->space = (struct ed_space){.name = "test", .limits = GENEROUS};
  lua_getfield(L, 2, "policy");
  room->space.policy = ed_strdup(luaL_optstring(L, -1, run->policy));
  lua_getfield(L, 2, "id");
  room->id = ed_strdup(luaL_optstring(L, -1, "room"));
  if (options_table(L, "limits"))
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
      set_limit(L, &room->space.limits, luaL_checkstring(L, -2), (uint64_t)luaL_checknumber(L, -1));
  if (options_table(L, "knobs")) set_knobs(L, &room->space);

  struct ed_fault fault;
  if (!ed_hub_create(&world->hub, &room->space, ed_span_text(room->id), NULL, &fault)) {
    fflush(world->log.out);
    return luaL_error(L, "the room does not begin: %s; %s", fault.text, world->said);
  }
  ed_test_settle(world);
  struct object *object = lua_newuserdata(L, sizeof *object);
  *object = (struct object){.serial = world->serial, .room = room};
  luaL_getmetatable(L, TYPE);
  lua_setmetatable(L, -2);
  return 1;
}
