/* A list of texts, as a configuration has them. */
#ifndef ED_BASE_TEXTS_H
#define ED_BASE_TEXTS_H

#include <stddef.h>

struct ed_texts {
  const char **list; /* each owned by whoever filled it */
  size_t len, cap;
};

#endif
