/* From wire to Lua: the reader's tokens, one after the other, onto the Lua stack. A container that is open lies there,
 * and above it, in a map, the key that waits for its value. */
#include <math.h>

#include "codec/json.h"
#include "host/value_private.h"
#include "host/vm_private.h"

#define EXACT 9007199254740992u /* 2^53 */

struct level {
  int count; /* of an array: elements so far; of a map: -1 */
};

struct builder {
  lua_State *L;
  struct ed_reader reader;
  struct ed_token token;
  struct level levels[ED_VALUE_DEPTH_MAX];
  unsigned depth;
  struct ed_buf *pieces; /* a string that comes in pieces, or with escapes */
};

static int fail(struct builder *b, const char *why) {
  return luaL_error(b->L, "this value cannot be shown to a script: %s", why);
}

/* The text of the token (and of the pieces before it), where it is not the last piece nothing. */
static bool whole(struct builder *b, struct ed_span *text) {
  const struct ed_token *token = &b->token;
  *text = token->text;
  if (!token->more && !token->escaped && b->pieces->len == 0) return true;
  ed_vm_scratch_reserve(b->L, token->text.len);
  if (token->escaped)
    ed_json_unescape(token->text, b->pieces);
  else
    ed_buf_add_span(b->pieces, token->text);
  *text = ed_buf_span(b->pieces);
  if (!token->more) b->pieces->len = 0; /* the bytes stay until the next one */
  return !token->more;
}

static void push_integer(lua_State *L, uint64_t n, bool negative) {
  if (n <= EXACT - negative) { /* n stands for -1-n */
    lua_pushnumber(L, negative ? -1 - (lua_Number)n : (lua_Number)n);
    return;
  }
  uint8_t digits[21] = "-";
  if (negative && n == UINT64_MAX) {
    ed_blob_push(L, ED_REF_INTEGER, ED_LIT("-18446744073709551616"));
    return;
  }
  unsigned len = ed_json_digits(negative ? n + 1 : n, digits + negative);
  ed_blob_push(L, ED_REF_INTEGER, ed_span(digits, len + negative));
}

/* Pushes a scalar. False where it is a piece of a string that is not complete. */
static bool push_scalar(struct builder *b) {
  lua_State *L = b->L;
  const struct ed_token *token = &b->token;
  struct ed_span text;
  switch (token->kind) {
    case ED_TOKEN_FALSE: lua_pushboolean(L, 0); break;
    case ED_TOKEN_TRUE: lua_pushboolean(L, 1); break;
    case ED_TOKEN_UINT: push_integer(L, token->uint, false); break;
    case ED_TOKEN_NINT: push_integer(L, token->uint, true); break;
    case ED_TOKEN_DOUBLE:
      /* what JSON has beyond a double's range is kept by its text */
      if (token->text.len && (token->big || isinf(token->number)))
        ed_blob_push(L, ED_REF_INTEGER, token->text);
      else
        lua_pushnumber(L, token->number);
      break;
    case ED_TOKEN_TEXT:
      if (!whole(b, &text)) return false;
      lua_pushlstring(L, text.len ? (const char *)text.at : "", text.len);
      break;
    case ED_TOKEN_BYTES:
      if (!whole(b, &text)) return false;
      ed_blob_push(L, ED_REF_BYTES, text);
      break;
    default: ed_null_push(L); break;
  }
  ed_vm_charge(L, 2 + token->text.len / 16);
  return true;
}

/* What is on top is complete: it becomes a key, goes into what is open around it, or is the result. */
static void place(struct builder *b, enum ed_place place) {
  if (b->depth == 0) return;
  struct level *level = &b->levels[b->depth - 1];
  if (place == ED_PLACE_KEY) return;
  if (level->count < 0)
    lua_rawset(b->L, -3);
  else
    lua_rawseti(b->L, -2, ++level->count);
}

static void open_container(struct builder *b, bool array) {
  lua_State *L = b->L;
  if (b->depth == ED_VALUE_DEPTH_MAX) fail(b, "it is nested too deeply");
  lua_createtable(L, array ? 4 : 0, array ? 0 : 4);
  if (array) ed_array_mark(L);
  b->levels[b->depth++].count = array ? 0 : -1;
  ed_vm_charge(L, 8);
}

static void add_token(struct builder *b) {
  const struct ed_token *token = &b->token;
  bool opens = token->kind == ED_TOKEN_ARRAY || token->kind == ED_TOKEN_MAP;
  if (token->kind == ED_TOKEN_TAG) return;
  if (token->kind == ED_TOKEN_ARRAY_END || token->kind == ED_TOKEN_MAP_END) {
    b->depth--;
    place(b, ED_PLACE_VALUE); /* no container is a key */
    return;
  }
  if (token->place == ED_PLACE_KEY && token->kind != ED_TOKEN_TEXT) fail(b, "it has a key that is no text");
  if (opens) {
    open_container(b, token->kind == ED_TOKEN_ARRAY);
    return;
  }
  if (push_scalar(b)) place(b, token->place);
}

void ed_value_push(lua_State *L, enum ed_encoding encoding, struct ed_span value) {
  struct builder b;
  b.L = L;
  b.depth = 0;
  b.pieces = ed_vm_scratch(L);
  luaL_checkstack(L, 2 * ED_VALUE_DEPTH_MAX + 8, "no room for a value");
  ed_reader_init(&b.reader, encoding, value, ED_DEPTH_MAX);
  for (;;) {
    if (ed_reader_next(&b.reader, &b.token) < 0) fail(&b, b.reader.fault.text);
    if (b.token.kind == ED_TOKEN_END) return;
    add_token(&b);
  }
}
