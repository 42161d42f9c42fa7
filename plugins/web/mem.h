/* Memory that is never refused: allocations that fail end the process, as in the daemon itself. */
#ifndef WEB_MEM_H
#define WEB_MEM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *mem_check(void *at) {
  if (at) return at;
  fputs("web: out of memory\n", stderr);
  abort();
}

static inline void *mem_zalloc(size_t len) { return mem_check(calloc(1, len)); }
static inline void *mem_resize(void *at, size_t len) { return mem_check(realloc(at, len ? len : 1)); }

/* A growing text. All-zero is a valid empty one. */
struct text {
  char *at;
  size_t len, cap;
};

void text_add(struct text *text, const void *bytes, size_t len);
void text_add_text(struct text *text, const char *more);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

#endif
