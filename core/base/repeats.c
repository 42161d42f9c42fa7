#include "base/repeats.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct line {
  uint64_t hash;
  uint64_t written_ms;
  uint64_t held; /* times since then */
  unsigned level;
  char *part, *text; /* owned; NULL: the place is free */
};

struct ed_repeats {
  struct line lines[ED_REPEATS_MOST];
  struct line told; /* what the last call gave to its caller of a place that has another line now */
};

struct ed_repeats *ed_repeats_new(void) {
  return ed_zalloc(sizeof(struct ed_repeats));
}

static void clear(struct line *line) {
  free(line->part);
  free(line->text);
  *line = (struct line){0};
}

void ed_repeats_free(struct ed_repeats *repeats) {
  if (!repeats) return;
  for (size_t i = 0; i < ED_REPEATS_MOST; i++) clear(&repeats->lines[i]);
  clear(&repeats->told);
  free(repeats);
}

/* FNV-1a. Only a shortcut: texts are compared, so that nobody can hide a line behind another. */
static uint64_t hash_of(const char *part, const char *text) {
  uint64_t hash = 14695981039346656037u;
  for (; *part; part++) hash = (hash ^ (uint8_t)*part) * 1099511628211u;
  for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 1099511628211u;
  return hash;
}

static struct ed_repeated repeated(const struct line *line) {
  return (struct ed_repeated){.level = line->level, .part = line->part, .text = line->text, .count = line->held};
}

bool ed_repeats_say(struct ed_repeats *repeats, uint64_t now_ms, unsigned level, const char *part, const char *text,
                    uint64_t *count, struct ed_repeated *lost) {
  uint64_t hash = hash_of(part, text);
  struct line *place = &repeats->lines[0];
  *count = 0;
  *lost = (struct ed_repeated){0};
  for (size_t i = 0; i < ED_REPEATS_MOST; i++) {
    struct line *line = &repeats->lines[i];
    if (line->text && line->hash == hash && line->level == level && !strcmp(line->part, part) &&
        !strcmp(line->text, text)) {
      line->held++;
      if (now_ms - line->written_ms < ED_REPEATS_MS) return false;
      *count = line->held > 1 ? line->held : 0;
      line->held = 0;
      line->written_ms = now_ms;
      return true;
    }
    bool better = place->text && (!line->text || line->written_ms < place->written_ms);
    if (better) place = line;
  }
  clear(&repeats->told);
  repeats->told = *place;
  if (place->text && place->held) *lost = repeated(&repeats->told);
  *place = (struct line){
      .hash = hash, .written_ms = now_ms, .level = level, .part = ed_strdup(part), .text = ed_strdup(text)};
  return true;
}

bool ed_repeats_due(struct ed_repeats *repeats, uint64_t now_ms, bool all, struct ed_repeated *due) {
  for (size_t i = 0; i < ED_REPEATS_MOST; i++) {
    struct line *line = &repeats->lines[i];
    if (!line->held || (!all && now_ms - line->written_ms < ED_REPEATS_MS)) continue;
    *due = repeated(line);
    line->held = 0;
    line->written_ms = now_ms;
    return true;
  }
  return false;
}
