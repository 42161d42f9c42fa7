#include <endian.h>
#include <math.h>

#include "codec/cbor.h"
#include "codec/utf8.h"

static int fail(const struct ed_cursor *c, const uint8_t *where, const char *what) {
  return ed_cursor_fail(c, where, what);
}

/* The rest of a head whose argument is not in its first byte, which has been taken. */
static int wide_head(struct ed_cursor *c, struct ed_cbor_head *head) {
  const uint8_t *first = c->at - 1;
  if (head->info == 31) {
    bool fine = head->major == ED_CBOR_SIMPLE || (head->major >= ED_CBOR_BYTES && head->major <= ED_CBOR_MAP);
    return fine ? 0 : fail(c, first, "invalid CBOR: a reserved byte");
  }
  if (head->info > 27) return fail(c, first, "invalid CBOR: a reserved byte");
  size_t len = (size_t)1 << (head->info - 24);
  if (ed_cursor_left(c) < len) return fail(c, c->end, "invalid CBOR: it ends early");
  uint64_t big = 0;
  memcpy(&big, c->at, len);
  head->argument = be64toh(big) >> (64 - 8 * len);
  c->at += len;
  if (head->major == ED_CBOR_SIMPLE && head->info == 24 && head->argument < 32) {
    return fail(c, first, "invalid CBOR: a simple value in too long a form");
  }
  return 0;
}

static inline int take_head(struct ed_cursor *c, struct ed_cbor_head *head) {
  if (c->at == c->end) return fail(c, c->end, "invalid CBOR: it ends early");
  uint8_t first = *c->at++;
  head->major = first >> 5;
  head->info = first & 31;
  head->argument = head->info;
  return head->info < 24 ? 0 : wide_head(c, head);
}

int ed_cbor_head(struct ed_cursor *c, struct ed_cbor_head *head) { return take_head(c, head); }

/* The content of a definite string, whose head has been taken. */
static inline int content(struct ed_cursor *c, const struct ed_cbor_head *head) {
  if (head->argument > ed_cursor_left(c)) return fail(c, c->end, "invalid CBOR: it ends early");
  struct ed_span text = ed_span(c->at, (size_t)head->argument);
  c->at += text.len;
  if (head->major == ED_CBOR_BYTES || ed_utf8_ascii(text)) return 0;
  const uint8_t *wrong = ed_utf8_check(text);
  return wrong ? fail(c, wrong, "invalid CBOR: text that is not UTF-8") : 0;
}

static int chunks(struct ed_cursor *c, uint8_t major) {
  for (;;) {
    const uint8_t *first = c->at;
    struct ed_cbor_head head;
    if (take_head(c, &head) < 0) return -1;
    if (*first == ED_CBOR_BREAK) return 0;
    if (head.major != major || head.info == 31) return fail(c, first, "invalid CBOR: no fitting piece of a string");
    if (content(c, &head) < 0) return -1;
  }
}

/* A container that is open. `left` counts the items to come; where that is not known it counts, modulo two, those that
 * came, so that an odd one in a map shows. */
struct level {
  uint64_t left;
  bool indefinite, map;
};

/* Opens what a head announces: 1, or 0 where it is empty already, or -1 with the fault. */
static inline int open_level(struct ed_cursor *c, const struct ed_cbor_head *head, struct level *level) {
  level->indefinite = head->info == 31;
  level->map = head->major == ED_CBOR_MAP;
  level->left = head->major == ED_CBOR_TAG ? 1 : head->argument;
  if (level->indefinite) {
    level->left = 0;
    return 1;
  }
  /* an item takes a byte at least, so that a false count is seen here, and twice it cannot overflow */
  if (level->left > ed_cursor_left(c) >> level->map) return fail(c, c->end, "invalid CBOR: it ends early");
  level->left <<= level->map;
  return level->left > 0;
}

/* A walk straight over the bytes. Measured (bench_codec) for the 136 bytes that a JSON message of 205 becomes: 150 ns;
 * by the reader, which has libcbor's streaming decoder call back for each item, 800 ns (5.3 times as long). The reader
 * is the fuzzer's second opinion. */
int ed_cbor_skip(struct ed_cursor *c, unsigned level) {
  struct level levels[ED_DEPTH_MAX];
  const unsigned bottom = level;
  for (;;) {
    const uint8_t *first = c->at;
    struct ed_cbor_head head;
    if (take_head(c, &head) < 0) return -1;
    if (head.major >= ED_CBOR_ARRAY && head.major <= ED_CBOR_TAG) {
      if (level >= c->depth_max) return ed_cursor_too_deep(c);
      int opened = open_level(c, &head, &levels[level]);
      if (opened < 0) return -1;
      if (opened) {
        level++;
        continue;
      }
    } else if (head.major == ED_CBOR_BYTES || head.major == ED_CBOR_TEXT) {
      if ((head.info == 31 ? chunks(c, head.major) : content(c, &head)) < 0) return -1;
    } else if (*first == ED_CBOR_BREAK) {
      if (level == bottom || !levels[level - 1].indefinite || (levels[level - 1].map && levels[level - 1].left)) {
        return fail(c, first, "invalid CBOR: a break out of place");
      }
      level--;
    }
    for (;;) { /* an item has ended, and with it perhaps what is around it */
      if (level == bottom) return 0;
      struct level *around = &levels[level - 1];
      if (around->indefinite) {
        around->left ^= 1;
        break;
      }
      if (--around->left > 0) break;
      level--;
    }
  }
}

void ed_cbor_join(struct ed_span item, struct ed_buf *out) {
  struct ed_cursor c = ed_cursor(ed_span(item.at + 1, item.len - 1), 0, NULL);
  while (*c.at != ED_CBOR_BREAK) {
    struct ed_cbor_head head;
    if (take_head(&c, &head) < 0) return; /* never: it was checked */
    ed_buf_add(out, c.at, (size_t)head.argument);
    c.at += head.argument;
  }
}

static double half(unsigned bits) {
  int exponent = (int)(bits >> 10 & 31);
  double fraction = bits & 0x3ff;
  double number = exponent == 0    ? ldexp(fraction, -24)
                  : exponent == 31 ? (fraction == 0 ? (double)INFINITY : (double)NAN)
                                   : ldexp(fraction + 1024, exponent - 25);
  return bits & 0x8000 ? -number : number;
}

double ed_cbor_float(const struct ed_cbor_head *head) {
  if (head->info == 25) return half((unsigned)head->argument);
  if (head->info == 26) {
    uint32_t bits = (uint32_t)head->argument;
    float single;
    memcpy(&single, &bits, sizeof single);
    return (double)single;
  }
  double number;
  memcpy(&number, &head->argument, sizeof number);
  return number;
}
