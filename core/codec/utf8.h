/* UTF-8 as RFC 3629 has it: nothing overlong, no surrogates, nothing beyond U+10FFFF. */
#ifndef ED_CODEC_UTF8_H
#define ED_CODEC_UTF8_H

#include "base/span.h"

/* Where the well-formed run of non-ASCII characters that begins at `at` ends: at an ASCII byte, at `end`, or at the
 * first byte of a character that is no UTF-8 (so `at` itself where that is the first). */
const uint8_t *ed_utf8_run(const uint8_t *at, const uint8_t *end);

/* Whether all bytes are ASCII, which most texts are. Short ones matter: words overlap instead of leaving a rest. */
static inline bool ed_utf8_ascii(struct ed_span text) {
  const uint8_t *at = text.at;
  uint64_t all = 0;
  if (text.len >= 8) {
    uint64_t word;
    for (size_t i = 0; i + 8 < text.len; i += 8) {
      memcpy(&word, at + i, 8);
      all |= word;
    }
    memcpy(&word, at + text.len - 8, 8);
    return ((all | word) & 0x8080808080808080u) == 0;
  }
  if (text.len >= 4) {
    uint32_t head, tail;
    memcpy(&head, at, 4);
    memcpy(&tail, at + text.len - 4, 4);
    return ((head | tail) & 0x80808080u) == 0;
  }
  for (size_t i = 0; i < text.len; i++) all |= at[i];
  return all < 0x80;
}

/* NULL where the text is well-formed; else its first byte that is not. */
const uint8_t *ed_utf8_check(struct ed_span text);

/* Writes the 1 to 4 bytes of a character (a Unicode scalar value), and returns where they end. */
uint8_t *ed_utf8_put(uint8_t *at, uint32_t character);

#endif
