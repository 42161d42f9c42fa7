/* A borrowed run of bytes: never owned, never NUL-terminated. Whoever hands one over says how long it stays valid. */
#ifndef ED_BASE_SPAN_H
#define ED_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ed_span {
  const uint8_t *at; /* may be NULL when len is 0 */
  size_t len;        /* bytes */
};

/* The span of a string literal or a char array, without its NUL. */
#define ED_LIT(text) ((struct ed_span){(const uint8_t *)(text), sizeof(text) - 1})

static inline struct ed_span ed_span(const void *at, size_t len) {
  return (struct ed_span){(const uint8_t *)at, len};
}

static inline struct ed_span ed_span_text(const char *text) {
  return (struct ed_span){(const uint8_t *)text, strlen(text)};
}

static inline bool ed_span_equal(struct ed_span a, struct ed_span b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

#endif
