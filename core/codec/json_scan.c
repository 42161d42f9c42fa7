#include "codec/json_scan.h"

#include "codec/json.h"
#include "codec/utf8.h"

static int fail(struct ed_cursor *c, const uint8_t *where, const char *what) { return ed_cursor_fail(c, where, what); }

/* The value of four hexadecimal digits, or -1. */
static int hex4(const uint8_t *at, const uint8_t *end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; i++) {
    uint8_t digit = at[i];
    uint8_t lower = digit | 0x20;
    if (digit >= '0' && digit <= '9')
      value = value * 16 + (digit - '0');
    else if (lower >= 'a' && lower <= 'f')
      value = value * 16 + (lower - 'a' + 10);
    else
      return -1;
  }
  return value;
}

/* The character of the escape \uXXXX at `at` (or of the pair of them), which is `*len` bytes long; or -1. */
static int32_t unicode_escape(const uint8_t *at, const uint8_t *end, size_t *len) {
  int first = hex4(at + 2, end);
  *len = 6;
  if (first < 0 || (first & 0xfc00) == 0xdc00) return -1;
  if ((first & 0xfc00) != 0xd800) return first;
  *len = 12;
  if (end - at < 12 || at[6] != '\\' || at[7] != 'u') return -1;
  int second = hex4(at + 8, end);
  if ((second & ~0x3ff) != 0xdc00) return -1;
  return 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff));
}

/* What the escape of one letter stands for, or 0. */
static uint8_t short_escape(uint8_t letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

const uint8_t *ed_json_odd(struct ed_cursor *c, const uint8_t *at) {
  if (at == c->end) {
    fail(c, at, "invalid JSON: a string does not end");
  } else if (*at >= 0x80) {
    const uint8_t *next = ed_utf8_run(at, c->end);
    if (next == c->end || *next < 0x80) return next;
    fail(c, next, "invalid JSON: a string is not UTF-8");
  } else if (*at < 0x20) {
    fail(c, at, "invalid JSON: a control character in a string");
  } else if (c->end - at < 2) {
    fail(c, at, "invalid JSON: a string does not end");
  } else if (at[1] == 'u') {
    size_t len;
    if (unicode_escape(at, c->end, &len) >= 0) return at + len;
    fail(c, at, "invalid JSON: a \\u escape needs four hex digits, a surrogate its other half,");
  } else {
    if (short_escape(at[1])) return at + 2;
    fail(c, at, "invalid JSON: an unknown escape");
  }
  return NULL;
}

void ed_json_unescape(struct ed_span raw, struct ed_buf *out) {
  if (raw.len == 0) return;
  const uint8_t *at = raw.at;
  const uint8_t *end = raw.at + raw.len;
  uint8_t *to = ed_buf_reserve(out, raw.len); /* no escape is shorter than what it stands for */
  while (at < end) {
    const uint8_t *backslash = memchr(at, '\\', (size_t)(end - at));
    size_t plain = (size_t)((backslash ? backslash : end) - at);
    memcpy(to, at, plain);
    to += plain;
    at += plain;
    if (at == end) break;
    if (at[1] == 'u') {
      size_t len;
      to = ed_utf8_put(to, (uint32_t)unicode_escape(at, end, &len));
      at += len;
    } else {
      *to++ = short_escape(at[1]);
      at += 2;
    }
  }
  out->len = (size_t)(to - out->at);
}

static inline bool is_digit(const uint8_t *at, const uint8_t *end) { return at < end && *at >= '0' && *at <= '9'; }

int ed_json_number(struct ed_cursor *c, struct ed_span *raw, bool *integer) {
  const uint8_t *at = c->at;
  const uint8_t *end = c->end;
  *integer = true;
  if (*at == '-') at++;
  if (!is_digit(at, end)) return fail(c, at, "invalid JSON: a digit is missing");
  if (*at == '0')
    at++;
  else
    while (is_digit(at, end)) at++;
  if (at < end && *at == '.') {
    *integer = false;
    if (!is_digit(++at, end)) return fail(c, at, "invalid JSON: a digit is missing");
    while (is_digit(at, end)) at++;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    *integer = false;
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    if (!is_digit(at, end)) return fail(c, at, "invalid JSON: a digit is missing");
    while (is_digit(at, end)) at++;
  }
  *raw = ed_span(c->at, (size_t)(at - c->at));
  c->at = at;
  return 0;
}

int ed_json_word(struct ed_cursor *c) {
  size_t left = ed_cursor_left(c);
  if (left >= 4 && (memcmp(c->at, "true", 4) == 0 || memcmp(c->at, "null", 4) == 0)) {
    c->at += 4;
  } else if (left >= 5 && memcmp(c->at, "false", 5) == 0) {
    c->at += 5;
  } else {
    return fail(c, c->at, left ? "invalid JSON: a value is missing" : "invalid JSON: the text ends early");
  }
  return 0;
}
