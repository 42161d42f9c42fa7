/* The table library of scripts. */
#include <string.h>

#include "host/vm_private.h"

/* insert(t, value), insert(t, position, value). The stock one counts its way to any position that it is given, and
 * writes past what a metatable forbids. */
static int insert(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (ed_vm_frozen(L, 1)) return luaL_argerror(L, 1, "this table cannot be changed");
  size_t len = lua_objlen(L, 1);
  int top = lua_gettop(L);
  if (top == 2) {
    lua_rawseti(L, 1, (int)len + 1);
    return 0;
  }
  if (top != 3) return luaL_error(L, "wrong number of arguments to 'insert'");
  lua_Number position = luaL_checknumber(L, 2);
  if (!(position >= 1 && position <= (lua_Number)len + 1)) return luaL_argerror(L, 2, "position out of bounds");
  ed_vm_charge(L, 1 + (len + 1 - (size_t)position) / 2);
  for (size_t i = len; i >= (size_t)position; i--) {
    lua_rawgeti(L, 1, (int)i);
    lua_rawseti(L, 1, (int)i + 1);
  }
  lua_rawseti(L, 1, (int)position);
  return 0;
}

/* concat(t, separator, first, last) */
static int concat(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  size_t separator_len;
  const char *separator = luaL_optlstring(L, 2, "", &separator_len);
  lua_Integer first = luaL_optinteger(L, 3, 1);
  lua_Integer last = lua_isnoneornil(L, 4) ? (lua_Integer)lua_objlen(L, 1) : luaL_checkinteger(L, 4);
  if (first < INT32_MIN) return luaL_argerror(L, 3, "out of bounds");
  if (last > INT32_MAX) return luaL_argerror(L, 4, "out of bounds");
  struct ed_buf *out = ed_vm_scratch(L);
  for (lua_Integer i = first; i <= last; i++) {
    lua_rawgeti(L, 1, (int)i);
    size_t len;
    if (!lua_isstring(L, -1))
      return luaL_error(L, "invalid value (a %s) at index %d in table for 'concat'", luaL_typename(L, -1), (int)i);
    const char *text = lua_tolstring(L, -1, &len);
    ed_vm_charge(L, 4 + len / 8);
    ed_vm_scratch_reserve(L, len + separator_len);
    if (i > first) ed_buf_add(out, separator, separator_len);
    ed_buf_add(out, text, len);
    lua_pop(L, 1);
  }
  lua_pushlstring(L, out->len ? (char *)out->at : "", out->len);
  return 1;
}

/* sort, in Lua, so that hooks fire: a merge sort, which is stable, takes n log n whatever the order function says, and
 * leaves the table as it was where that throws. Runs of 8 are sorted by insertion. */
static const char SORT[] =
    "local type, error = ...\n"
    "local function less_than(a, b) return a < b end\n"
    "local function sort_runs(a, n, less)\n"
    "  for low = 1, n, 8 do\n"
    "    local high = low + 7 < n and low + 7 or n\n"
    "    for i = low + 1, high do\n"
    "      local value, j = a[i], i - 1\n"
    "      while j >= low and less(value, a[j]) do\n"
    "        a[j + 1] = a[j]\n"
    "        j = j - 1\n"
    "      end\n"
    "      a[j + 1] = value\n"
    "    end\n"
    "  end\n"
    "end\n"
    "local function merge(a, b, low, middle, high, less)\n"
    "  local i, j = low, middle + 1\n"
    "  for k = low, high do\n"
    "    if j > high or (i <= middle and not less(a[j], a[i])) then\n"
    "      b[k] = a[i]\n"
    "      i = i + 1\n"
    "    else\n"
    "      b[k] = a[j]\n"
    "      j = j + 1\n"
    "    end\n"
    "  end\n"
    "end\n"
    "return function(t, less)\n"
    "  if type(t) ~= 'table' then error(\"bad argument #1 to 'sort' (table expected, got \" .. type(t) .. ')', 2) end\n"
    "  if less == nil then less = less_than\n"
    "  elseif type(less) ~= 'function' then\n"
    "    error(\"bad argument #2 to 'sort' (function expected, got \" .. type(less) .. ')', 2)\n"
    "  end\n"
    "  local n, a, b = #t, {}, {}\n"
    "  for i = 1, n do a[i] = t[i] end\n"
    "  sort_runs(a, n, less)\n"
    "  local width = 8\n"
    "  while width < n do\n"
    "    for low = 1, n, 2 * width do\n"
    "      local middle, high = low + width - 1, low + 2 * width - 1\n"
    "      merge(a, b, low, middle < n and middle or n, high < n and high or n, less)\n"
    "    end\n"
    "    a, b = b, a\n"
    "    width = 2 * width\n"
    "  end\n"
    "  for i = 1, n do t[i] = a[i] end\n"
    "end\n";

static void push_sort(lua_State *L) {
  if (luaL_loadbuffer(L, SORT, sizeof SORT - 1, "=table.sort") != 0) lua_error(L);
  lua_getglobal(L, "type");
  lua_getglobal(L, "error");
  lua_call(L, 2, 1);
}

/* In this LuaJIT these are Lua themselves, and write by way of metatables. */
static const char *const STOCK[] = {"remove"};

void ed_vm_table(lua_State *L, int stock) {
  lua_newtable(L);
  int table = lua_gettop(L);
  for (size_t i = 0; i < sizeof STOCK / sizeof *STOCK; i++) {
    lua_getfield(L, stock, STOCK[i]);
    lua_setfield(L, table, STOCK[i]);
  }
  lua_pushcfunction(L, insert);
  lua_setfield(L, table, "insert");
  lua_pushcfunction(L, concat);
  lua_setfield(L, table, "concat");
  push_sort(L);
  lua_setfield(L, table, "sort");
}
