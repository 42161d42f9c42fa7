#include "host/pattern.h"

#include <string.h>

#include "host/pattern_match.h"
#include "host/vm_private.h"

static bool is_plain(const char *pattern, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (pattern[i] && strchr("^$*+?.([%-", pattern[i])) return false;
  return true;
}

/* Where a search begins: `init` counts from 1, from the end where it is negative. */
static size_t offset(lua_State *L, int index, size_t len) {
  lua_Integer init = luaL_optinteger(L, index, 1);
  if (init < 0)
    init += (lua_Integer)len;
  else
    init--;
  if (init < 0) return 0;
  return (size_t)init < len ? (size_t)init : len;
}

static int find_plain(lua_State *L, const char *subject, size_t len, size_t from, const char *wanted,
                      size_t wanted_len) {
  ed_vm_charge(L, 1 + (len - from) / 16);
  const char *found = wanted_len ? memmem(subject + from, len - from, wanted, wanted_len) : subject + from;
  if (!found) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, found - subject + 1);
  lua_pushinteger(L, found - subject + (ptrdiff_t)wanted_len);
  return 2;
}

static int find(lua_State *L, bool positions) {
  size_t len, pattern_len;
  const char *subject = luaL_checklstring(L, 1, &len);
  const char *pattern = luaL_checklstring(L, 2, &pattern_len);
  size_t from = offset(L, 3, len);
  if (positions && (lua_toboolean(L, 4) || is_plain(pattern, pattern_len)))
    return find_plain(L, subject, len, from, pattern, pattern_len);
  struct ed_match m;
  ed_match_init(&m, L, subject, len);
  bool anchored = *pattern == '^';
  const char *at = subject + from;
  do {
    const char *end = ed_match(&m, at, pattern + anchored);
    if (!end) continue;
    if (!positions) return ed_match_push_all(&m, at, end);
    lua_pushinteger(L, at - subject + 1);
    lua_pushinteger(L, end - subject);
    return 2 + ed_match_push_all(&m, NULL, NULL);
  } while (at++ < m.end && !anchored);
  lua_pushnil(L);
  return 1;
}

int ed_pattern_find(lua_State *L) { return find(L, true); }

int ed_pattern_match(lua_State *L) { return find(L, false); }

/* ---- gmatch ---- */

/* Upvalues: subject, pattern, where to go on. */
static int gmatch_next(lua_State *L) {
  size_t len;
  const char *subject = lua_tolstring(L, lua_upvalueindex(1), &len);
  const char *pattern = lua_tostring(L, lua_upvalueindex(2));
  struct ed_match m;
  ed_match_init(&m, L, subject, len);
  for (const char *at = subject + lua_tointeger(L, lua_upvalueindex(3)); at <= m.end; at++) {
    const char *end = ed_match(&m, at, pattern);
    if (!end) continue;
    lua_pushinteger(L, end - subject + (end == at)); /* goes on even where the match is empty */
    lua_replace(L, lua_upvalueindex(3));
    return ed_match_push_all(&m, at, end);
  }
  return 0;
}

int ed_pattern_gmatch(lua_State *L) {
  luaL_checkstring(L, 1);
  luaL_checkstring(L, 2);
  lua_settop(L, 2);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, gmatch_next, 3);
  return 1;
}

/* ---- gsub ---- */

/* %0 to %9 in a replacement text; of any other character after a % that character. */
static void add_text(struct ed_match *m, luaL_Buffer *out, const char *at, const char *end) {
  size_t len;
  const char *text = lua_tolstring(m->L, 3, &len);
  ed_vm_charge(m->L, 1 + len / 8);
  for (size_t i = 0; i < len; i++) {
    if (text[i] != '%') {
      luaL_addchar(out, text[i]);
      continue;
    }
    i++; /* the text ends in a NUL */
    if (text[i] < '0' || text[i] > '9') {
      luaL_addchar(out, text[i]);
    } else if (text[i] == '0') {
      ed_vm_charge(m->L, (size_t)(end - at) / 4);
      luaL_addlstring(out, at, (size_t)(end - at));
    } else {
      ed_match_push(m, text[i] - '1', at, end);
      luaL_addvalue(out);
    }
  }
}

static void add_replacement(struct ed_match *m, luaL_Buffer *out, const char *at, const char *end) {
  lua_State *L = m->L;
  int type = lua_type(L, 3);
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    ed_vm_call(L, ed_match_push_all(m, at, end), 1);
  } else if (type == LUA_TTABLE) {
    ed_match_push(m, 0, at, end);
    ed_vm_index(L, 3);
  } else {
    add_text(m, out, at, end);
    return;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, at, (size_t)(end - at));
  } else if (!lua_isstring(L, -1)) {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  }
  luaL_addvalue(out);
}

int ed_pattern_gsub(lua_State *L) {
  size_t len;
  const char *at = luaL_checklstring(L, 1, &len);
  const char *pattern = luaL_checkstring(L, 2);
  int type = lua_type(L, 3);
  lua_Integer max = luaL_optinteger(L, 4, (lua_Integer)len + 1), count = 0;
  if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TFUNCTION && type != LUA_TTABLE)
    return luaL_argerror(L, 3, "string/function/table expected");
  if (type == LUA_TNUMBER) lua_tostring(L, 3); /* in place, once */
  ed_vm_charge(L, 1 + len / 4);                /* what does not match is copied */
  struct ed_match m;
  ed_match_init(&m, L, at, len);
  bool anchored = *pattern == '^';
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  while (count < max) {
    const char *end = ed_match(&m, at, pattern + anchored);
    if (end) {
      count++;
      add_replacement(&m, &out, at, end);
    }
    if (end && end > at)
      at = end;
    else if (at < m.end)
      luaL_addchar(&out, *at++);
    else
      break;
    if (anchored) break;
  }
  luaL_addlstring(&out, at, (size_t)(m.end - at));
  luaL_pushresult(&out);
  lua_pushinteger(L, count);
  return 2;
}
