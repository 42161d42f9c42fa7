#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

void ed_buf_deinit(struct ed_buf *buf) {
  free(buf->at);
  *buf = (struct ed_buf){0};
}

void ed_buf_grow(struct ed_buf *buf, size_t more) {
  if (more > SIZE_MAX / 2 - buf->len) ed_oom(more);
  size_t need = buf->len + more;
  size_t cap = buf->cap ? buf->cap * 2 : 64;
  if (cap < need) cap = need;
  buf->at = ed_realloc(buf->at, cap);
  buf->cap = cap;
}

void ed_buf_trim(struct ed_buf *buf) {
  if (!buf->len || buf->cap - buf->len < 64 || buf->cap - buf->len < buf->len / 16) return;
  buf->at = ed_realloc(buf->at, buf->len);
  buf->cap = buf->len;
}

void ed_buf_add_text(struct ed_buf *buf, const char *text) { ed_buf_add(buf, text, strlen(text)); }

void ed_buf_add_u64(struct ed_buf *buf, uint64_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  ed_buf_add(buf, digits + at, sizeof digits - at);
}

void ed_buf_printf(struct ed_buf *buf, const char *format, ...) {
  va_list args;
  va_start(args, format);
  va_list again;
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (len > 0) {
    vsnprintf((char *)ed_buf_reserve(buf, (size_t)len + 1), (size_t)len + 1, format, again);
    buf->len += (size_t)len;
  }
  va_end(again);
}
