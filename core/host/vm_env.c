/* What scripts find: a whitelist. Nothing that is not named here, or set by the host, can be reached. */
#include <lualib.h>
#include <string.h>

#include "base/hash.h"
#include "host/guard.h"
#include "host/vm_private.h"

/* ---- tables that cannot be changed ---- */

/* Its address is a key in the metatable of a frozen table, which no script can have. */
static const char FROZEN;

static void push_frozen_key(lua_State *L) { lua_pushlightuserdata(L, (void *)&FROZEN); }

/* Upvalue 1: the table's name. */
static int frozen_newindex(lua_State *L) {
  return luaL_error(L, "%s cannot be changed by scripts", lua_tostring(L, lua_upvalueindex(1)));
}

static int global_newindex(lua_State *L) {
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  return luaL_error(L, "'%s' is a global, which scripts cannot set: write 'local %s'", name, name);
}

/* Replaces the table on top by a stand-in that reads like it; the function below it (popped) is its __newindex. */
static void stand_in(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 4);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, -4);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  push_frozen_key(L);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_setmetatable(L, -2);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

void ed_vm_freeze(lua_State *L, const char *name) {
  lua_pushstring(L, name);
  lua_pushcclosure(L, frozen_newindex, 1);
  lua_insert(L, -2);
  stand_in(L);
}

bool ed_vm_frozen(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  push_frozen_key(L);
  lua_rawget(L, -2);
  bool frozen = lua_toboolean(L, -1);
  lua_pop(L, 2);
  return frozen;
}

void ed_vm_set_global(lua_State *L, const char *name) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, ed_vm_of(L)->refs[ED_REF_GLOBALS]);
  lua_insert(L, -2);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

/* ---- the environment ---- */

/* Lua's own, as they are: each takes constant time, or no longer than what it is given (8,000 values at most) is large.
 */
static const char *const BASE[] = {"assert", "error",  "getmetatable", "ipairs",   "next", "pairs", "rawequal",
                                   "rawget", "select", "setmetatable", "tostring", "type", "unpack"};

/* random shares one generator among the rooms of a state, so nobody may seed it but the host. */
static const char *const MATH_REMOVED[] = {"randomseed"};

/* tonumber(value, base): reading a long text takes time in proportion. Upvalue 1: the stock one. */
static int to_number(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) ed_vm_charge(L, 1 + lua_objlen(L, 1));
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

static void open_library(lua_State *L, lua_CFunction opener, const char *name) {
  lua_pushcfunction(L, opener);
  lua_pushstring(L, name);
  lua_call(L, 1, 0);
}

static void add_base(lua_State *L, int globals) {
  for (size_t i = 0; i < sizeof BASE / sizeof *BASE; i++) {
    lua_getglobal(L, BASE[i]);
    lua_setfield(L, globals, BASE[i]);
  }
  lua_getglobal(L, "tonumber");
  lua_pushcclosure(L, to_number, 1);
  lua_setfield(L, globals, "tonumber");
  lua_pushcfunction(L, ed_guard_pcall);
  lua_setfield(L, globals, "pcall");
  lua_pushcfunction(L, ed_guard_xpcall);
  lua_setfield(L, globals, "xpcall");
}

/* Strings find their methods in the new table as well; their metatable is locked. */
static void add_string(lua_State *L, int globals) {
  lua_getglobal(L, "string");
  ed_vm_string(L, lua_gettop(L));
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  ed_vm_freeze(L, "string");
  lua_setfield(L, globals, "string");
  lua_pop(L, 1);
}

static void add_table(lua_State *L, int globals) {
  lua_getglobal(L, "table");
  ed_vm_table(L, lua_gettop(L));
  ed_vm_freeze(L, "table");
  lua_setfield(L, globals, "table");
  lua_pop(L, 1);
}

static void add_math(lua_State *L, int globals) {
  uint64_t seed;
  ed_random(&seed, sizeof seed);
  lua_getglobal(L, "math");
  lua_getfield(L, -1, "randomseed");
  lua_pushnumber(L, (lua_Number)(seed >> 11));
  lua_call(L, 1, 0);
  for (size_t i = 0; i < sizeof MATH_REMOVED / sizeof *MATH_REMOVED; i++) {
    lua_pushnil(L);
    lua_setfield(L, -2, MATH_REMOVED[i]);
  }
  ed_vm_freeze(L, "math");
  lua_setfield(L, globals, "math");
}

static void add_bit(lua_State *L, int globals) {
  lua_getglobal(L, "bit");
  ed_vm_freeze(L, "bit");
  lua_setfield(L, globals, "bit");
}

void ed_vm_furnish(lua_State *L) {
  struct ed_vm *vm = ed_vm_of(L);
  open_library(L, luaopen_base, "");
  open_library(L, luaopen_string, LUA_STRLIBNAME);
  open_library(L, luaopen_table, LUA_TABLIBNAME);
  open_library(L, luaopen_math, LUA_MATHLIBNAME);
  open_library(L, luaopen_bit, LUA_BITLIBNAME);
  lua_newtable(L);
  int globals = lua_gettop(L);
  add_base(L, globals);
  add_string(L, globals);
  add_table(L, globals);
  add_math(L, globals);
  add_bit(L, globals);

  lua_pushcfunction(L, global_newindex);
  lua_pushvalue(L, globals);
  stand_in(L);
  vm->refs[ED_REF_ENVIRONMENT] = luaL_ref(L, LUA_REGISTRYINDEX);
  vm->refs[ED_REF_GLOBALS] = luaL_ref(L, LUA_REGISTRYINDEX);

  /* Lua's own globals stay with the functions that were made under them, and nowhere else. */
  lua_newtable(L);
  lua_replace(L, LUA_GLOBALSINDEX);
  lua_pushnil(L);
  lua_setfield(L, LUA_REGISTRYINDEX, "_LOADED");
}

/* ---- loading ---- */

struct source {
  struct ed_span left;
};

static const char *read_source(lua_State *L, void *arg, size_t *len) {
  (void)L;
  struct source *source = arg;
  const char *at = (const char *)source->left.at;
  *len = source->left.len;
  source->left.len = 0;
  return *len ? at : NULL;
}

void ed_vm_load(lua_State *L, struct ed_span text, const char *chunk_name) {
  int line = ed_vm_source_cdata(text);
  if (line)
    luaL_error(L, "%s:%d: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts", chunk_name + 1, line);
  struct source source = {text};
  if (lua_loadx(L, read_source, &source, chunk_name, "t") != 0) lua_error(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, ed_vm_of(L)->refs[ED_REF_ENVIRONMENT]);
  lua_setfenv(L, -2);
}
