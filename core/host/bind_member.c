#include "codec/utf8.h"
#include "host/bind.h"

struct ed_member_object *ed_bind_member_check(lua_State *L, int index) {
  return luaL_checkudata(L, index, ED_MEMBER_TYPE);
}

static struct ed_member *present(lua_State *L) { return ed_bind_member_check(L, 1)->member; }

/* member:send(key, value): a push message for this one alone. False where it has gone. */
static int send(lua_State *L) {
  struct ed_member *member = present(L);
  struct ed_span key = ed_bind_key(L, 2);
  luaL_checkany(L, 3);
  struct ed_home *home = ed_home_of(L);
  lua_pushboolean(L, member != NULL);
  if (!member) return 1;
  home->scratch.len = 0;
  enum ed_encoding encoding = ed_value_read(L, 3, member->encoding, &home->scratch);
  ed_room_send(member, key, encoding, ed_buf_span(&home->scratch));
  return 1;
}

/* As much of it as a close frame takes (RFC 6455, 5.5), in whole characters. */
static void read_reason(lua_State *L, int index, char why[ED_CLOSE_WHY_MAX + 1]) {
  struct ed_span text = ed_bind_text(L, index);
  if (ed_utf8_check(text)) luaL_argerror(L, index, "a reason is a text in UTF-8");
  size_t len = text.len < ED_CLOSE_WHY_MAX ? text.len : ED_CLOSE_WHY_MAX;
  while (len < text.len && (text.at[len] & 0xc0) == 0x80) len--;
  memcpy(why, text.at, len);
  why[len] = '\0';
}

/* member:close(why, code): ends its connection. Of the codes those that an application may give (RFC 6455, 7.4). */
static int close_member(lua_State *L) {
  struct ed_member *member = present(L);
  char why[ED_CLOSE_WHY_MAX + 1] = "closed by the room's policy";
  if (!lua_isnoneornil(L, 2)) read_reason(L, 2, why);
  lua_Number code = luaL_optnumber(L, 3, 1008);
  bool fine = code == 1000 || code == 1008 || (code >= 3000 && code <= 4999 && code == (unsigned)code);
  luaL_argcheck(L, fine, 3, "a code is 1000, 1008, or 3000 to 4999");
  if (member) ed_member_close(member, (unsigned)code, why);
  return 0;
}

static int get_field(lua_State *L) {
  const struct ed_member_object *object = ed_bind_member_check(L, 1);
  const char *name = luaL_checkstring(L, 2);
  if (strcmp(name, "id") == 0) {
    lua_pushnumber(L, object->id);
  } else if (strcmp(name, "here") == 0) {
    lua_pushboolean(L, object->member != NULL);
  } else if (strcmp(name, "connected") == 0) { /* not somebody who is here for one HTTP call */
    lua_pushboolean(L, object->member && !object->member->transient);
  } else if (strcmp(name, "encoding") == 0) {
    if (object->member)
      lua_pushstring(L, object->member->encoding == ED_JSON ? "json" : "cbor");
    else
      lua_pushnil(L);
  } else {
    lua_pushvalue(L, 2);
    lua_gettable(L, lua_upvalueindex(1)); /* the methods; `claims` is nil until something checks who comes */
  }
  return 1;
}

static int tostring(lua_State *L) {
  lua_pushfstring(L, "member %d", (int)ed_bind_member_check(L, 1)->id);
  return 1;
}

static const luaL_Reg METHODS[] = {{"send", send}, {"close", close_member}, {NULL, NULL}};

void ed_bind_member_open(lua_State *L) { ed_bind_type(L, ED_MEMBER_TYPE, METHODS, get_field, NULL, tostring); }

/* One object per member and instance, so that scripts can use it as a key. */
void ed_bind_member_push(lua_State *L, struct ed_instance *instance, struct ed_member *member) {
  if (!member) {
    lua_pushnil(L);
    return;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance->members_ref);
  lua_pushlightuserdata(L, member);
  lua_rawget(L, -2);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    struct ed_member_object *object = lua_newuserdata(L, sizeof *object);
    *object = (struct ed_member_object){.member = member, .instance = instance, .id = (lua_Number)member->id};
    luaL_getmetatable(L, ED_MEMBER_TYPE);
    lua_setmetatable(L, -2);
    lua_pushlightuserdata(L, member);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
    member->host = instance; /* says that there is an object to take back when it goes */
  }
  lua_remove(L, -2);
}

void ed_bind_member_gone(lua_State *L, struct ed_instance *instance, struct ed_member *member) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance->members_ref);
  lua_pushlightuserdata(L, member);
  lua_rawget(L, -2);
  struct ed_member_object *object = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (object) { /* else nothing is set: a new key would allocate, and this must not fail */
    object->member = NULL;
    lua_pushlightuserdata(L, member);
    lua_pushnil(L);
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
  member->host = NULL;
}
