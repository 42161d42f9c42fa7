/* A value in the other encoding. Both ways are one pass over the reader's tokens; neither recurses, and neither can
 * fail, since the value has been checked. */
#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/wire.h"

/* JSON to CBOR. How many entries a container has is known at its end only, so its head is one byte, filled in there:
 * the definite form below 24 entries, the indefinite one, with a break, from there on. Nothing is counted ahead or
 * moved. */

struct open_container {
  size_t head; /* where in the output */
  uint64_t count;
};

static void close_cbor(struct ed_buf *out, const struct open_container *container, enum ed_cbor_major major) {
  bool small = container->count < 24; /* NOLINT(clang-analyzer-*): its head was set */
  out->at[container->head] = (uint8_t)(major << 5 | (small ? container->count : 31));
  if (!small) ed_buf_add_byte(out, ED_CBOR_BREAK);
}

static void text_to_cbor(struct ed_buf *out, const struct ed_token *token) {
  if (!token->escaped) {
    ed_cbor_add_text(out, token->text);
    return;
  }
  size_t head = out->len;
  ed_buf_reserve(out, 9);
  out->len += 9;
  ed_json_unescape(token->text, out);
  size_t len = out->len - head - 9;
  uint8_t *content = ed_cbor_put_head(out->at + head, ED_CBOR_TEXT, len);
  memmove(content, out->at + head + 9, len);
  out->len = (size_t)(content - out->at) + len;
}

static void number_to_cbor(struct ed_buf *out, const struct ed_token *token) {
  if (token->kind == ED_TOKEN_UINT)
    ed_cbor_add_head(out, ED_CBOR_UINT, token->uint);
  else if (token->kind == ED_TOKEN_NINT)
    ed_cbor_add_head(out, ED_CBOR_NINT, token->uint);
  else if (token->big)
    ed_cbor_add_double(out, token->number);
  else
    ed_cbor_add_float(out, token->number);
}

static void scalar_to_cbor(struct ed_buf *out, const struct ed_token *token) {
  switch (token->kind) {
    case ED_TOKEN_TEXT: text_to_cbor(out, token); break;
    case ED_TOKEN_FALSE: ed_buf_add_byte(out, 0xf4); break;
    case ED_TOKEN_TRUE: ed_buf_add_byte(out, 0xf5); break;
    case ED_TOKEN_NULL: ed_buf_add_byte(out, ED_CBOR_NULL); break;
    default: number_to_cbor(out, token); break;
  }
}

static void to_cbor(struct ed_reader *reader, struct ed_buf *out) {
  struct open_container stack[ED_DEPTH_MAX];
  struct ed_token token;
  unsigned level = 0;
  while (ed_reader_next(reader, &token) == 0 && token.kind != ED_TOKEN_END) {
    if (token.kind == ED_TOKEN_ARRAY_END || token.kind == ED_TOKEN_MAP_END) {
      close_cbor(out, &stack[--level], token.kind == ED_TOKEN_MAP_END ? ED_CBOR_MAP : ED_CBOR_ARRAY);
      continue;
    }
    /* NOLINTNEXTLINE(clang-analyzer-*): within a container */
    if (token.place == ED_PLACE_ELEMENT || token.place == ED_PLACE_KEY) stack[level - 1].count++;
    if (token.kind == ED_TOKEN_ARRAY || token.kind == ED_TOKEN_MAP) {
      stack[level++] = (struct open_container){.head = out->len};
      ed_buf_add_byte(out, 0);
    } else {
      scalar_to_cbor(out, &token);
    }
  }
}

/* CBOR to JSON. A key that is no text is written as its JSON text, which is then made a string. In that text a key that
 * is itself an array or a map stays empty: each level of quotes doubles the backslashes of the one within, so that
 * nested keys would grow without bound. */

struct json_writer {
  struct ed_buf *out;
  unsigned depth;    /* containers open */
  size_t item_start; /* where the item at hand began */
  bool in_pieces;    /* the token to come continues a string */
  bool in_key;       /* inside a key that is an array or a map: its text began at key_start, */
  size_t key_start;
  unsigned key_depth; /* and ends when so many containers are open again */
  bool skipping;      /* inside such a key in a key: until skip_depth containers are open again */
  unsigned skip_depth;
};

static void add_bytes(struct ed_buf *out, struct ed_span bytes, bool comma) {
  if (bytes.len == 0) return;
  uint8_t *to = ed_buf_reserve(out, 4 * bytes.len); /* "255," */
  for (size_t i = 0; i < bytes.len; i++) {
    uint8_t byte = bytes.at[i];
    if (i > 0 || comma) *to++ = ',';
    if (byte >= 100) *to++ = (uint8_t)('0' + byte / 100);
    if (byte >= 10) *to++ = (uint8_t)('0' + byte / 10 % 10);
    *to++ = (uint8_t)('0' + byte % 10);
  }
  out->len = (size_t)(to - out->at);
}

static void add_negative(struct ed_buf *out, uint64_t n) {
  if (n == UINT64_MAX) {
    ed_buf_add_text(out, "-18446744073709551616");
    return;
  }
  ed_buf_add_byte(out, '-');
  ed_buf_add_u64(out, n + 1);
}

static void string_to_json(struct json_writer *writer, const struct ed_token *token) {
  const bool text = token->kind == ED_TOKEN_TEXT;
  if (!writer->in_pieces) ed_buf_add_byte(writer->out, text ? '"' : '[');
  if (text)
    ed_json_add_escaped(writer->out, token->text);
  else
    add_bytes(writer->out, token->text, writer->out->at[writer->out->len - 1] != '[');
  writer->in_pieces = token->more;
  if (!token->more) ed_buf_add_byte(writer->out, text ? '"' : ']');
}

static void token_to_json(struct json_writer *writer, const struct ed_token *token) {
  struct ed_buf *out = writer->out;
  switch (token->kind) {
    case ED_TOKEN_TEXT:
    case ED_TOKEN_BYTES: string_to_json(writer, token); break;
    case ED_TOKEN_UINT: ed_buf_add_u64(out, token->uint); break;
    case ED_TOKEN_NINT: add_negative(out, token->uint); break;
    case ED_TOKEN_DOUBLE: ed_json_add_double(out, token->number); break;
    case ED_TOKEN_FALSE: ed_buf_add_text(out, "false"); break;
    case ED_TOKEN_TRUE: ed_buf_add_text(out, "true"); break;
    case ED_TOKEN_ARRAY: ed_buf_add_byte(out, '['); break;
    case ED_TOKEN_ARRAY_END: ed_buf_add_byte(out, ']'); break;
    case ED_TOKEN_MAP: ed_buf_add_byte(out, '{'); break;
    case ED_TOKEN_MAP_END: ed_buf_add_byte(out, '}'); break;
    default: ed_buf_add_text(out, "null"); break;
  }
}

/* One that begins (or goes on, or is a scalar). */
static void item_to_json(struct json_writer *writer, const struct ed_token *token) {
  struct ed_buf *out = writer->out;
  if (!writer->in_pieces) {
    if (token->place == ED_PLACE_VALUE) ed_buf_add_byte(out, ':');
    if ((token->place == ED_PLACE_ELEMENT || token->place == ED_PLACE_KEY) && !token->first) ed_buf_add_byte(out, ',');
    writer->item_start = out->len;
  }
  const bool opens = token->kind == ED_TOKEN_ARRAY || token->kind == ED_TOKEN_MAP;
  const bool bare_key = token->place == ED_PLACE_KEY && token->kind != ED_TOKEN_TEXT;
  if (bare_key && opens) {
    if (writer->in_key) {
      ed_buf_add_text(out, token->kind == ED_TOKEN_MAP ? "\"{}\"" : "\"[]\"");
      writer->skipping = true;
      writer->skip_depth = writer->depth;
      return;
    }
    writer->in_key = true;
    writer->key_start = writer->item_start;
    writer->key_depth = writer->depth;
  }
  token_to_json(writer, token);
  if (bare_key && !opens && !token->more) ed_json_quote_tail(out, writer->item_start);
}

static void end_to_json(struct json_writer *writer, const struct ed_token *token) {
  token_to_json(writer, token);
  if (!writer->in_key || writer->depth != writer->key_depth) return;
  ed_json_quote_tail(writer->out, writer->key_start);
  writer->in_key = false;
}

static void to_json(struct ed_reader *reader, struct ed_buf *out) {
  struct json_writer writer = {.out = out};
  struct ed_token token;
  while (ed_reader_next(reader, &token) == 0 && token.kind != ED_TOKEN_END) {
    const bool ends = token.kind == ED_TOKEN_ARRAY_END || token.kind == ED_TOKEN_MAP_END;
    if (token.kind == ED_TOKEN_TAG) continue;
    if (ends) writer.depth--;
    if (writer.skipping)
      writer.skipping = !(ends && writer.depth == writer.skip_depth);
    else if (ends)
      end_to_json(&writer, &token);
    else
      item_to_json(&writer, &token);
    if (token.kind == ED_TOKEN_ARRAY || token.kind == ED_TOKEN_MAP) writer.depth++;
  }
}

void ed_wire_transcode(enum ed_encoding encoding, struct ed_span from, struct ed_buf *out) {
  struct ed_reader reader;
  ed_reader_init(&reader, encoding, from, ED_DEPTH_MAX);
  (encoding == ED_JSON ? to_cbor : to_json)(&reader, out);
}
