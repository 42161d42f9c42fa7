/* The parts of vm.h among themselves. */
#ifndef ED_HOST_VM_PRIVATE_H
#define ED_HOST_VM_PRIVATE_H

#include "host/vm.h"

/* Sets up what scripts find: ED_REF_GLOBALS and ED_REF_ENVIRONMENT. */
void ed_vm_furnish(lua_State *L);

/* Each pushes the table of a library as scripts get it, not yet locked. `stock` is Lua's own, which they pick from. */
void ed_vm_string(lua_State *L, int stock);
void ed_vm_table(lua_State *L, int stock);

/* A buffer for building one string, empty. Nothing of the script's may run until it is pushed. */
struct ed_buf *ed_vm_scratch(lua_State *L);
/* Throws where the buffer would become a longer string than is allowed. */
void ed_vm_scratch_reserve(lua_State *L, size_t more);

/* One level deeper into functions that call back into Lua; throws where that is too deep. On the way out vm->depth is
 * counted down; where an error is caught, it is set to what it was. */
void ed_vm_enter(lua_State *L);

/* t[k] with the key popped and the value pushed, as lua_gettable, but with a bound on how deep metamethods nest. */
void ed_vm_index(lua_State *L, int index);
void ed_vm_field(lua_State *L, int index, const char *name); /* likewise, as lua_getfield */

/* The line of a number literal that would make a cdata object (42LL, 1ULL, 2i), and so load the FFI; 0: there is none.
 */
int ed_vm_source_cdata(struct ed_span source);

/* The message handler of ed_vm_run: describes the error at 1 in vm->error. */
int ed_vm_describe(lua_State *L);
/* What a trip is called, without a position. `out` holds 200 bytes. */
void ed_vm_trip_text(const struct ed_vm *vm, char *out);

#endif
