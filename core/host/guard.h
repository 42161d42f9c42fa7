/* pcall and xpcall as scripts get them. They catch what a script has done wrong, and pass on what the host has to say:
 * that the budget is used up, or the memory. */
#ifndef ED_HOST_GUARD_H
#define ED_HOST_GUARD_H

#include "host/vm.h"

int ed_guard_pcall(lua_State *L);
int ed_guard_xpcall(lua_State *L);

#endif
