#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct unit {
  const char *name;
  uint64_t times;
};

static const struct unit TIMES[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
static const struct unit SIZES[] = {
    {"", 1},      {"B", 1},        {"KiB", 1024},     {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024},
    {"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000}};

#define MAX ((uint64_t)1 << 53)

/* Digits, an optional fraction of up to nine digits, optional spaces, a unit. No strtod: it would take the locale's
 * comma, hexadecimals and "inf". */
static int parse(const char *text, const struct unit *units, size_t n, uint64_t *out) {
  uint64_t whole = 0, fraction = 0, scale = 1;
  const char *p = text;
  if (*p < '0' || *p > '9') return -EINVAL;
  for (; *p >= '0' && *p <= '9'; p++) {
    whole = whole * 10 + (uint64_t)(*p - '0');
    if (whole > MAX) return -ERANGE;
  }
  if (*p == '.') {
    p++;
    if (*p < '0' || *p > '9') return -EINVAL;
    for (; *p >= '0' && *p <= '9'; p++)
      if (scale < 1000000000) fraction = fraction * 10 + (uint64_t)(*p - '0'), scale *= 10;
  }
  while (*p == ' ') p++;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(p, units[i].name) != 0) continue;
    if (whole > MAX / units[i].times) return -ERANGE;
    uint64_t number = whole * units[i].times + (uint64_t)((__uint128_t)fraction * units[i].times / scale);
    if (number > MAX) return -ERANGE;
    *out = number;
    return 0;
  }
  return -EINVAL;
}

int ed_units_duration(const char *text, uint64_t *ms) { return parse(text, TIMES, sizeof TIMES / sizeof *TIMES, ms); }
int ed_units_size(const char *text, uint64_t *bytes) { return parse(text, SIZES, sizeof SIZES / sizeof *SIZES, bytes); }

static void print(uint64_t number, const char *const *names, const uint64_t *times, size_t n, char out[32]) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++)
    if (number && number % times[i] == 0) best = i;
  snprintf(out, 32, "%" PRIu64 "%s", number / times[best], names[best]);
}

void ed_units_duration_text(uint64_t ms, char out[32]) {
  static const char *const names[] = {"ms", "s", "m", "h"};
  static const uint64_t times[] = {1, 1000, 60000, 3600000};
  print(ms, names, times, 4, out);
}

void ed_units_size_text(uint64_t bytes, char out[32]) {
  static const char *const names[] = {"B", "KiB", "MiB", "GiB"};
  static const uint64_t times[] = {1, 1024, 1024 * 1024, 1024 * 1024 * 1024};
  print(bytes, names, times, 4, out);
}
