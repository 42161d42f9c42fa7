#include <endian.h>
#include <math.h>

#include "codec/cbor.h"

unsigned ed_cbor_head_len(uint64_t argument) {
  if (argument < 24) return 1;
  if (argument <= UINT8_MAX) return 2;
  if (argument <= UINT16_MAX) return 3;
  return argument <= UINT32_MAX ? 5 : 9;
}

/* A head with an argument of 1, 2, 4 or 8 bytes: info 24 to 27. */
static uint8_t *put_wide(uint8_t *at, unsigned major, unsigned info, uint64_t argument) {
  *at++ = (uint8_t)(major << 5 | info);
  size_t len = (size_t)1 << (info - 24);
  uint64_t big = htobe64(argument << (64 - 8 * len));
  memcpy(at, &big, len);
  return at + len;
}

uint8_t *ed_cbor_put_head(uint8_t *at, enum ed_cbor_major major, uint64_t argument) {
  if (argument >= 24) {
    unsigned info = argument <= UINT8_MAX ? 24 : argument <= UINT16_MAX ? 25 : argument <= UINT32_MAX ? 26 : 27;
    return put_wide(at, major, info, argument);
  }
  *at = (uint8_t)(major << 5 | argument);
  return at + 1;
}

void ed_cbor_add_head(struct ed_buf *out, enum ed_cbor_major major, uint64_t argument) {
  uint8_t *at = ed_buf_reserve(out, 9);
  out->len += (size_t)(ed_cbor_put_head(at, major, argument) - at);
}

void ed_cbor_add_text(struct ed_buf *out, struct ed_span text) {
  ed_cbor_add_head(out, ED_CBOR_TEXT, text.len);
  ed_buf_add_span(out, text);
}

static void add_wide(struct ed_buf *out, unsigned info, uint64_t argument) {
  uint8_t *at = ed_buf_reserve(out, 9);
  out->len += (size_t)(put_wide(at, ED_CBOR_SIMPLE, info, argument) - at);
}

/* The half-precision form of a single; false where it would not be exact. */
static bool to_half(uint32_t single, uint16_t *half) {
  uint16_t sign = (uint16_t)(single >> 16 & 0x8000);
  int exponent = (int)(single >> 23 & 0xff) - 127;
  uint32_t fraction = single & 0x7fffff;
  unsigned spare = 13; /* low bits of the fraction that a half has no room for */
  uint32_t bits;
  if (exponent == 128) { /* infinity; the one NaN that we write */
    bits = 0x7c00 | fraction >> 13;
  } else if (exponent == -127 && fraction == 0) {
    bits = 0;
  } else if (exponent >= -14 && exponent <= 15) {
    bits = (uint32_t)(exponent + 15) << 10 | fraction >> 13;
  } else if (exponent >= -24 && exponent < -14) { /* subnormal: a multiple of 2^-24 */
    spare += (unsigned)(-14 - exponent);
    fraction |= 0x800000;
    bits = fraction >> spare;
  } else {
    return false;
  }
  *half = (uint16_t)(sign | bits);
  return (fraction & ((1u << spare) - 1)) == 0;
}

void ed_cbor_add_double(struct ed_buf *out, double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  add_wide(out, 27, bits);
}

void ed_cbor_add_float(struct ed_buf *out, double number) {
  if (isnan(number)) number = (double)NAN;
  float single = (float)number;
  if ((double)single != number && !isnan(number)) {
    ed_cbor_add_double(out, number);
    return;
  }
  uint32_t bits;
  uint16_t half;
  memcpy(&bits, &single, sizeof bits);
  if (to_half(bits, &half))
    add_wide(out, 25, half);
  else
    add_wide(out, 26, bits);
}
