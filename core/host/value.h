/* Values between wire and Lua, straight: no tree in between.
 *
 *   null, undefined            eddy.null, a light userdata
 *   array                      a table with a hidden mark (a metatable), so that [] comes back as []
 *   map                        a table; an unmarked empty table is {}
 *   integer within +-2^53      a number; beyond: an opaque value that is written back digit for digit
 *   other number               a number (opaque where it is beyond what a double holds)
 *   byte string                a bytes value
 *   CBOR tag                   dropped, its content kept
 *
 * What has no exact counterpart is an error that says where: "cannot send a function (at .shape.fn)". */
#ifndef ED_HOST_VALUE_H
#define ED_HOST_VALUE_H

#include "codec/reader.h"
#include "host/vm.h"

#define ED_VALUE_DEPTH_MAX 64 /* containers within each other, both ways */

/* Called by ed_vm_open. */
void ed_value_init(lua_State *L);

/* Pushes the value of these bytes (valid in `encoding`, as everything that a room has). Throws where it is nested too
 * deeply or has keys that are no text. */
void ed_value_push(lua_State *L, enum ed_encoding encoding, struct ed_span value);

/* Pushes an opaque value that holds the bytes as they are. */
void ed_value_push_raw(lua_State *L, enum ed_encoding encoding, struct ed_span value);

/* Adds the value at `index`, encoded, to `out`, and says in which encoding. That is `wanted`, but for an opaque value
 * (its own, byte for byte), and for JSON where there are byte strings in the value: CBOR then, as JSON cannot hold
 * them. Throws; `out` is the host's and reused, so that nothing leaks then, and what was added is worth nothing. At
 * most limits.allocation bytes. */
enum ed_encoding ed_value_read(lua_State *L, int index, enum ed_encoding wanted, struct ed_buf *out);

/* Pushes a table of what scripts need to make and tell such values: null, array, is_array, bytes, is_bytes, integer,
 * is_integer. */
int ed_value_library(lua_State *L);

#endif
