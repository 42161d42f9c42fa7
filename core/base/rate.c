#include "base/rate.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"

#define TEXT_MAX 64

/* A number, with a unit where `sizes`. */
static int amount(const char *text, bool sizes, uint64_t *value) {
  size_t digits = strspn(text, "0123456789");
  if (!digits || (!sizes && text[digits])) return -EINVAL;
  int rc = ed_units_size(text, value); /* bare digits are bytes */
  if (rc) return rc;
  return *value > ED_RATE_MAX ? -ERANGE : 0;
}

static uint64_t period(const char *unit) {
  if (strcmp(unit, "s") == 0) return 1000;
  if (strcmp(unit, "m") == 0) return 60 * 1000;
  if (strcmp(unit, "h") == 0) return 3600 * 1000;
  return 0;
}

/* Cuts `text` behind its first part, which ends at `mark`: what follows that, or NULL. */
static char *cut(char *text, const char *mark) {
  char *at = strstr(text, mark);
  if (!at) return NULL;
  *at = '\0';
  return at + strlen(mark);
}

int ed_rate_parse(const char *text, bool sizes, struct ed_rate *rate) {
  char copy[TEXT_MAX];
  struct ed_rate made = {0};
  if (strcmp(text, "off") == 0 || strcmp(text, "0") == 0) {
    *rate = made;
    return 0;
  }
  if (strlen(text) >= sizeof copy) return -EINVAL;
  memcpy(copy, text, strlen(text) + 1);
  char *burst = cut(copy, " burst "), *unit = cut(copy, "/");
  if (!unit || !(made.period_ms = period(unit))) return -EINVAL;
  int rc = amount(copy, sizes, &made.amount);
  if (!rc) rc = burst ? amount(burst, sizes, &made.burst) : (made.burst = made.amount, 0);
  if (rc) return rc;
  if (!made.amount || !made.burst) return -EINVAL; /* "0/s": nothing at all was hardly meant */
  *rate = made;
  return 0;
}

uint64_t ed_bucket_wait_ms(const struct ed_bucket *bucket, const struct ed_rate *rate) {
  uint64_t most = (rate->burst - 1) * rate->period_ms;
  return bucket->spent > most ? (bucket->spent - most + rate->amount - 1) / rate->amount : 0;
}
