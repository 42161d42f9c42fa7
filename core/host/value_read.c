/* From Lua to wire. */
#include <math.h>
#include <stdio.h>

#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "codec/wire.h"
#include "host/value_private.h"

#define EXACT 9007199254740992.0 /* 2^53 */
#define PATH_STEPS 8             /* that are shown of the way to what cannot be sent */
/* Of what holds an opaque value, with it; what a script pushes may come back to it as one. */
#define RAW_DEPTH_MAX 128

/* One step on the way from the value to what cannot be sent. */
struct step {
  const char *name; /* of a map's entry; the string is on the Lua stack. NULL: of an array */
  int index;
};

struct writer {
  lua_State *L;
  struct ed_buf *out;
  enum ed_encoding encoding;
  bool strict;  /* JSON is wanted: nothing that it cannot express, but for bytes */
  bool restart; /* there are bytes: all of it again in CBOR */
  size_t most;  /* what out->len may become */
  unsigned depth;
  struct step path[ED_VALUE_DEPTH_MAX];
};

/* "cannot send WHAT (at .shape[3].fn)" */
static int refuse(struct writer *w, const char *what) {
  char path[PATH_STEPS * 32 + 8] = "";
  size_t len = 0;
  for (unsigned i = 0; i < w->depth && i < PATH_STEPS; i++) {
    const struct step *step = &w->path[i];
    int added = step->name ? snprintf(path + len, sizeof path - len, ".%.30s", step->name)
                           : snprintf(path + len, sizeof path - len, "[%d]", step->index);
    len += added > 0 ? (size_t)added : 0;
  }
  if (w->depth > PATH_STEPS) snprintf(path + len, sizeof path - len, "...");
  return luaL_error(w->L, path[0] ? "cannot send %s (at %s)" : "cannot send %s", what, path);
}

static void account(struct writer *w, size_t more) {
  ed_vm_charge(w->L, 2 + more / 8);
  if (w->out->len > w->most || more > w->most - w->out->len) refuse(w, "a value as long as this");
}

static void write_text(struct writer *w, int index) {
  size_t len;
  const char *at = lua_tolstring(w->L, index, &len);
  struct ed_span text = ed_span(at, len);
  account(w, len);
  if (ed_utf8_check(text)) refuse(w, "a text that is not UTF-8 (eddy.bytes makes a byte string of it)");
  if (w->encoding == ED_JSON)
    ed_json_add_string(w->out, text);
  else
    ed_cbor_add_text(w->out, text);
}

static void write_number(struct writer *w, double number) {
  account(w, 9);
  if (w->strict && !isfinite(number)) refuse(w, isnan(number) ? "NaN" : "an infinite number");
  bool integer = floor(number) == number && fabs(number) <= EXACT && !(number == 0 && signbit(number));
  uint64_t magnitude = integer ? (uint64_t)fabs(number) : 0;
  if (w->encoding == ED_CBOR) {
    if (!integer)
      ed_cbor_add_float(w->out, number);
    else if (number < 0)
      ed_cbor_add_head(w->out, ED_CBOR_NINT, magnitude - 1);
    else
      ed_cbor_add_head(w->out, ED_CBOR_UINT, magnitude);
  } else if (integer) {
    if (number < 0) ed_buf_add_byte(w->out, '-');
    ed_buf_add_u64(w->out, magnitude);
  } else {
    ed_json_add_double(w->out, number);
  }
}

/* The digits of an integer, or the text of a number beyond what a double holds. */
static void write_digits(struct writer *w, struct ed_span digits) {
  account(w, digits.len);
  if (w->encoding == ED_JSON)
    ed_buf_add_span(w->out, digits);
  else
    ed_wire_transcode(ED_JSON, digits, w->out);
}

static void write_bytes(struct writer *w, struct ed_span bytes) {
  account(w, bytes.len);
  if (w->encoding == ED_JSON) {
    w->restart = true;
    return;
  }
  ed_cbor_add_head(w->out, ED_CBOR_BYTES, bytes.len);
  ed_buf_add_span(w->out, bytes);
}

/* An opaque value inside of another. Its depth is looked at, so that none grows by being put into itself again and
 * again. */
static void write_raw(struct writer *w, const struct ed_blob *raw) {
  struct ed_span value = ed_blob_span(raw);
  account(w, value.len);
  struct ed_cursor cursor = ed_cursor(value, RAW_DEPTH_MAX, NULL);
  int deep = raw->encoding == ED_JSON ? ed_json_skip(&cursor, w->depth) : ed_cbor_skip(&cursor, w->depth);
  if (deep < 0) refuse(w, "values nested so deeply");
  if (raw->encoding == w->encoding)
    ed_buf_add_span(w->out, value);
  else if (raw->encoding == ED_CBOR)
    w->restart = true; /* it may have what JSON has not */
  else
    ed_wire_transcode(ED_JSON, value, w->out);
}

static void write_userdata(struct writer *w, int index) {
  const struct ed_blob *blob;
  if ((blob = ed_blob_at(w->L, index, ED_REF_BYTES)))
    write_bytes(w, ed_blob_span(blob));
  else if ((blob = ed_blob_at(w->L, index, ED_REF_INTEGER)))
    write_digits(w, ed_blob_span(blob));
  else if ((blob = ed_blob_at(w->L, index, ED_REF_RAW)))
    write_raw(w, blob);
  else
    refuse(w, "an object of the host's");
}

static void write_value(struct writer *w, int index);

static void write_array(struct writer *w, int table) {
  lua_State *L = w->L;
  size_t len = lua_objlen(L, table);
  size_t found = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1), found++) {
    if (lua_type(L, -2) != LUA_TNUMBER) refuse(w, "a table with both an array's and a map's keys");
    ed_vm_charge(L, 1);
  }
  struct step *step = &w->path[w->depth++];
  *step = (struct step){0};
  if (w->encoding == ED_JSON)
    ed_buf_add_byte(w->out, '[');
  else
    ed_cbor_add_head(w->out, ED_CBOR_ARRAY, len);
  for (size_t i = 1; i <= len; i++) {
    step->index = (int)i;
    lua_rawgeti(L, table, (int)i);
    if (lua_isnil(L, -1)) refuse(w, "an array with a hole in it");
    if (i > 1 && w->encoding == ED_JSON) ed_buf_add_byte(w->out, ',');
    write_value(w, lua_gettop(L));
    lua_pop(L, 1);
  }
  w->depth--;
  if (found != len) refuse(w, "an array with a hole in it"); /* or with keys like 0, -1, 1.5 */
  if (w->encoding == ED_JSON) ed_buf_add_byte(w->out, ']');
}

/* In CBOR the number of entries is filled in at the end: in the head's one byte, or, from 24 on, a break at the end
 * says it. */
static void write_map(struct writer *w, int table) {
  lua_State *L = w->L;
  size_t head = w->out->len, entries = 0;
  struct step *step = &w->path[w->depth++];
  ed_buf_add_byte(w->out, '{');
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    *step = (struct step){0};
    int key = lua_gettop(L) - 1;
    if (lua_type(L, key) != LUA_TSTRING) {
      w->depth--;
      refuse(w, lua_type(L, key) == LUA_TNUMBER ? "a table with both an array's and a map's keys"
                                                : "a table with keys that are no texts");
    }
    step->name = lua_tostring(L, key);
    if (entries++ && w->encoding == ED_JSON) ed_buf_add_byte(w->out, ',');
    write_text(w, key);
    if (w->encoding == ED_JSON) ed_buf_add_byte(w->out, ':');
    write_value(w, key + 1);
  }
  w->depth--;
  if (w->encoding == ED_JSON) {
    ed_buf_add_byte(w->out, '}');
    return;
  }
  w->out->at[head] = (uint8_t)(ED_CBOR_MAP << 5 | (entries < 24 ? entries : 31));
  if (entries >= 24) ed_buf_add_byte(w->out, ED_CBOR_BREAK);
}

/* Marked tables are arrays, and unmarked ones that have a number among their keys first. */
static bool is_array(lua_State *L, int table) {
  if (ed_array_marked(L, table)) return true;
  lua_pushnil(L);
  if (!lua_next(L, table)) return false;
  bool number = lua_type(L, -2) == LUA_TNUMBER;
  lua_pop(L, 2);
  return number;
}

static void write_table(struct writer *w, int index) {
  if (w->depth == ED_VALUE_DEPTH_MAX) refuse(w, "a table nested more than 64 deep, or in itself");
  luaL_checkstack(w->L, 8, "no room for a value");
  account(w, 2);
  if (ed_vm_frozen(w->L, index)) refuse(w, "a library");
  if (is_array(w->L, index))
    write_array(w, index);
  else
    write_map(w, index);
}

/* `index` is absolute. */
static void write_value(struct writer *w, int index) {
  lua_State *L = w->L;
  if (w->restart) return;
  switch (lua_type(L, index)) {
    case LUA_TSTRING: write_text(w, index); break;
    case LUA_TNUMBER: write_number(w, lua_tonumber(L, index)); break;
    case LUA_TTABLE: write_table(w, index); break;
    case LUA_TUSERDATA: write_userdata(w, index); break;
    case LUA_TBOOLEAN:
      account(w, 5);
      if (w->encoding == ED_JSON)
        ed_buf_add_text(w->out, lua_toboolean(L, index) ? "true" : "false");
      else
        ed_buf_add_byte(w->out, lua_toboolean(L, index) ? 0xf5 : 0xf4);
      break;
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, index)) refuse(w, "an object of the host's");
      account(w, 4);
      if (w->encoding == ED_JSON)
        ed_buf_add_text(w->out, "null");
      else
        ed_buf_add_byte(w->out, ED_CBOR_NULL);
      break;
    case LUA_TNIL: refuse(w, "nil (use eddy.null)"); break;
    case LUA_TFUNCTION: refuse(w, "a function"); break;
    default: refuse(w, "a value of this kind"); break;
  }
}

enum ed_encoding ed_value_read(lua_State *L, int index, enum ed_encoding wanted, struct ed_buf *out) {
  if (index < 0) index += lua_gettop(L) + 1;
  const struct ed_blob *raw = ed_blob_at(L, index, ED_REF_RAW);
  if (raw) {
    ed_vm_charge(L, 1 + raw->len / 16);
    ed_buf_add_span(out, ed_blob_span(raw));
    return raw->encoding;
  }
  size_t start = out->len;
  struct writer w = {.L = L, .out = out, .encoding = wanted, .strict = wanted == ED_JSON};
  w.most = start + ed_vm_of(L)->limits.allocation;
  write_value(&w, index);
  if (!w.restart) return wanted;
  out->len = start;
  w.encoding = ED_CBOR;
  w.restart = false;
  write_value(&w, index);
  return ED_CBOR;
}
