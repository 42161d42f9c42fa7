/* Memory for small things of the server's own. These functions never return NULL: a daemon that cannot get a few
 * hundred bytes cannot do anything sensible either, so the process says so and ends. Sizes that a client decides are
 * checked against a limit before they come here. */
#ifndef ED_BASE_MEM_H
#define ED_BASE_MEM_H

#include <stddef.h>

void *ed_alloc(size_t len);                   /* uninitialised; owned by the caller, released with free() */
void *ed_zalloc(size_t len);                  /* zeroed; likewise */
void *ed_realloc(void *old, size_t len);      /* likewise */
char *ed_strdup(const char *text);            /* likewise */
char *ed_strndup(const void *at, size_t len); /* likewise; NUL-terminated */

/* Says that memory has run out, and ends the process. */
_Noreturn void ed_oom(size_t len);

/* Room for one more element in a growing array of `size`-byte elements: gives `array` back, or a moved one. */
void *ed_grow(void *array, size_t size, size_t used, size_t *cap);

#endif
