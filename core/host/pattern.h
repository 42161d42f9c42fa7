/* Lua's patterns, with every step counted against the budget of the call: the stock matcher takes exponential time in
 * C, where no hook can interrupt it. Same language, same results, same messages as LuaJIT's. */
#ifndef ED_HOST_PATTERN_H
#define ED_HOST_PATTERN_H

#include "host/vm.h"

/* string.find, match, gmatch and gsub. */
int ed_pattern_find(lua_State *L);
int ed_pattern_match(lua_State *L);
int ed_pattern_gmatch(lua_State *L);
int ed_pattern_gsub(lua_State *L);

#endif
