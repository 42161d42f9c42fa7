#include "host/guard.h"

#include "host/vm_private.h"

/* lua_pcall of the function below its arguments. Returns whether it went well; where not, the error is in its place.
 *
 * After an error that it may catch the budget is looked at, as the error may be that of a stack so full that the hook
 * could not run. The handlers that Lua itself would call run with hooks off; so there are none here, see
 * ed_guard_xpcall. */
static bool protected_call(lua_State *L, int arguments) {
  struct ed_vm *vm = ed_vm_of(L);
  unsigned depth = vm->depth;
  ed_vm_enter(L);
  int status = lua_pcall(L, arguments, LUA_MULTRET, 0);
  vm->depth = depth;
  if (status == 0) return true;
  if (status == LUA_ERRMEM) lua_error(L);
  ed_vm_charge(L, vm->look_at > vm->used ? vm->look_at - vm->used : 1);
  return false;
}

int ed_guard_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  bool good = protected_call(L, lua_gettop(L) - 1);
  lua_pushboolean(L, good);
  lua_insert(L, 1);
  return lua_gettop(L);
}

/* xpcall(f, handler, ...): the handler runs after unwinding, like any other function. */
int ed_guard_xpcall(lua_State *L) {
  luaL_checkany(L, 2);
  lua_pushvalue(L, 1);
  lua_insert(L, 3); /* f, handler, f, arguments */
  if (protected_call(L, lua_gettop(L) - 3)) {
    lua_pushboolean(L, 1);
    lua_replace(L, 2);
    return lua_gettop(L) - 1;
  }
  lua_pushvalue(L, 2);
  lua_insert(L, -2);    /* f, handler, handler, error */
  protected_call(L, 1); /* what it throws takes the place of what it would have returned */
  lua_pushboolean(L, 0);
  lua_replace(L, 2);
  return lua_gettop(L) - 1;
}
