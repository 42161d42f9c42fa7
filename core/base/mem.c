#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void ed_oom(size_t len) {
  fprintf(stderr, "eddyd: out of memory (%zu bytes asked for)\n", len);
  abort();
}

void *ed_alloc(size_t len) {
  void *p = malloc(len ? len : 1);
  if (!p) ed_oom(len);
  return p;
}

void *ed_zalloc(size_t len) {
  void *p = calloc(1, len ? len : 1);
  if (!p) ed_oom(len);
  return p;
}

void *ed_realloc(void *old, size_t len) {
  void *p = realloc(old, len ? len : 1);
  if (!p) ed_oom(len);
  return p;
}

char *ed_strndup(const void *at, size_t len) {
  char *p = ed_alloc(len + 1);
  if (len) memcpy(p, at, len);
  p[len] = 0;
  return p;
}

char *ed_strdup(const char *text) { return ed_strndup(text, strlen(text)); }

void *ed_grow(void *array, size_t size, size_t used, size_t *cap) {
  if (used < *cap) return array;
  *cap = *cap ? *cap * 2 : 4;
  return ed_realloc(array, *cap * size);
}
