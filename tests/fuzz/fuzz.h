/* What the fuzzers of the codec share. */
#ifndef ED_TESTS_FUZZ_H
#define ED_TESTS_FUZZ_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "codec/wire.h"

/* Not assert: it must hold in every build. */
#define MUST(condition)                                                              \
  do {                                                                               \
    if (!(condition)) {                                                              \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                       \
    }                                                                                \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whether all of `bytes` is one value, by the one-pass check; and by the reader. */
static inline enum ed_fault_code check(enum ed_encoding encoding, struct ed_span bytes, unsigned depth) {
  struct ed_fault fault = {ED_FAULT_NONE, ""};
  struct ed_cursor c = ed_cursor(bytes, depth, &fault);
  if ((encoding == ED_JSON ? ed_json_skip(&c, 0) : ed_cbor_skip(&c, 0)) < 0) return fault.code;
  while (encoding == ED_JSON && c.at < c.end && (*c.at == ' ' || *c.at == '\t' || *c.at == '\n' || *c.at == '\r'))
    c.at++;
  MUST(c.at <= c.end);
  return c.at == c.end ? ED_FAULT_NONE : ED_FAULT_MALFORMED;
}

static inline enum ed_fault_code read_through(enum ed_encoding encoding, struct ed_span bytes, unsigned depth) {
  static struct ed_reader reader;
  struct ed_token token;
  ed_reader_init(&reader, encoding, bytes, depth);
  for (;;) {
    if (ed_reader_next(&reader, &token) < 0) return reader.fault.code;
    if (token.kind == ED_TOKEN_END) return ED_FAULT_NONE;
    MUST(reader.level <= depth);
    if (token.kind == ED_TOKEN_TEXT) MUST(!ed_utf8_check(token.text));
    if (token.text.len) MUST(token.text.at >= bytes.at && token.text.at + token.text.len <= bytes.at + bytes.len);
  }
}

/* jansson's opinion of a text that we take for `ours`. It refuses some that we pass: numbers that it cannot hold, a NUL
 * in a key; and takes a NUL behind a value for the end. Its depth limit is beyond ours. */
static inline void ask_jansson(struct ed_span text, enum ed_fault_code ours) {
  json_error_t error;
  json_t *tree = json_loadb((const char *)text.at, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
  if (tree) {
    json_decref(tree);
    MUST(ours != ED_FAULT_MALFORMED || memchr(text.at, 0, text.len));
    return;
  }
  enum json_error_code code = json_error_code(&error);
  bool its_own = code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
  MUST(its_own || ours != ED_FAULT_NONE);
}

/* A valid value goes to the other encoding and back, is valid there and not too long, and comes to rest: once it is
 * JSON that came from CBOR, it stays what it is. */
static inline void there_and_back(enum ed_encoding encoding, struct ed_span value) {
  struct ed_buf bufs[4] = {{0}};
  for (int i = 0; i < 4; i++) {
    enum ed_encoding from = i % 2 == 0 ? encoding : encoding == ED_JSON ? ED_CBOR : ED_JSON;
    struct ed_span input = i == 0 ? value : ed_buf_span(&bufs[i - 1]);
    ed_wire_transcode(from, input, &bufs[i]);
    MUST(bufs[i].len > 0 && bufs[i].len <= 10 * input.len + 16);
    MUST(check(from == ED_JSON ? ED_CBOR : ED_JSON, ed_buf_span(&bufs[i]), ED_DEPTH_MAX) == ED_FAULT_NONE);
  }
  int json = encoding == ED_JSON ? 1 : 0;
  MUST(ed_span_equal(ed_buf_span(&bufs[json]), ed_buf_span(&bufs[json + 2])));
  ask_jansson(ed_buf_span(&bufs[json]), ED_FAULT_NONE);
  for (int i = 0; i < 4; i++) ed_buf_deinit(&bufs[i]);
}

#endif
