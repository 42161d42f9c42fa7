/* The string library of scripts: what takes time in proportion to a text is counted, and what calls back is bounded. */
#include <string.h>

#include "host/pattern.h"
#include "host/vm_private.h"

static const char *subject(lua_State *L, size_t *len, uint8_t **out) {
  const char *text = luaL_checklstring(L, 1, len);
  ed_vm_charge(L, 1 + *len / 4);
  struct ed_buf *scratch = ed_vm_scratch(L);
  ed_vm_scratch_reserve(L, *len + 1);
  *out = scratch->at;
  return text;
}

static int lower(lua_State *L) {
  size_t len;
  uint8_t *out;
  const char *text = subject(L, &len, &out);
  for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
  lua_pushlstring(L, (char *)out, len);
  return 1;
}

static int upper(lua_State *L) {
  size_t len;
  uint8_t *out;
  const char *text = subject(L, &len, &out);
  for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
  lua_pushlstring(L, (char *)out, len);
  return 1;
}

static int reverse(lua_State *L) {
  size_t len;
  uint8_t *out;
  const char *text = subject(L, &len, &out);
  for (size_t i = 0; i < len; i++) out[i] = (uint8_t)text[len - 1 - i];
  lua_pushlstring(L, (char *)out, len);
  return 1;
}

/* rep(text, n, separator) */
static int rep(lua_State *L) {
  size_t len, separator_len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_Integer n = luaL_checkinteger(L, 2);
  const char *separator = luaL_optlstring(L, 3, "", &separator_len);
  if (n <= 0 || len + separator_len == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  size_t each = len + separator_len, count = (size_t)n, total;
  if (__builtin_mul_overflow(each, count, &total)) total = SIZE_MAX;
  struct ed_buf *out = ed_vm_scratch(L);
  ed_vm_scratch_reserve(L, total); /* throws where it is too long, so that what follows is short */
  ed_vm_charge(L, 1 + total / 8 + count / 2);
  for (size_t i = 0; i < count; i++) {
    if (i) ed_buf_add(out, separator, separator_len);
    ed_buf_add(out, text, len);
  }
  lua_pushlstring(L, (char *)out->at, out->len);
  return 1;
}

/* ---- format ---- */

/* One conversion, from its % on, copied NUL-terminated. Returns what follows it. */
static const char *conversion(lua_State *L, const char *at, char out[16]) {
  const char *start = at++;
  while (*at && strchr("-+ #0", *at)) at++;
  for (int digits = 0; *at >= '0' && *at <= '9'; at++)
    if (++digits > 2) luaL_error(L, "invalid format (width or precision too long)");
  if (*at == '.')
    for (int digits = (at++, 0); *at >= '0' && *at <= '9'; at++)
      if (++digits > 2) luaL_error(L, "invalid format (width or precision too long)");
  size_t len = (size_t)(at - start) + 1;
  if (!*at || len > 15 || !strchr("cdiouxXeEfgGaAqs", *at))
    luaL_error(L, "invalid option '%%%c' to 'format'", *at ? *at : ' ');
  memcpy(out, start, len);
  out[len] = 0;
  return at + 1;
}

/* The argument of a %s as a text. A __tostring is the script's function, which may format in its turn; so it is called
 * here, where the nesting is counted, and never by the stock format. */
static void push_text(lua_State *L, int arg) {
  lua_pushvalue(L, arg);
  if (lua_isstring(L, -1)) return;
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, -2);
  ed_vm_call(L, 1, 1);
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "'tostring' must return a string");
}

static void push_argument(lua_State *L, int arg, char kind) {
  size_t len = 0;
  if (kind == 's') {
    push_text(L, arg);
    lua_tolstring(L, -1, &len);
  } else if (kind == 'q') {
    luaL_checklstring(L, arg, &len);
    lua_pushvalue(L, arg);
  } else {
    luaL_checknumber(L, arg);
    lua_pushvalue(L, arg);
  }
  ed_vm_charge(L, 40 + len / 4); /* a number with many digits takes microseconds */
}

/* Conversion by conversion through the stock one (upvalue 1), so that one call never does more than one of them. */
static int format(lua_State *L) {
  size_t len;
  const char *at = luaL_checklstring(L, 1, &len);
  const char *end = at + len;
  int top = lua_gettop(L), arg = 1;
  ed_vm_charge(L, 1 + len / 4);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  while (at < end) {
    if (*at != '%') {
      luaL_addchar(&out, *at++);
    } else if (at[1] == '%') {
      luaL_addchar(&out, '%');
      at += 2;
    } else {
      char one[16];
      at = conversion(L, at, one);
      if (++arg > top) return luaL_argerror(L, arg, "no value");
      lua_pushvalue(L, lua_upvalueindex(1));
      lua_pushstring(L, one);
      push_argument(L, arg, one[strlen(one) - 1]);
      lua_call(L, 2, 1);
      luaL_addvalue(&out);
    }
  }
  luaL_pushresult(&out);
  return 1;
}

/* ---- */

static const char *const STOCK[] = {"byte", "char", "len",
                                    "sub"}; /* at most 8,000 values, or a copy that is counted as memory */

static const luaL_Reg OURS[] = {
    {"find", ed_pattern_find},   {"gmatch", ed_pattern_gmatch},
    {"gsub", ed_pattern_gsub},   {"lower", lower},
    {"match", ed_pattern_match}, {"rep", rep},
    {"reverse", reverse},        {"upper", upper},
};

void ed_vm_string(lua_State *L, int stock) {
  lua_newtable(L);
  int table = lua_gettop(L);
  for (size_t i = 0; i < sizeof STOCK / sizeof *STOCK; i++) {
    lua_getfield(L, stock, STOCK[i]);
    lua_setfield(L, table, STOCK[i]);
  }
  for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++) {
    lua_pushcfunction(L, OURS[i].func);
    lua_setfield(L, table, OURS[i].name);
  }
  lua_getfield(L, stock, "format");
  lua_getglobal(L, "tostring");
  lua_pushcclosure(L, format, 2);
  lua_setfield(L, table, "format");
}
