/* t, which every test is given: the clock, rooms, and the words to say what must hold. */
#include <errno.h>

#include "host/testing_world.h"

#define TYPE "eddy.test"
#define DEPTH_MAX 64

/* t:wait(time): the clock goes on, and all that is due on the way happens. */
static int wait(lua_State *L) {
  struct ed_test_run *run = ed_test_run_of(L);
  struct ed_test_world *world = ed_test_world_of(L);
  ed_test_host(run, NULL);
  if (ed_test_wait(world, (uint64_t)(ed_bind_seconds(L, 2) * 1000 + 0.5))) return 0;
  return luaL_error(L, "time stands still: room:after(0, ...) begins another, and so on for ever");
}

/* t:policy(text): rooms of this test run this policy. Called again, its file changes: the rooms are moved over. */
static int policy(lua_State *L) {
  int result = ed_test_policy(ed_test_run_of(L), ed_bind_text(L, 2));
  if (result == 0) return 0;
  return luaL_error(L, "%s", result == -EBUSY ? "t:policy comes before the first t:room" : strerror(-result));
}

/* t:reload(): every room begins a new instance of its policy, as when its file was changed. */
static int reload(lua_State *L) {
  struct ed_test_world *world = ed_test_world_of(L);
  ed_test_host(ed_test_run_of(L), NULL);
  for (struct ed_room *room = world->hub.rooms; room; room = room->hh.next) {
    struct ed_fault fault;
    if (ed_host_move(room, room->policy, &fault) < 0) return luaL_error(L, "%s", fault.text);
  }
  ed_test_settle(world);
  return 0;
}

/* t:log(): all that the policy, and the host about it, has said. */
static int said(lua_State *L) {
  struct ed_test_world *world = ed_test_world_of(L);
  fflush(world->log.out);
  lua_pushlstring(L, world->said, world->said_len);
  return 1;
}

/* t:loads(): nil and why not, where a room with these options does not begin; else the room. */
static int try_room(lua_State *L) {
  struct ed_test_world *world = ed_test_world_of(L);
  lua_pushcfunction(L, ed_test_room_new);
  lua_insert(L, 1);
  bool fine = lua_pcall(L, lua_gettop(L) - 1, 1, 0) == 0;
  world->failures_seen = ed_host_counts(world->host).failures;
  if (fine) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* ---- what must hold ---- */

/* A value in words, on top: as JSON, where there is one. */
static int describe_json(lua_State *L) {
  struct ed_buf *scratch = &ed_test_run_of(L)->scratch;
  scratch->len = 0;
  if (ed_value_read(L, 1, ED_JSON, scratch) == ED_JSON) {
    lua_pushlstring(L, (const char *)scratch->at, scratch->len);
    return 1;
  }
  size_t start = scratch->len;
  ed_wire_transcode(ED_CBOR, ed_buf_span(scratch), scratch);
  lua_pushlstring(L, (const char *)scratch->at + start, scratch->len - start);
  return 1;
}

static const char *describe(lua_State *L, int index) {
  lua_pushcfunction(L, describe_json);
  lua_pushvalue(L, index);
  if (lua_isnil(L, index)) {
    lua_pushliteral(L, "nil");
  } else if (lua_pcall(L, 1, 1, 0) != 0) {
    lua_pop(L, 1);
    lua_pushfstring(L, "a %s", luaL_typename(L, index));
  }
  return lua_tostring(L, -1);
}

/* Absolute indices. Tables by what is in them; a number that JSON or CBOR carried is a number. */
static bool equal_values(lua_State *L, int a, int b, int depth) {
  if (lua_equal(L, a, b)) return true;
  if (lua_type(L, a) != lua_type(L, b)) return false;
  if (lua_type(L, a) == LUA_TUSERDATA) { /* bytes, integers beyond a double: by their text */
    bool same = strcmp(describe(L, a), describe(L, b)) == 0;
    return same;
  }
  if (lua_type(L, a) != LUA_TTABLE) return false;
  if (depth > DEPTH_MAX) luaL_error(L, "these tables are nested too deeply to be compared");
  luaL_checkstack(L, 8, "too deep");
  int top = lua_gettop(L), count = 0;
  for (lua_pushnil(L); lua_next(L, a); lua_settop(L, top + 1)) {
    count++;
    lua_pushvalue(L, top + 1);
    lua_rawget(L, b);
    if (!equal_values(L, top + 2, top + 3, depth + 1)) {
      lua_settop(L, top);
      return false;
    }
  }
  for (lua_pushnil(L); lua_next(L, b); lua_settop(L, top + 1)) count--;
  lua_settop(L, top);
  return count == 0;
}

/* t:equal(got, wanted, what) */
static int equal(lua_State *L) {
  const char *what = luaL_optstring(L, 4, "");
  lua_settop(L, 4);
  if (equal_values(L, 2, 3, 0)) return 0;
  const char *got = describe(L, 2);
  const char *wanted = describe(L, 3);
  return luaL_error(L, "%s%sgot %s, wanted %s", what, *what ? ": " : "", got, wanted);
}

/* t:ok(condition, what) */
static int ok(lua_State *L) {
  if (lua_toboolean(L, 2)) return 0;
  return luaL_error(L, "this does not hold: %s", luaL_optstring(L, 3, "(nothing was said of what)"));
}

static const luaL_Reg METHODS[] = {{"room", ed_test_room_new}, {"try_room", try_room}, {"wait", wait},
                                   {"policy", policy},         {"reload", reload},     {"log", said},
                                   {"equal", equal},           {"ok", ok},             {NULL, NULL}};

void ed_test_objects(lua_State *L) {
  luaL_getmetatable(L, TYPE);
  if (lua_isnil(L, -1)) {
    ed_bind_type(L, TYPE, METHODS, NULL, NULL, NULL);
    ed_test_room_type(L);
    ed_test_member_type(L);
  }
  lua_settop(L, lua_gettop(L) - 1);
  lua_newuserdata(L, 1);
  luaL_getmetatable(L, TYPE);
  lua_setmetatable(L, -2);
}
