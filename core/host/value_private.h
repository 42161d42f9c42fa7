/* The parts of value.h among themselves. */
#ifndef ED_HOST_VALUE_PRIVATE_H
#define ED_HOST_VALUE_PRIVATE_H

#include "host/value.h"

/* The userdata of a byte string, an opaque integer (its digits in ASCII), and an opaque value. */
struct ed_blob {
  size_t len;
  uint8_t encoding; /* enum ed_encoding; of an opaque value only */
  uint8_t at[];
};

static inline struct ed_span ed_blob_span(const struct ed_blob *blob) { return ed_span(blob->at, blob->len); }

/* `type` is ED_REF_BYTES, ED_REF_INTEGER or ED_REF_RAW. */
struct ed_blob *ed_blob_push(lua_State *L, enum ed_vm_ref type, struct ed_span content);
/* NULL where the value at `index` is none of this type. */
struct ed_blob *ed_blob_at(lua_State *L, int index, enum ed_vm_ref type);

/* eddy.null */
static inline void ed_null_push(lua_State *L) { lua_pushlightuserdata(L, NULL); }

/* Marks the table on top as an array. */
void ed_array_mark(lua_State *L);
bool ed_array_marked(lua_State *L, int index);

#endif
