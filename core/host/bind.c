#include "host/bind.h"

#include <math.h>

#include "base/units.h"
#include "codec/utf8.h"

void ed_bind_type(lua_State *L, const char *type, const luaL_Reg *methods, lua_CFunction index, lua_CFunction newindex,
                  lua_CFunction tostring) {
  luaL_newmetatable(L, type);
  lua_newtable(L);
  for (; methods->name; methods++) {
    lua_pushcfunction(L, methods->func);
    lua_setfield(L, -2, methods->name);
  }
  if (index) lua_pushcclosure(L, index, 1);
  lua_setfield(L, -2, "__index");
  if (newindex) {
    lua_pushcfunction(L, newindex);
    lua_setfield(L, -2, "__newindex");
  }
  if (tostring) {
    lua_pushcfunction(L, tostring);
    lua_setfield(L, -2, "__tostring");
  }
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

struct ed_span ed_bind_text(lua_State *L, int index) {
  size_t len;
  const char *text = luaL_checklstring(L, index, &len);
  return ed_span(text, len);
}

struct ed_span ed_bind_key(lua_State *L, int index) {
  struct ed_span key = ed_bind_text(L, index);
  if (ed_utf8_check(key)) luaL_argerror(L, index, "a key is a text in UTF-8");
  return key;
}

double ed_bind_seconds(lua_State *L, int index) {
  double seconds = -1;
  if (lua_type(L, index) == LUA_TNUMBER) {
    seconds = lua_tonumber(L, index);
  } else if (lua_type(L, index) == LUA_TSTRING) {
    uint64_t ms;
    if (ed_units_duration(lua_tostring(L, index), &ms) == 0) seconds = (double)ms / 1000;
  }
  if (!(seconds >= 0 && seconds < 1e12))
    luaL_argerror(L, index, "a time is a number of seconds, or a text like \"40ms\", \"5s\", \"24h\"");
  return seconds;
}

/* ---- the native module ---- */

static int native_seconds(lua_State *L) {
  lua_pushnumber(L, ed_bind_seconds(L, 1));
  return 1;
}

/* Bytes from a number or a text such as "64KiB". */
static int native_size(lua_State *L) {
  uint64_t bytes;
  if (lua_type(L, 1) == LUA_TNUMBER && lua_tonumber(L, 1) >= 0) {
    lua_pushnumber(L, lua_tonumber(L, 1));
  } else if (lua_type(L, 1) == LUA_TSTRING && ed_units_size(lua_tostring(L, 1), &bytes) == 0) {
    lua_pushnumber(L, (lua_Number)bytes);
  } else {
    return luaL_argerror(L, 1, "a size is a number of bytes, or a text like \"64KiB\"");
  }
  return 1;
}

static void push_knob(lua_State *L, const struct ed_policy_knob *knob) {
  switch (knob->kind) {
    case ED_KNOB_NUMBER: lua_pushnumber(L, knob->number); break;
    case ED_KNOB_TEXT: lua_pushstring(L, knob->text); break;
    case ED_KNOB_BOOL: lua_pushboolean(L, knob->truth); break;
  }
}

/* The value on top in place of the default below it: of the same kind, where a time may be a number for a text and the
 * other way round. */
static void check_knob(lua_State *L, const struct ed_policy_knob *knob) {
  int given = lua_type(L, -1), wanted = lua_type(L, -2);
  uint64_t ms;
  bool time_wanted = wanted == LUA_TSTRING && ed_units_duration(lua_tostring(L, -2), &ms) == 0;
  if (time_wanted && given == LUA_TNUMBER && lua_tonumber(L, -1) >= 0) return;
  if (time_wanted && given == LUA_TSTRING && ed_units_duration(lua_tostring(L, -1), &ms) != 0)
    luaL_error(L, "knob '%s' must be a time like \"%s\", not \"%s\"", knob->name, lua_tostring(L, -2),
               lua_tostring(L, -1));
  if (given != wanted)
    luaL_error(L, "knob '%s' must be a %s, not a %s", knob->name, time_wanted ? "time" : lua_typename(L, wanted),
               lua_typename(L, given));
}

/* knobs(defaults): the policy's knobs, as the room's namespace sets them. */
static int native_knobs(lua_State *L) {
  struct ed_instance *instance = ed_home_current(L);
  const struct ed_space *space = instance->room->space;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    int type = lua_type(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING) return luaL_error(L, "knobs have names: eddy.knobs { name = default }");
    if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN)
      return luaL_error(L, "the default of knob '%s' must be a number, a text, true or false", lua_tostring(L, -2));
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_settable(L, 2);
  }
  for (size_t i = 0; i < space->knobs_len; i++) {
    const struct ed_policy_knob *knob = &space->knobs[i];
    lua_settop(L, 2);
    lua_getfield(L, 1, knob->name);
    if (lua_isnil(L, -1) && !ed_instance_own(instance)) continue;
    if (lua_isnil(L, -1)) {
      struct ed_buf names = {0};
      /* No Lua call between here and deinit may throw: the names are collected by lua_next alone. */
      for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
        ed_buf_printf(&names, "%s%s", names.len ? ", " : "", lua_tostring(L, -2));
      char text[256];
      snprintf(text, sizeof text, "%.*s", (int)names.len, names.at ? (const char *)names.at : "none");
      ed_buf_deinit(&names);
      return luaL_error(L, "namespace '%s' sets the knob '%s', which this policy does not have (it has: %s)",
                        space->name, knob->name, text);
    }
    push_knob(L, knob);
    check_knob(L, knob);
    lua_setfield(L, 2, knob->name);
  }
  instance->knobs_read = true;
  lua_settop(L, 2);
  return 1;
}

static const luaL_Reg NATIVE[] = {
    {"seconds", native_seconds}, {"size", native_size}, {"knobs", native_knobs}, {NULL, NULL}};

void ed_bind_open(lua_State *L) {
  ed_bind_room_open(L);
  ed_bind_member_open(L);
  ed_bind_msg_open(L);
  ed_bind_timer_open(L);
  ed_value_library(L);
  for (const luaL_Reg *entry = NATIVE; entry->name; entry++) {
    lua_pushcfunction(L, entry->func);
    lua_setfield(L, -2, entry->name);
  }
}
