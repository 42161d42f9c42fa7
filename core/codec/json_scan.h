/* The words of JSON (RFC 8259), for the files of this folder: each function takes one off the front of a cursor. What
 * is short is inline, for it is the hot way of every message; what is rare is in json_scan.c. */
#ifndef ED_CODEC_JSON_SCAN_H
#define ED_CODEC_JSON_SCAN_H

#include <endian.h>

#include "codec/cursor.h"

#define ED_EACH_BYTE(byte) (0x0101010101010101u * (uint64_t)(byte))

/* The first byte that is no plain content of a string: a quote, a backslash, a control character or not ASCII; or
 * `end`. Eight bytes at a time: a byte's top bit gets set where it is one of these. A borrow can only spoil the bytes
 * above one that is rightly marked, so the lowest mark is exact. */
static inline const uint8_t *ed_json_plain(const uint8_t *at, const uint8_t *end) {
  while (end - at >= 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = le64toh(word);
    uint64_t quote = word ^ ED_EACH_BYTE('"');
    uint64_t backslash = word ^ ED_EACH_BYTE('\\');
    uint64_t low = (word - ED_EACH_BYTE(0x20)) & ~word;
    quote = (quote - ED_EACH_BYTE(1)) & ~quote;
    backslash = (backslash - ED_EACH_BYTE(1)) & ~backslash;
    uint64_t marks = (word | low | quote | backslash) & ED_EACH_BYTE(0x80);
    if (marks) return at + __builtin_ctzll(marks) / 8;
    at += 8;
  }
  while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') at++;
  return at;
}

/* Skips white space, and gives the byte behind it without taking it: 0 at the end (a NUL is nowhere allowed). */
static inline uint8_t ed_json_peek(struct ed_cursor *c) {
  const uint8_t *at = c->at;
  while (at < c->end && *at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  c->at = at;
  return at < c->end ? *at : 0;
}

/* What follows a byte of a string that is not plain and not its closing quote: an escape, non-ASCII characters. NULL
 * with the fault where it is wrong. */
const uint8_t *ed_json_odd(struct ed_cursor *c, const uint8_t *at);

/* A string, from its opening quote. `raw` is what is between the quotes; `escaped` says whether there are backslashes.
 */
static inline int ed_json_string(struct ed_cursor *c, struct ed_span *raw, bool *escaped) {
  const uint8_t *begin = c->at + 1;
  const uint8_t *at = begin;
  *escaped = false;
  for (;;) {
    at = ed_json_plain(at, c->end);
    if (at < c->end && *at == '"') break;
    if (at < c->end && *at == '\\') *escaped = true;
    at = ed_json_odd(c, at);
    if (!at) return -1;
  }
  *raw = ed_span(begin, (size_t)(at - begin));
  c->at = at + 1;
  return 0;
}

/* A number. `integer`: it has neither fraction nor exponent. */
int ed_json_number(struct ed_cursor *c, struct ed_span *raw, bool *integer);

/* true, false or null. */
int ed_json_word(struct ed_cursor *c);

/* A key and its colon. */
static inline int ed_json_key(struct ed_cursor *c, struct ed_span *raw, bool *escaped) {
  if (ed_json_peek(c) != '"') return ed_cursor_fail(c, c->at, "invalid JSON: a key in quotes is missing");
  if (ed_json_string(c, raw, escaped) < 0) return -1;
  if (ed_json_peek(c) != ':') return ed_cursor_fail(c, c->at, "invalid JSON: a colon is missing");
  c->at++;
  return 0;
}

#endif
