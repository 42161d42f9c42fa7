/* "did you mean ...?" */
#ifndef ED_MAIN_NEAREST_H
#define ED_MAIN_NEAREST_H

#include <stddef.h>

/* The one of `names` that is nearest to `name` by letters added, dropped, changed or swapped with their neighbour; NULL
 * where none is near enough to be meant (a third of the letters may be wrong). The result is borrowed from `names`. */
const char *ed_nearest(const char *name, const char *const *names, size_t len);

#endif
