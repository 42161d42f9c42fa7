/* The kinds of value that Lua does not have, and what scripts may do with them. */
#include <string.h>

#include "base/mem.h"
#include "host/value_private.h"

/* ---- making and telling them ---- */

struct ed_blob *ed_blob_push(lua_State *L, enum ed_vm_ref type, struct ed_span content) {
  struct ed_blob *blob = lua_newuserdata(L, sizeof *blob + content.len);
  blob->len = content.len;
  blob->encoding = 0;
  if (content.len) memcpy(blob->at, content.at, content.len);
  lua_rawgeti(L, LUA_REGISTRYINDEX, ed_vm_of(L)->refs[type]);
  lua_setmetatable(L, -2);
  return blob;
}

static bool has_metatable(lua_State *L, int index, enum ed_vm_ref type) {
  if (!lua_getmetatable(L, index)) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, ed_vm_of(L)->refs[type]);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

struct ed_blob *ed_blob_at(lua_State *L, int index, enum ed_vm_ref type) {
  if (lua_type(L, index) != LUA_TUSERDATA || !has_metatable(L, index, type)) return NULL;
  return lua_touserdata(L, index);
}

void ed_array_mark(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, ed_vm_of(L)->refs[ED_REF_ARRAY]);
  lua_setmetatable(L, -2);
}

bool ed_array_marked(lua_State *L, int index) { return has_metatable(L, index, ED_REF_ARRAY); }

void ed_value_push_raw(lua_State *L, enum ed_encoding encoding, struct ed_span value) {
  ed_blob_push(L, ED_REF_RAW, value)->encoding = (uint8_t)encoding;
}

/* ---- what they do: # and tostring for bytes, tostring for integers, == for all of one kind ---- */

static struct ed_blob *check(lua_State *L, int index, enum ed_vm_ref type, const char *what) {
  struct ed_blob *blob = ed_blob_at(L, index, type);
  if (!blob) luaL_argerror(L, index, what);
  return blob;
}

static int blob_equal(lua_State *L) {
  const struct ed_blob *a = lua_touserdata(L, 1), *b = lua_touserdata(L, 2);
  bool same = a && b && lua_getmetatable(L, 1) && lua_getmetatable(L, 2) && lua_rawequal(L, -1, -2);
  if (same) ed_vm_charge(L, 1 + a->len / 16);
  lua_pushboolean(L, same && a->encoding == b->encoding && ed_span_equal(ed_blob_span(a), ed_blob_span(b)));
  return 1;
}

static int bytes_length(lua_State *L) {
  lua_pushnumber(L, (lua_Number)check(L, 1, ED_REF_BYTES, "bytes expected")->len);
  return 1;
}

static int push_content(lua_State *L, const struct ed_blob *blob) {
  ed_vm_charge(L, 1 + blob->len / 16);
  lua_pushlstring(L, (const char *)blob->at, blob->len);
  return 1;
}

static int bytes_text(lua_State *L) { return push_content(L, check(L, 1, ED_REF_BYTES, "bytes expected")); }

static int integer_text(lua_State *L) { return push_content(L, check(L, 1, ED_REF_INTEGER, "integer expected")); }

static int raw_text(lua_State *L) {
  lua_pushliteral(L, "opaque value");
  return 1;
}

static void keep_metatable(lua_State *L, enum ed_vm_ref type, lua_CFunction text, lua_CFunction length) {
  lua_newtable(L);
  if (text) {
    lua_pushcfunction(L, text);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, blob_equal);
    lua_setfield(L, -2, "__eq");
  }
  if (length) {
    lua_pushcfunction(L, length);
    lua_setfield(L, -2, "__len");
  }
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  ed_vm_of(L)->refs[type] = luaL_ref(L, LUA_REGISTRYINDEX);
}

void ed_value_init(lua_State *L) {
  keep_metatable(L, ED_REF_ARRAY, NULL, NULL);
  keep_metatable(L, ED_REF_BYTES, bytes_text, bytes_length);
  keep_metatable(L, ED_REF_INTEGER, integer_text, NULL);
  keep_metatable(L, ED_REF_RAW, raw_text, NULL);
}

/* ---- the library ---- */

/* array(t): marks t, which is returned. */
static int array(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (ed_array_marked(L, 1)) return 1;
  if (lua_getmetatable(L, 1)) return luaL_argerror(L, 1, "this table has a metatable");
  ed_array_mark(L);
  return 1;
}

static int is_array(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, lua_istable(L, 1) && ed_array_marked(L, 1));
  return 1;
}

/* bytes(text) */
static int bytes(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  ed_vm_charge(L, 1 + len / 16);
  ed_blob_push(L, ED_REF_BYTES, ed_span(text, len));
  return 1;
}

static int is_bytes(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, ed_blob_at(L, 1, ED_REF_BYTES) != NULL);
  return 1;
}

/* integer(text): digits with or without a minus, as JSON has them. A number where that holds it exactly. */
static int integer(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  ed_vm_charge(L, 1 + len);
  size_t digits = len - (len && *text == '-'), first = len - digits;
  bool good = digits > 0 && strspn(text + first, "0123456789") == digits && (text[first] != '0' || digits == 1);
  if (!good || (first && text[first] == '0')) return luaL_argerror(L, 1, "an integer is written in decimal digits");
  static const char exact[] = "9007199254740992"; /* 2^53 */
  if (digits < 16 || (digits == 16 && memcmp(text + first, exact, 16) <= 0))
    lua_pushnumber(L, lua_tonumber(L, 1));
  else
    ed_blob_push(L, ED_REF_INTEGER, ed_span(text, len));
  return 1;
}

static int is_integer(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, ed_blob_at(L, 1, ED_REF_INTEGER) != NULL);
  return 1;
}

static const luaL_Reg LIBRARY[] = {
    {"array", array},       {"is_array", is_array}, {"bytes", bytes},
    {"is_bytes", is_bytes}, {"integer", integer},   {"is_integer", is_integer},
};

int ed_value_library(lua_State *L) {
  lua_newtable(L);
  for (size_t i = 0; i < sizeof LIBRARY / sizeof *LIBRARY; i++) {
    lua_pushcfunction(L, LIBRARY[i].func);
    lua_setfield(L, -2, LIBRARY[i].name);
  }
  ed_null_push(L);
  lua_setfield(L, -2, "null");
  return 1;
}
