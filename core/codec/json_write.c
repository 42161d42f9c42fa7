#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json.h"
#include "codec/json_scan.h"

/* The letter of a byte's escape: 0 for a byte that needs none, 'u' where only \u00XX will do. */
static inline uint8_t escape_of(uint8_t byte) {
  if (byte >= 0x20) return byte == '"' || byte == '\\' ? byte : 0;
  switch (byte) {
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\f': return 'f';
    case '\r': return 'r';
    default: return 'u';
  }
}

static size_t escaped_len(const uint8_t *at, const uint8_t *end) {
  size_t len = 0;
  for (; at < end; at++) {
    uint8_t letter = escape_of(*at);
    len += letter == 0 ? 1 : letter == 'u' ? 6 : 2;
  }
  return len;
}

static uint8_t *put_escaped(uint8_t *to, const uint8_t *at, const uint8_t *end) {
  static const char hex[] = "0123456789abcdef";
  for (; at < end; at++) {
    uint8_t letter = escape_of(*at);
    if (letter == 0) {
      *to++ = *at;
      continue;
    }
    *to++ = '\\';
    *to++ = letter;
    if (letter != 'u') continue;
    *to++ = '0';
    *to++ = '0';
    *to++ = (uint8_t)hex[*at >> 4];
    *to++ = (uint8_t)hex[*at & 15];
  }
  return to;
}

size_t ed_json_string_len(struct ed_span text) {
  if (text.len == 0) return 2;
  const uint8_t *end = text.at + text.len;
  const uint8_t *odd = ed_json_plain(text.at, end);
  return 2 + (size_t)(odd - text.at) + escaped_len(odd, end);
}

uint8_t *ed_json_put_string(uint8_t *at, struct ed_span text, size_t string_len) {
  *at++ = '"';
  if (string_len > text.len + 2) {
    at = put_escaped(at, text.at, text.at + text.len);
  } else if (text.len) {
    memcpy(at, text.at, text.len);
    at += text.len;
  }
  *at++ = '"';
  return at;
}

void ed_json_add_string(struct ed_buf *out, struct ed_span text) {
  size_t len = ed_json_string_len(text);
  ed_json_put_string(ed_buf_reserve(out, len), text, len);
  out->len += len;
}

void ed_json_add_escaped(struct ed_buf *out, struct ed_span text) {
  if (text.len == 0) return;
  const uint8_t *end = text.at + text.len;
  const uint8_t *odd = ed_json_plain(text.at, end);
  ed_buf_add(out, text.at, (size_t)(odd - text.at));
  size_t len = escaped_len(odd, end);
  put_escaped(ed_buf_reserve(out, len), odd, end);
  out->len += len;
}

void ed_json_quote_tail(struct ed_buf *out, size_t start) {
  size_t more = 2;
  for (size_t i = start; i < out->len; i++) more += out->at[i] == '"' || out->at[i] == '\\';
  ed_buf_reserve(out, more);
  const uint8_t *from = out->at + out->len;
  out->len += more;
  uint8_t *to = out->at + out->len; /* backwards, so that nothing is overwritten before it was moved */
  *--to = '"';
  while (from > out->at + start) {
    *--to = *--from;
    if (*from == '"' || *from == '\\') *--to = '\\';
  }
  *--to = '"';
}

unsigned ed_json_digits(uint64_t number, uint8_t out[20]) {
  uint8_t digits[20];
  unsigned at = sizeof digits;
  do {
    digits[--at] = (uint8_t)('0' + number % 10);
    number /= 10;
  } while (number);
  memcpy(out, digits + at, sizeof digits - at);
  return (unsigned)sizeof digits - at;
}

/* The fewest digits of a positive double (without a point, no trailing zeros) that read back as it, and the power of
 * ten of the first: 0.05 is "5" and -2. Any double of at most 15 digits reads back as itself, and 17 always do; below
 * the normal range fewer than 15 may, so there we begin at one. The decimal point may be what the locale says: it is
 * skipped. */
static size_t shortest(double number, char digits[20], int *power) {
  char text[40];
  for (int precision = number < 0x1p-1022 ? 1 : 15; precision <= 17; precision++) {
    snprintf(text, sizeof text, "%.*e", precision - 1, number);
    if (strtod(text, NULL) == number) break;
  }
  size_t len = 0;
  const char *at = text;
  for (; *at != 'e'; at++) {
    if (*at >= '0' && *at <= '9') digits[len++] = *at;
  }
  *power = atoi(at + 1);
  while (len > 1 && digits[len - 1] == '0') len--;
  return len;
}

static void add_zeros(struct ed_buf *out, size_t count) {
  memset(ed_buf_reserve(out, count), '0', count);
  out->len += count;
}

/* Numbers of up to six decimals, such as coordinates, in a tenth of the time: whole / 10^n is rounded once, as reading
 * the digits back would be, so what compares equal here reads back as the same. The first n that does has the fewest
 * digits. */
static bool add_few_decimals(struct ed_buf *out, double number) {
  uint64_t scale = 1;
  for (size_t decimals = 1; decimals <= 6; decimals++) {
    scale *= 10;
    double whole = rint(number * (double)scale);
    if (whole >= 1e15) return false;
    if (whole / (double)scale != number) continue;
    uint8_t digits[20];
    uint64_t shifted = (uint64_t)whole;
    unsigned len = ed_json_digits(shifted % scale, digits);
    ed_buf_add_u64(out, shifted / scale);
    ed_buf_add_byte(out, '.');
    add_zeros(out, decimals - len);
    ed_buf_add(out, digits, len);
    return true;
  }
  return false;
}

void ed_json_add_double(struct ed_buf *out, double number) {
  if (!isfinite(number)) {
    ed_buf_add_text(out, "null");
    return;
  }
  if (signbit(number)) ed_buf_add_byte(out, '-');
  if (number == 0) {
    ed_buf_add_text(out, signbit(number) ? "0.0" : "0");
    return;
  }
  number = fabs(number);
  if (number < 0x1p53 && number == floor(number)) { /* so common that it is worth a way of its own */
    ed_buf_add_u64(out, (uint64_t)number);
    return;
  }
  if (add_few_decimals(out, number)) return;
  char digits[20];
  int power;
  size_t len = shortest(number, digits, &power);
  size_t whole = power >= 0 ? (size_t)power + 1 : 0; /* digits before the point */
  if (power >= 21 || power < -6) {
    ed_buf_add(out, digits, 1);
    if (len > 1) ed_buf_add_byte(out, '.');
    ed_buf_add(out, digits + 1, len - 1);
    ed_buf_printf(out, "e%d", power);
  } else if (power < 0) {
    ed_buf_add_text(out, "0.");
    add_zeros(out, (size_t)(-power - 1));
    ed_buf_add(out, digits, len);
  } else if (len <= whole) {
    ed_buf_add(out, digits, len);
    add_zeros(out, whole - len);
  } else {
    ed_buf_add(out, digits, whole);
    ed_buf_add_byte(out, '.');
    ed_buf_add(out, digits + whole, len - whole);
  }
}
