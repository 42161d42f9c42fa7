/* A growing buffer of bytes. All-zero is a valid empty one; one owner, who calls ed_buf_deinit. */
#ifndef ED_BASE_BUF_H
#define ED_BASE_BUF_H

#include "base/span.h"

struct ed_buf {
  uint8_t *at; /* moves when the buffer grows; NULL while cap is 0 */
  size_t len;  /* bytes in use */
  size_t cap;  /* bytes allocated */
};

void ed_buf_deinit(struct ed_buf *buf);               /* frees, and leaves a valid empty buffer */
void ed_buf_grow(struct ed_buf *buf, size_t more);    /* slow path of ed_buf_reserve */
void ed_buf_trim(struct ed_buf *buf);                 /* gives back what is not in use, where that is worth it */

/* Space for `more` bytes behind what is there. The pointer is valid until the next call that adds. */
static inline uint8_t *ed_buf_reserve(struct ed_buf *buf, size_t more) {
  if (buf->cap - buf->len < more) ed_buf_grow(buf, more);
  return buf->at + buf->len;
}

static inline void ed_buf_add(struct ed_buf *buf, const void *at, size_t len) {
  if (len == 0) return;
  memcpy(ed_buf_reserve(buf, len), at, len);
  buf->len += len;
}

static inline void ed_buf_add_span(struct ed_buf *buf, struct ed_span span) { ed_buf_add(buf, span.at, span.len); }

static inline void ed_buf_add_byte(struct ed_buf *buf, uint8_t byte) {
  *ed_buf_reserve(buf, 1) = byte;
  buf->len++;
}

void ed_buf_add_text(struct ed_buf *buf, const char *text);
void ed_buf_add_u64(struct ed_buf *buf, uint64_t number); /* in decimal digits */
void ed_buf_printf(struct ed_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct ed_span ed_buf_span(const struct ed_buf *buf) { return ed_span(buf->at, buf->len); }

#endif
