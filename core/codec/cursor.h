/* A place in bytes that a stranger sent, and what to say when they are wrong. The scanners of this folder move `at`
 * forward and never past `end`. */
#ifndef ED_CODEC_CURSOR_H
#define ED_CODEC_CURSOR_H

#include "base/span.h"
#include "codec/fault.h"

/* Deepest nesting that any configuration may allow; the bound of every stack in this folder. */
#define ED_DEPTH_MAX 1024

struct ed_cursor {
  const uint8_t *start, *at, *end; /* borrowed */
  unsigned depth_max;              /* containers (and CBOR tags) that may be open at once; at most ED_DEPTH_MAX */
  struct ed_fault *fault;          /* where the first failure is described; borrowed, may be NULL */
};

static inline struct ed_cursor ed_cursor(struct ed_span bytes, unsigned depth_max, struct ed_fault *fault) {
  static const uint8_t nothing[1];
  const uint8_t *at = bytes.at ? bytes.at : nothing;
  return (struct ed_cursor){at, at, at + bytes.len, depth_max < ED_DEPTH_MAX ? depth_max : ED_DEPTH_MAX, fault};
}

static inline size_t ed_cursor_left(const struct ed_cursor *c) { return (size_t)(c->end - c->at); }

/* The rare parts of what follows. */
void ed_cursor_malformed(const struct ed_cursor *c, const uint8_t *where, const char *what) __attribute__((cold));
void ed_cursor_deep(const struct ed_cursor *c) __attribute__((cold));

/* Both return -1. The fault reads "WHAT at byte N", N counting from 0; `what` is a constant text of ours. */
static inline int ed_cursor_fail(const struct ed_cursor *c, const uint8_t *where, const char *what) {
  ed_cursor_malformed(c, where, what);
  return -1; /* where the compiler sees it */
}

static inline int ed_cursor_too_deep(const struct ed_cursor *c) {
  ed_cursor_deep(c);
  return -1;
}

#endif
