#include "mem.h"

#include <stdarg.h>

void text_add(struct text *text, const void *bytes, size_t len) {
  if (text->cap - text->len < len) {
    text->cap = (text->len + len) * 2;
    text->at = mem_resize(text->at, text->cap);
  }
  if (len) memcpy(text->at + text->len, bytes, len);
  text->len += len;
}

void text_add_text(struct text *text, const char *more) { text_add(text, more, strlen(more)); }

void text_printf(struct text *text, const char *format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(line, sizeof line, format, args); /* NOLINT(clang-analyzer-valist.Uninitialized) */
  va_end(args);
  if (len > 0) text_add(text, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

void text_free(struct text *text) {
  free(text->at);
  *text = (struct text){0};
}
