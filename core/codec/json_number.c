#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/json.h"

/* By strtod, on a NUL-terminated copy; it rounds right whatever the length.
 * The process keeps the C locale, so a point is a point. */
static double slow_double(struct ed_span text) {
  char small[64];
  char *copy = text.len < sizeof small ? small : ed_alloc(text.len + 1);
  memcpy(copy, text.at, text.len);
  copy[text.len] = 0;
  double number = strtod(copy, NULL);
  if (copy != small) free(copy);
  return number;
}

/* Clinger's fast path: digits that fit 53 bits and a power of ten that a double holds exactly give, multiplied or
 * divided once, the correctly rounded double. False where that does not apply. */
static bool fast_double(struct ed_span text, double *number) {
  static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (FLT_EVAL_METHOD != 0 || text.len > 24) return false;
  const uint8_t *at = text.at;
  const uint8_t *end = text.at + text.len;
  bool negative = *at == '-';
  if (negative) at++;
  uint64_t digits = 0;
  int power = 0;
  bool behind_point = false;
  for (; at < end && (*at | 0x20) != 'e'; at++) {
    if (*at == '.') {
      behind_point = true;
      continue;
    }
    if (digits > (UINT64_C(1) << 53) / 10) return false;
    digits = digits * 10 + (uint64_t)(*at - '0');
    power -= behind_point;
  }
  if (at < end) {
    bool down = *++at == '-';
    if (*at == '-' || *at == '+') at++;
    int exponent = 0;
    for (; at < end; at++) {
      if (exponent > 1000) return false;
      exponent = exponent * 10 + (*at - '0');
    }
    power += down ? -exponent : exponent;
  }
  if (digits > UINT64_C(1) << 53 || power < -22 || power > 22) return false;
  double result = power < 0 ? (double)digits / tens[-power] : (double)digits * tens[power];
  *number = negative ? -result : result;
  return true;
}

/* Digits alone. False where they are over 64 bits. */
static bool integer(struct ed_span digits, uint64_t *value) {
  uint64_t sum = 0;
  for (size_t i = 0; i < digits.len; i++) {
    if (__builtin_mul_overflow(sum, UINT64_C(10), &sum)) return false;
    if (__builtin_add_overflow(sum, (uint64_t)(digits.at[i] - '0'), &sum)) return false;
  }
  *value = sum;
  return true;
}

static bool is_integer(struct ed_span digits) {
  for (size_t i = 0; i < digits.len; i++) {
    if (digits.at[i] < '0' || digits.at[i] > '9') return false;
  }
  return true;
}

enum ed_number ed_json_parse_number(struct ed_span text, uint64_t *uint, double *number) {
  bool negative = text.at[0] == '-';
  struct ed_span digits = ed_span(text.at + negative, text.len - negative);
  if (is_integer(digits)) {
    if (integer(digits, uint)) {
      if (!negative) return ED_NUMBER_UINT;
      if (*uint > 0) {
        --*uint;
        return ED_NUMBER_NINT;
      }
      *number = -0.0;
      return ED_NUMBER_DOUBLE;
    }
    if (negative && ed_span_equal(digits, ED_LIT("18446744073709551616"))) {
      *uint = UINT64_MAX;
      return ED_NUMBER_NINT;
    }
    *number = slow_double(text);
    return ED_NUMBER_BIG;
  }
  if (!fast_double(text, number)) *number = slow_double(text);
  return ED_NUMBER_DOUBLE;
}
