/* The matcher behind pattern.h. */
#ifndef ED_HOST_PATTERN_MATCH_H
#define ED_HOST_PATTERN_MATCH_H

#include "host/vm.h"

#define ED_CAPTURES_MAX 32

struct ed_capture {
  const char *start;
  ptrdiff_t len; /* or one of the two below */
};
#define ED_CAPTURE_OPEN (-1)
#define ED_CAPTURE_POSITION (-2)

struct ed_match {
  lua_State *L;
  const char *begin, *end; /* the subject; a NUL stands at `end` */
  unsigned depth;          /* of recursion */
  unsigned steps;          /* not charged yet */
  int captures_len;
  struct ed_capture captures[ED_CAPTURES_MAX];
};

void ed_match_init(struct ed_match *m, lua_State *L, const char *begin, size_t len);

/* Where a match of the pattern (NUL-terminated) that begins at `at` ends, or NULL. Throws where the pattern is
 * malformed, and where the budget is used up. */
const char *ed_match(struct ed_match *m, const char *at, const char *pattern);

/* Pushes capture `index` (from 0); with no captures at all, 0 is the whole match. */
void ed_match_push(struct ed_match *m, int index, const char *at, const char *end);
/* Pushes all of them, or the whole match where there are none (`at` NULL: nothing then). Returns how many. */
int ed_match_push_all(struct ed_match *m, const char *at, const char *end);

#endif
