/* Memory that is never refused: small allocations that fail end the process, as in the daemon itself. */
#ifndef SQLITE_MEM_H
#define SQLITE_MEM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *mem_check(void *at) {
  if (at) return at;
  fputs("sqlite: out of memory\n", stderr);
  abort();
}

static inline void *mem_zalloc(size_t len) { return mem_check(calloc(1, len)); }

static inline void *mem_resize(void *at, size_t len) { return mem_check(realloc(at, len)); }

#endif
