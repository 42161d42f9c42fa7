/* JSON (RFC 8259): validation in one pass, and writing. Reading by tokens is in reader.h. */
#ifndef ED_CODEC_JSON_H
#define ED_CODEC_JSON_H

#include "base/buf.h"
#include "codec/cursor.h"

/* Takes one value off the front of the cursor (white space before it too) and checks all of it: grammar, UTF-8, depth.
 * `level` containers are open around it. 0, or -1 with the fault. Any number that the grammar allows is fine, whether
 * or not a machine could hold it. */
int ed_json_skip(struct ed_cursor *c, unsigned level);

/* Adds the text that a string's checked inside stands for. At most raw.len bytes. */
void ed_json_unescape(struct ed_span raw, struct ed_buf *out);

/* Bytes of `text` (UTF-8) as a string, its quotes included; and that string written at `at`, which returns its end.
 * Plain text, for which the length is text.len + 2, costs one look at every eight bytes. */
size_t ed_json_string_len(struct ed_span text);
uint8_t *ed_json_put_string(uint8_t *at, struct ed_span text, size_t string_len);

void ed_json_add_string(struct ed_buf *out, struct ed_span text);

/* Adds text with what must be escaped, without quotes: for a string that comes in pieces. */
void ed_json_add_escaped(struct ed_buf *out, struct ed_span text);

/* Makes what was added to `out` since `start`, JSON without line breaks, a string: quotes around, escapes inside. */
void ed_json_quote_tail(struct ed_buf *out, size_t start);

/* Adds a number in the fewest digits that read back as the same double, laid out as ECMAScript does, but that 1e+21 is
 * 1e21 and negative zero is -0.0. NaN and infinities become null. */
void ed_json_add_double(struct ed_buf *out, double number);

/* Decimal digits of a number; how many. */
unsigned ed_json_digits(uint64_t number, uint8_t out[20]);

/* A number's text (that ed_json_skip or the reader passed) as a number. */
enum ed_number {
  ED_NUMBER_UINT,   /* uint: 0 to 2^64-1 */
  ED_NUMBER_NINT,   /* uint: n of -1-n; -2^64 to -1 */
  ED_NUMBER_BIG,    /* number: an integer beyond these (infinite beyond what a double holds) */
  ED_NUMBER_DOUBLE, /* number: has a fraction or an exponent, or is -0 */
};
enum ed_number ed_json_parse_number(struct ed_span text, uint64_t *uint, double *number);

#endif
