#include "main/nearest.h"

#include <stdint.h>
#include <string.h>

#define MAX 64 /* longer names are nobody's typing error */

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* The restricted Damerau-Levenshtein distance (optimal string alignment), row by row. */
static size_t distance(const char *a, const char *b) {
  size_t a_len = strlen(a), b_len = strlen(b);
  if (a_len > MAX || b_len > MAX) return SIZE_MAX;
  size_t rows[3][MAX + 1];
  size_t *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b_len; j++) row[j] = j;
  for (size_t i = 1; i <= a_len; i++) {
    size_t *spare = before;
    before = above;
    above = row;
    row = spare;
    row[0] = i;
    for (size_t j = 1; j <= b_len; j++) {
      row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = least(row[j], before[j - 2] + 1);
    }
  }
  return row[b_len];
}

const char *ed_nearest(const char *name, const char *const *names, size_t len) {
  const char *best = NULL;
  size_t best_distance = (strlen(name) + 2) / 3 + 1;
  for (size_t i = 0; i < len; i++) {
    size_t d = distance(name, names[i]);
    if (d >= best_distance) continue;
    best = names[i];
    best_distance = d;
  }
  return best;
}
