/* Heads and strings come from libcbor's streaming decoder, which reads one at a time and never allocates; how they
 * nest, UTF-8 and the end are looked after here. */
#include <cbor.h>

#include "codec/cbor.h"
#include "codec/reader_private.h"
#include "codec/utf8.h"

/* What libcbor's callbacks fill. */
struct item {
  struct ed_token *token;
  bool indefinite, stop;
  uint64_t count; /* of a definite array or map: entries */
};

static void put(void *at, enum ed_token_kind kind, uint64_t uint) {
  struct item *item = at;
  item->token->kind = kind;
  item->token->uint = uint;
}

static void open_indefinite(void *at, enum ed_token_kind kind) {
  put(at, kind, 0);
  ((struct item *)at)->indefinite = true;
}

static void open_definite(void *at, enum ed_token_kind kind, uint64_t count) {
  put(at, kind, 0);
  ((struct item *)at)->count = count;
}

static void put_string(void *at, enum ed_token_kind kind, cbor_data data, size_t len) {
  put(at, kind, 0);
  ((struct item *)at)->token->text = ed_span(data, len);
}

static void put_number(void *at, double number) {
  put(at, ED_TOKEN_DOUBLE, 0);
  ((struct item *)at)->token->number = number;
}

static void on_uint8(void *at, uint8_t n) { put(at, ED_TOKEN_UINT, n); }
static void on_uint16(void *at, uint16_t n) { put(at, ED_TOKEN_UINT, n); }
static void on_uint32(void *at, uint32_t n) { put(at, ED_TOKEN_UINT, n); }
static void on_uint64(void *at, uint64_t n) { put(at, ED_TOKEN_UINT, n); }
static void on_nint8(void *at, uint8_t n) { put(at, ED_TOKEN_NINT, n); }
static void on_nint16(void *at, uint16_t n) { put(at, ED_TOKEN_NINT, n); }
static void on_nint32(void *at, uint32_t n) { put(at, ED_TOKEN_NINT, n); }
static void on_nint64(void *at, uint64_t n) { put(at, ED_TOKEN_NINT, n); }
static void on_bytes(void *at, cbor_data data, size_t len) { put_string(at, ED_TOKEN_BYTES, data, len); }
static void on_text(void *at, cbor_data data, size_t len) { put_string(at, ED_TOKEN_TEXT, data, len); }
static void on_bytes_start(void *at) { open_indefinite(at, ED_TOKEN_BYTES); }
static void on_text_start(void *at) { open_indefinite(at, ED_TOKEN_TEXT); }
static void on_array(void *at, size_t count) { open_definite(at, ED_TOKEN_ARRAY, count); }
static void on_map(void *at, size_t count) { open_definite(at, ED_TOKEN_MAP, count); }
static void on_array_start(void *at) { open_indefinite(at, ED_TOKEN_ARRAY); }
static void on_map_start(void *at) { open_indefinite(at, ED_TOKEN_MAP); }
static void on_float(void *at, float number) { put_number(at, (double)number); }
static void on_double(void *at, double number) { put_number(at, number); }
static void on_undefined(void *at) { put(at, ED_TOKEN_UNDEFINED, 0); }
static void on_null(void *at) { put(at, ED_TOKEN_NULL, 0); }
static void on_boolean(void *at, bool yes) { put(at, yes ? ED_TOKEN_TRUE : ED_TOKEN_FALSE, 0); }
static void on_break(void *at) { ((struct item *)at)->stop = true; }

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_nint8,
    .negint16 = on_nint16,
    .negint32 = on_nint32,
    .negint64 = on_nint64,
    .byte_string = on_bytes,
    .byte_string_start = on_bytes_start,
    .string = on_text,
    .string_start = on_text_start,
    .array_start = on_array,
    .indef_array_start = on_array_start,
    .map_start = on_map,
    .indef_map_start = on_map_start,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_undefined,
    .null = on_null,
    .boolean = on_boolean,
    .indef_break = on_break,
};

static int fail(struct ed_reader *reader, const uint8_t *where, const char *what) {
  return ed_cursor_fail(&reader->cursor, where, what);
}

/* One head, with its content where it is a definite string. libcbor takes tags 6 to 20 and simple values that nobody
 * has given a meaning for malformed; they are not (RFC 8949, 3.3 and 3.4), so these and all tags are read here. */
static int take(struct ed_reader *reader, struct item *item) {
  struct ed_cursor *c = &reader->cursor;
  uint8_t first = c->at < c->end ? *c->at : 0;
  bool tag = first >> 5 == ED_CBOR_TAG;
  if (tag || first == 0xf8 || (first >= 0xe0 && first < 0xf4)) {
    struct ed_cbor_head head;
    if (ed_cbor_head(c, &head) < 0) return -1;
    put(item, tag ? ED_TOKEN_TAG : ED_TOKEN_UNDEFINED, tag ? head.argument : 0);
    return 0;
  }
  struct cbor_decoder_result result = cbor_stream_decode(c->at, ed_cursor_left(c), &callbacks, item);
  if (result.status == CBOR_DECODER_NEDATA) return fail(reader, c->end, "invalid CBOR: it ends early");
  if (result.status != CBOR_DECODER_FINISHED) return fail(reader, c->at, "invalid CBOR: a reserved byte");
  c->at += result.read;
  if (item->token->kind != ED_TOKEN_TEXT || item->indefinite) return 0;
  const uint8_t *wrong = ed_utf8_check(item->token->text);
  return wrong ? fail(reader, wrong, "invalid CBOR: text that is not UTF-8") : 0;
}

/* An item has ended, and with it the tags that it has. */
static void complete(struct ed_reader *reader) {
  for (; reader->level > 0; reader->level--) {
    struct ed_reader_level *around = &reader->levels[reader->level - 1];
    if (around->kind == ED_TOKEN_TAG) continue;
    if (around->indefinite)
      around->left ^= 1;
    else
      around->left--;
    return;
  }
  reader->done = true;
}

static int open_level(struct ed_reader *reader, const struct item *item) {
  const struct ed_cursor *c = &reader->cursor;
  if (reader->level >= c->depth_max) return ed_cursor_too_deep(c);
  bool map = item->token->kind == ED_TOKEN_MAP;
  /* an item takes a byte at least, so that a false count is seen here, and twice it cannot overflow */
  if (item->count > ed_cursor_left(c) >> map) return fail(reader, c->end, "invalid CBOR: it ends early");
  struct ed_reader_level *level = &reader->levels[reader->level++];
  level->left = item->count << map;
  level->kind = (uint8_t)item->token->kind;
  level->indefinite = item->indefinite;
  reader->fresh = item->token->kind != ED_TOKEN_TAG;
  return 0;
}

static void close_level(struct ed_reader *reader, struct ed_token *token) {
  reader->level--;
  token->kind = reader->levels[reader->level].kind == ED_TOKEN_MAP ? ED_TOKEN_MAP_END : ED_TOKEN_ARRAY_END;
  reader->fresh = false;
  complete(reader);
}

/* The next piece of a string in pieces; an empty one where there is none at all. */
static int piece(struct ed_reader *reader, struct ed_token *token, enum ed_token_kind kind) {
  struct ed_cursor *c = &reader->cursor;
  const uint8_t *first = c->at;
  struct item item = {.token = token};
  if (take(reader, &item) < 0) return -1;
  if (item.stop) {
    put_string(&item, kind, NULL, 0);
  } else {
    if (token->kind != kind || item.indefinite)
      return fail(reader, first, "invalid CBOR: no fitting piece of a string");
    if (c->at == c->end) return fail(reader, c->end, "invalid CBOR: it ends early");
    token->more = *c->at != ED_CBOR_BREAK;
    if (!token->more) c->at++;
  }
  reader->pieces_of = (uint8_t)(token->more ? kind : 0);
  if (!token->more) complete(reader);
  return 0;
}

/* Where the item to come stands; what is tagged stands where its tag does. */
static void place(struct ed_reader *reader) {
  if (reader->level == 0) return;
  const struct ed_reader_level *around = &reader->levels[reader->level - 1];
  if (around->kind == ED_TOKEN_TAG) return;
  reader->first = reader->fresh;
  reader->fresh = false;
  if (around->kind == ED_TOKEN_ARRAY)
    reader->place = ED_PLACE_ELEMENT;
  else
    reader->place = around->left & 1 ? ED_PLACE_VALUE : ED_PLACE_KEY;
}

int ed_reader_next_cbor(struct ed_reader *reader, struct ed_token *token) {
  struct ed_cursor *c = &reader->cursor;
  *token = (struct ed_token){.kind = ED_TOKEN_END};
  if (reader->done) return c->at == c->end ? 0 : fail(reader, c->at, "invalid CBOR: more follows its end");
  struct ed_reader_level *around = reader->level ? &reader->levels[reader->level - 1] : NULL;
  if (around && around->kind != ED_TOKEN_TAG && !around->indefinite && around->left == 0) {
    close_level(reader, token);
    return 0;
  }
  if (!reader->pieces_of) place(reader);
  token->place = reader->place;
  token->first = reader->first;
  if (reader->pieces_of) return piece(reader, token, reader->pieces_of);
  const uint8_t *first = c->at;
  struct item item = {.token = token};
  if (take(reader, &item) < 0) return -1;
  if (item.stop) {
    if (!around || !around->indefinite || (around->kind == ED_TOKEN_MAP && around->left)) {
      return fail(reader, first, "invalid CBOR: a break out of place");
    }
    close_level(reader, token);
    return 0;
  }
  enum ed_token_kind kind = token->kind;
  if (kind == ED_TOKEN_ARRAY || kind == ED_TOKEN_MAP || kind == ED_TOKEN_TAG) return open_level(reader, &item);
  if (item.indefinite) return piece(reader, token, kind);
  complete(reader);
  return 0;
}
