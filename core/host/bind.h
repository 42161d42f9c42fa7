/* The objects that scripts see; for the bind_*.c. Each is a userdata with a locked metatable, whose identity every
 * method checks (a script can pass any value as self). An object may outlive what it stands for, and then is empty. */
#ifndef ED_HOST_BIND_H
#define ED_HOST_BIND_H

#include "host/policy.h"

struct ed_room_object {
  struct ed_instance *instance; /* NULL: the room has ended, or runs another version by now */
};

struct ed_member_object {
  struct ed_member *member; /* NULL: it has gone */
  struct ed_instance *instance;
  lua_Number id; /* stays */
};

/* Names of the metatables in the registry. */
#define ED_ROOM_TYPE "eddy.room"
#define ED_MEMBER_TYPE "eddy.member"
#define ED_MSG_TYPE "eddy.msg"
#define ED_TIMER_TYPE "eddy.timer"

/* Makes a metatable: `methods` are found by __index (or by `index`, given their table as its first upvalue), and
 * scripts can neither see nor change it. */
void ed_bind_type(lua_State *L, const char *type, const luaL_Reg *methods, lua_CFunction index, lua_CFunction newindex,
                  lua_CFunction tostring);

struct ed_room_object *ed_bind_room_check(lua_State *L, int index);     /* throws where it is not one, or empty */
struct ed_member_object *ed_bind_member_check(lua_State *L, int index); /* throws where it is not one; may be empty */
struct ed_span ed_bind_text(lua_State *L, int index);                   /* a Lua string; throws */
struct ed_span ed_bind_key(lua_State *L, int index);                    /* one that may be sent as a key; throws */

#endif
