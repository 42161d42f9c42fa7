#include "main/eval.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "main/nearest.h"

#define MEMORY_MAX ((size_t)16 << 20) /* bytes of Lua's */
#define STEPS_MAX 10000000            /* instructions; about a tenth of a second */
#define STEPS_EACH 1000               /* between two looks at the budget */
#define NODES_MAX 100000              /* of the tree */
#define DEPTH_MAX 16                  /* likewise; a configuration needs five */

struct eval {
  const char *source;
  size_t len;
  size_t memory, memory_max; /* bytes in use, and allowed */
  uint32_t steps, nodes;
  struct ed_node *root; /* the result */
};

/* What a configuration may call. Not there, as no count of instructions could bound them: pattern matching (its time
 * grows with the power of the pattern), sorting (its comparison nests on the C stack), pcall (it would catch the
 * budget's error), metatables, coroutines. */
static const char *const BASE[] = {"assert", "error",    "ipairs",   "next", "pairs", "rawequal",
                                   "select", "tonumber", "tostring", "type", "unpack"};
static const char *const STRING[] = {"byte", "char", "format", "len", "lower", "rep", "reverse", "sub", "upper"};
static const char *const TABLE[] = {"concat", "insert", "maxn", "remove"};

static void *allocate(void *arg, void *old, size_t old_size, size_t size) {
  struct eval *eval = arg;
  if (size > old_size && size - old_size > eval->memory_max - eval->memory) return NULL;
  eval->memory += size - old_size;
  if (size) return ed_realloc(old, size);
  free(old);
  return NULL;
}

static struct eval *eval_of(lua_State *lua) {
  void *arg;
  lua_getallocf(lua, &arg);
  return arg;
}

static void count(lua_State *lua, lua_Debug *activation) {
  struct eval *eval = eval_of(lua);
  eval->steps += STEPS_EACH;
  if (eval->steps <= STEPS_MAX) return;
  lua_getinfo(lua, "l", activation);
  lua_pushfstring(lua, ":%d: this computes for too long (more than %d steps)", activation->currentline, STEPS_MAX);
  lua_error(lua);
}

/* A name that is not defined is nil in Lua; in a configuration it is a typing error ("debug = ture"). */
static int undefined(lua_State *lua) {
  const char *name = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "?";
  static const char *const known[] = {"true", "false", "nil", "math", "string", "table"};
  const char *near = ed_nearest(name, known, sizeof known / sizeof *known);
  if (!near) near = ed_nearest(name, BASE, sizeof BASE / sizeof *BASE);
  if (near) return luaL_error(lua, "unknown name '%s'; did you mean '%s'?", name, near);
  return luaL_error(lua, "unknown name '%s'; a text needs quotes", name);
}

/* table.insert and table.remove take any position, and count their way there: from -2^31, for minutes. */
static int at_position(lua_State *lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  if (lua_gettop(lua) > (lua_toboolean(lua, lua_upvalueindex(2)) ? 2 : 1)) {
    double at = luaL_checknumber(lua, 2);
    luaL_argcheck(lua, at >= 1 && at <= (double)lua_objlen(lua, 1) + 1, 2, "position out of bounds");
  }
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, lua_gettop(lua) - 1, LUA_MULTRET);
  return lua_gettop(lua);
}

static void guard(lua_State *lua, const char *name, bool inserts) {
  lua_getfield(lua, -1, name);
  lua_pushboolean(lua, inserts);
  lua_pushcclosure(lua, at_position, 2);
  lua_setfield(lua, -2, name);
}

static bool allowed(const char *const *names, size_t len, const char *name) {
  for (size_t i = 0; i < len; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

/* Opens a library and takes out of it (of the globals, where it has no name) what is not among `names`; NULL: nothing.
 * It stays the same table, as strings reach theirs through their metatable. */
static void open_library(lua_State *lua, lua_CFunction opener, const char *name, const char *const *names, size_t len) {
  lua_pushcfunction(lua, opener);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 0);
  if (!names) return;
  lua_getglobal(lua, *name ? name : "_G");
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    lua_pop(lua, 1);
    if (lua_type(lua, -1) == LUA_TSTRING && allowed(names, len, lua_tostring(lua, -1))) continue;
    lua_pushvalue(lua, -1);
    lua_pushnil(lua);
    lua_rawset(lua, -4); /* clearing fields on the way is allowed */
  }
  lua_pop(lua, 1);
}

#define OPEN(lua, opener, name, names) open_library(lua, opener, name, names, sizeof(names) / sizeof *(names))

static void open_libraries(lua_State *lua) {
  OPEN(lua, luaopen_base, "", BASE);
  OPEN(lua, luaopen_string, "string", STRING);
  OPEN(lua, luaopen_table, "table", TABLE);
  open_library(lua, luaopen_math, "math", NULL, 0);
  lua_getglobal(lua, "table");
  guard(lua, "insert", true);
  guard(lua, "remove", false);
  lua_pop(lua, 1);
  lua_newtable(lua);
  lua_pushcfunction(lua, undefined);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, LUA_GLOBALSINDEX);
}

static int by_name(const struct ed_node *a, const struct ed_node *b) {
  return strcmp(a->name ? a->name : "", b->name ? b->name : "");
}

static void build(lua_State *lua, struct ed_node *node);

/* The value on top of the stack becomes a child of `parent`, and leaves the stack. */
static void build_child(lua_State *lua, struct ed_node *parent, const char *name) {
  if (++eval_of(lua)->nodes > NODES_MAX) luaL_error(lua, "the configuration has more than %d values", NODES_MAX);
  build(lua, ed_node_new(parent, name, ED_NODE_OTHER));
  lua_pop(lua, 1);
}

static void build_table(lua_State *lua, struct ed_node *node) {
  int depth = 0;
  for (struct ed_node *above = node->parent; above; above = above->parent) depth++;
  if (depth > DEPTH_MAX) luaL_error(lua, "the configuration has tables nested in more than %d others", DEPTH_MAX);
  luaL_checkstack(lua, 8, NULL);
  node->kind = ED_NODE_TABLE;
  int items = (int)lua_objlen(lua, -1);
  for (int i = 1; i <= items; i++) {
    lua_rawgeti(lua, -1, i);
    build_child(lua, node, NULL);
  }
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    double number = lua_type(lua, -2) == LUA_TNUMBER ? lua_tonumber(lua, -2) : 0;
    if (number >= 1 && number <= items && number == (int)number) {
      lua_pop(lua, 1);
      continue;
    }
    if (lua_type(lua, -2) != LUA_TSTRING) luaL_error(lua, "a name is text, not a %s", luaL_typename(lua, -2));
    if (strlen(lua_tostring(lua, -2)) != lua_objlen(lua, -2)) luaL_error(lua, "a name has no NUL in it");
    build_child(lua, node, lua_tostring(lua, -2));
  }
  DL_SORT(node->children, by_name); /* stable; so that the same file always gives the same order */
}

/* Fills `node` from the value on top of the stack, and leaves that there. Owned by the tree from the start, so that an
 * error in the middle of it loses no memory. */
static void build(lua_State *lua, struct ed_node *node) {
  size_t len;
  const char *text;
  switch (lua_type(lua, -1)) {
    case LUA_TBOOLEAN:
      node->kind = ED_NODE_BOOL;
      node->flag = lua_toboolean(lua, -1);
      break;
    case LUA_TNUMBER:
      node->kind = ED_NODE_NUMBER;
      node->number = lua_tonumber(lua, -1);
      break;
    case LUA_TSTRING:
      text = lua_tolstring(lua, -1, &len);
      bool whole = !memchr(text, 0, len);
      node->kind = whole ? ED_NODE_TEXT : ED_NODE_OTHER;
      node->text = ed_strdup(whole ? text : "a text with a NUL in it");
      break;
    case LUA_TTABLE: build_table(lua, node); break;
    default: node->text = ed_alloc(32); snprintf(node->text, 32, "a %s", luaL_typename(lua, -1));
  }
}

/* Everything that may allocate or fail runs in here, under one lua_cpcall. */
static int run(lua_State *lua) {
  struct eval *eval = lua_touserdata(lua, 1);
  open_libraries(lua);
  if (luaL_loadbufferx(lua, eval->source, eval->len, "=", "t")) return lua_error(lua);
  lua_sethook(lua, count, LUA_MASKCOUNT, STEPS_EACH);
  lua_call(lua, 0, 1);
  lua_sethook(lua, NULL, 0, 0);
  if (lua_type(lua, -1) != LUA_TTABLE) luaL_error(lua, "the configuration must return a table");
  eval->root = ed_node_new(NULL, NULL, ED_NODE_TABLE);
  build_table(lua, eval->root);
  return 0;
}

/* Lua's errors begin with ":LINE: ", as the chunk was given an empty name. */
static void explain(const char *error, const char *place, struct ed_problems *problems) {
  int line = 0, len = 0;
  if (sscanf(error, ":%d: %n", &line, &len) < 1 || !len) line = len = 0;
  ed_problems_add(problems, place, line, "%s", error + len);
}

struct ed_node *ed_eval(const char *source, size_t len, const char *place, struct ed_problems *problems) {
  struct eval eval = {.source = source, .len = len, .memory_max = SIZE_MAX};
  lua_State *lua = lua_newstate(allocate, &eval);
  if (!lua) ed_oom(0);
  eval.memory_max = MEMORY_MAX; /* not before: LuaJIT does not survive running out while it makes a state */
  int rc = lua_cpcall(lua, run, &eval);
  if (rc) {
    const char *error = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "the configuration raised an error";
    explain(rc == LUA_ERRMEM ? "this takes too much memory (more than 16 MiB)" : error, place, problems);
    ed_node_free(eval.root);
    eval.root = NULL;
  }
  eval.memory_max = SIZE_MAX;
  lua_close(lua);
  return eval.root;
}
