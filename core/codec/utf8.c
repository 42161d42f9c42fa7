#include "codec/utf8.h"

static inline bool follows(uint8_t byte) { return (byte & 0xc0) == 0x80; }

/* Bytes of the well-formed character of two or more bytes at `at`; 0 where there is none. The ranges are table 3-7 of
 * the Unicode standard: what is overlong, a surrogate or too large shows in the second byte. */
static inline size_t measure(const uint8_t *at, size_t left) {
  uint8_t first = at[0];
  if (first < 0xc2 || first > 0xf4 || left < 2) return 0;
  uint8_t second = at[1];
  if (first < 0xe0) return follows(second) ? 2 : 0;
  uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high || left < 3 || !follows(at[2])) return 0;
  if (first < 0xf0) return 3;
  return left >= 4 && follows(at[3]) ? 4 : 0;
}

const uint8_t *ed_utf8_run(const uint8_t *at, const uint8_t *end) {
  while (at < end && *at >= 0x80) {
    size_t len = measure(at, (size_t)(end - at));
    if (len == 0) break;
    at += len;
  }
  return at;
}

const uint8_t *ed_utf8_check(struct ed_span text) {
  if (text.len == 0) return NULL;
  const uint8_t *at = text.at;
  const uint8_t *end = text.at + text.len;
  while (at < end) {
    uint64_t word;
    while (end - at >= (ptrdiff_t)sizeof word) { /* ASCII, eight at a time */
      memcpy(&word, at, sizeof word);
      if (word & 0x8080808080808080u) break;
      at += sizeof word;
    }
    while (at < end && *at < 0x80) at++;
    if (at == end) break;
    const uint8_t *next = ed_utf8_run(at, end);
    if (next < end && *next >= 0x80) return next;
    at = next;
  }
  return NULL;
}

uint8_t *ed_utf8_put(uint8_t *at, uint32_t character) {
  if (character < 0x80) {
    *at++ = (uint8_t)character;
    return at;
  }
  if (character < 0x800) {
    *at++ = (uint8_t)(0xc0 | character >> 6);
  } else {
    if (character < 0x10000) {
      *at++ = (uint8_t)(0xe0 | character >> 12);
    } else {
      *at++ = (uint8_t)(0xf0 | character >> 18);
      *at++ = (uint8_t)(0x80 | (character >> 12 & 0x3f));
    }
    *at++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
  }
  *at++ = (uint8_t)(0x80 | (character & 0x3f));
  return at;
}
