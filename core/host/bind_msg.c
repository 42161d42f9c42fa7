/* msg: the one object that stands for the message at hand, whichever that is. */
#include "host/bind.h"

static struct ed_msg_view *view_of(lua_State *L) {
  struct ed_msg_view *view = ed_home_of(L)->msg;
  if (lua_touserdata(L, 1) != view) luaL_argerror(L, 1, "msg expected");
  if (!view->stream) luaL_error(L, "msg is only there during push and commit: keep what you need of it");
  return view;
}

static const char *const ACTIONS[] = {"relay", "append", "replace", "compact"};

static void push_value(lua_State *L, struct ed_msg_view *view) {
  lua_getfenv(L, 1); /* a table with the decoded value at 1 */
  if (!view->decoded) {
    ed_value_push(L, view->push->encoding, view->push->value);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, 1);
    view->decoded = true;
    return;
  }
  lua_rawgeti(L, -1, 1);
}

/* In the order of how often they are asked for. */
static int get_field(lua_State *L) {
  struct ed_msg_view *view = view_of(L);
  const char *name = luaL_checkstring(L, 2);
  if (strcmp(name, "value") == 0) {
    push_value(L, view);
  } else if (strcmp(name, "key") == 0) {
    lua_pushlstring(L, view->stream->key, view->stream->key_len);
  } else if (strcmp(name, "action") == 0) {
    lua_pushstring(L, ACTIONS[view->push->action]);
  } else if (strcmp(name, "seq") == 0) {
    if (view->writable)
      lua_pushnil(L);
    else
      lua_pushnumber(L, (lua_Number)view->push->seq);
  } else if (strcmp(name, "raw") == 0) {
    if (view->assigned) return luaL_error(L, "msg.raw is gone: msg.value was assigned");
    ed_value_push_raw(L, view->push->encoding, view->push->value);
  } else if (strcmp(name, "size") == 0) {
    lua_pushnumber(L, (lua_Number)view->push->value.len);
  } else if (strcmp(name, "compacts") == 0) {
    if (view->push->action == ED_COMPACT)
      lua_pushnumber(L, (lua_Number)view->push->compact_seq);
    else
      lua_pushnil(L);
  } else if (strcmp(name, "transient") == 0) {
    lua_pushboolean(L, view->push->transient);
  } else if (strcmp(name, "own") == 0) { /* pushed by the policy itself, so seen in commit only */
    lua_pushboolean(L, view->push->origin == view->home->host);
  } else {
    return luaL_error(L, "msg has no '%s' (it has: key, value, action, seq, size, raw, compacts, transient, own)",
                      name);
  }
  return 1;
}

static int set_field(lua_State *L) {
  struct ed_msg_view *view = view_of(L);
  const char *name = luaL_checkstring(L, 2);
  if (!view->writable) return luaL_error(L, "msg can be changed in push, not in commit: by then everyone has it");
  if (strcmp(name, "value") == 0) {
    if (lua_isnil(L, 3))
      return luaL_error(L, "msg.value cannot be nil: use eddy.null, or return nil to drop the message");
    lua_getfenv(L, 1);
    lua_pushvalue(L, 3);
    lua_rawseti(L, -2, 1);
    view->decoded = view->assigned = true;
  } else if (strcmp(name, "action") == 0) {
    static const char *const settable[] = {"relay", "append", "replace", NULL};
    view->push->action = (enum ed_action)luaL_checkoption(L, 3, NULL, settable);
  } else if (strcmp(name, "transient") == 0) {
    view->push->transient = lua_toboolean(L, 3);
  } else {
    return luaL_error(L, "msg.%s cannot be set (value, action and transient can)", name);
  }
  return 0;
}

static int tostring(lua_State *L) {
  lua_pushliteral(L, "msg");
  return 1;
}

static const luaL_Reg NO_METHODS[] = {{NULL, NULL}};

void ed_bind_msg_open(lua_State *L) { ed_bind_type(L, ED_MSG_TYPE, NO_METHODS, get_field, set_field, tostring); }

void ed_bind_msg_new(lua_State *L, struct ed_home *home) {
  home->msg = lua_newuserdata(L, sizeof *home->msg);
  *home->msg = (struct ed_msg_view){.home = home};
  luaL_getmetatable(L, ED_MSG_TYPE);
  lua_setmetatable(L, -2);
  lua_createtable(L, 1, 0);
  lua_setfenv(L, -2);
}

void ed_bind_msg_encode(lua_State *L, int msg, struct ed_home *home) {
  struct ed_push *push = home->msg->push;
  lua_getfenv(L, msg);
  lua_rawgeti(L, -1, 1);
  home->value.len = 0;
  push->encoding = ed_value_read(L, -1, push->encoding, &home->value);
  push->value = ed_buf_span(&home->value);
  lua_pop(L, 2);
}

/* Else it would count as what lives in the state, until the next one is there as well. */
void ed_bind_msg_forget(struct ed_home *home) {
  lua_State *L = home->vm->L;
  lua_rawgeti(L, LUA_REGISTRYINDEX, home->msg_ref);
  lua_getfenv(L, -1);
  lua_pushnil(L);
  lua_rawseti(L, -2, 1);
  lua_pop(L, 2);
}
