/* What was said a moment ago: so that a line that comes a thousand times a second is written once in each, with a
 * count. Knows no clock of its own. */
#ifndef ED_BASE_REPEATS_H
#define ED_BASE_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#define ED_REPEATS_MS 1000
#define ED_REPEATS_MOST 128 /* different lines of one second; of more, the oldest are told early */

struct ed_repeats;

/* A line that was held back; `part` and `text` stay valid until the next call. */
struct ed_repeated {
  unsigned level;
  const char *part, *text;
  uint64_t count; /* how often it came since it was last written; 0: there is no such line */
};

struct ed_repeats *ed_repeats_new(void);
void ed_repeats_free(struct ed_repeats *repeats); /* NULL: nothing */

/* Whether this line is to be written now. `*count`: 0; or, where it has been held back, how often it came since it was
 * last written, this time included. `lost` is one that has to make room for it: to be written, too. */
bool ed_repeats_say(struct ed_repeats *repeats, uint64_t now_ms, unsigned level, const char *part, const char *text,
                    uint64_t *count, struct ed_repeated *lost);

/* One that has been held back for long enough (`all`: for however long), and counts as written now. */
bool ed_repeats_due(struct ed_repeats *repeats, uint64_t now_ms, bool all, struct ed_repeated *due);

#endif
