/* CBOR (RFC 8949): validation in one pass, and writing. Reading by tokens is in reader.h. */
#ifndef ED_CODEC_CBOR_H
#define ED_CODEC_CBOR_H

#include "base/buf.h"
#include "codec/cursor.h"

enum ed_cbor_major {
  ED_CBOR_UINT,
  ED_CBOR_NINT,
  ED_CBOR_BYTES,
  ED_CBOR_TEXT,
  ED_CBOR_ARRAY,
  ED_CBOR_MAP,
  ED_CBOR_TAG,
  ED_CBOR_SIMPLE, /* simple values, floats, and the break */
};

#define ED_CBOR_BREAK 0xff
#define ED_CBOR_NULL 0xf6
#define ED_CBOR_UNDEFINED 0xf7

/* How an item begins. */
struct ed_cbor_head {
  uint8_t major; /* enum ed_cbor_major */
  uint8_t info;  /* the low five bits: 24 to 27 say how many bytes the argument has, 31 is indefinite (or a break) */
  uint64_t argument;
};

/* Takes a head off the front of the cursor. 0, or -1 with the fault: it is cut off, or reserved. A simple value in two
 * bytes that belongs into one is refused; a break is given like any other. */
int ed_cbor_head(struct ed_cursor *c, struct ed_cbor_head *head);

/* Takes one item off the front of the cursor and checks that it is well-formed, its text UTF-8, its depth (tags count
 * as containers, so that a million of them is too deep) within the cursor's. `level` containers are open around it. 0,
 * or -1 with the fault. Nothing is allocated, whatever lengths are announced. */
int ed_cbor_skip(struct ed_cursor *c, unsigned level);

/* A string of indefinite length (checked, from its head), put together. */
void ed_cbor_join(struct ed_span item, struct ed_buf *out);

/* The number of a float, from its argument of 2, 4 or 8 bytes. */
double ed_cbor_float(const struct ed_cbor_head *head);

/* Writing. A head takes 1 to 9 bytes: the shortest form. */
unsigned ed_cbor_head_len(uint64_t argument);
uint8_t *ed_cbor_put_head(uint8_t *at, enum ed_cbor_major major, uint64_t argument); /* returns its end */

void ed_cbor_add_head(struct ed_buf *out, enum ed_cbor_major major, uint64_t argument);
void ed_cbor_add_text(struct ed_buf *out, struct ed_span text);

/* The shortest of half, single and double that holds the number exactly; and always a double. */
void ed_cbor_add_float(struct ed_buf *out, double number);
void ed_cbor_add_double(struct ed_buf *out, double number);

#endif
