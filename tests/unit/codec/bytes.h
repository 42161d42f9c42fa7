/* Bytes written as hex in a table, and the two ways of checking a value; for the tests of this folder. */
#ifndef ED_TESTS_CODEC_BYTES_H
#define ED_TESTS_CODEC_BYTES_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/reader.h"
#include "main.h"

/* A copy of exactly the right size, so that a sanitizer sees a read past the end. Released with free((void *)span.at).
 */
static inline struct ed_span exact(const void *at, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  if (len) memcpy(copy, at, len);
  return ed_span(copy, len);
}

static inline struct ed_span exact_text(const char *text) { return exact(text, strlen(text)); }

/* Likewise, from hex; blanks are ignored. */
static inline struct ed_span exact_hex(const char *hex) {
  uint8_t bytes[4096];
  size_t len = 0;
  for (; *hex; hex++) {
    unsigned byte;
    if (*hex == ' ') continue;
    ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
    bytes[len++] = (uint8_t)byte;
    hex++;
  }
  return exact(bytes, len);
}

static inline void release(struct ed_span span) { free((void *)span.at); }

/* The hex of `bytes`, in a buffer that the next call uses again. */
static inline const char *to_hex(struct ed_span bytes) {
  static char text[8192];
  ck_assert_uint_lt(bytes.len * 2, sizeof text);
  for (size_t i = 0; i < bytes.len; i++) snprintf(text + 2 * i, 3, "%02x", bytes.at[i]);
  text[2 * bytes.len] = 0;
  return text;
}

/* Whether all of `bytes` is one value: by the one-pass check, and by the reader. */
static inline bool skip_accepts(enum ed_encoding encoding, struct ed_span bytes, unsigned depth,
                                struct ed_fault *fault) {
  struct ed_cursor c = ed_cursor(bytes, depth, fault);
  if ((encoding == ED_JSON ? ed_json_skip(&c, 0) : ed_cbor_skip(&c, 0)) < 0) return false;
  while (encoding == ED_JSON && c.at < c.end && strchr(" \t\r\n", *c.at) && *c.at) c.at++;
  return c.at == c.end;
}

static inline bool reader_accepts(enum ed_encoding encoding, struct ed_span bytes, unsigned depth,
                                  struct ed_fault *fault) {
  static struct ed_reader reader;
  struct ed_token token;
  ed_reader_init(&reader, encoding, bytes, depth);
  for (;;) {
    if (ed_reader_next(&reader, &token) < 0) {
      if (fault) *fault = reader.fault;
      return false;
    }
    if (token.kind == ED_TOKEN_END) return true;
  }
}

#endif
