/* Hashing of texts that strangers choose: SipHash-1-3 under a secret, so that nobody can aim keys at one bucket
 * (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). */
#ifndef ED_BASE_HASH_H
#define ED_BASE_HASH_H

#include "base/span.h"

struct ed_hash_secret {
  uint64_t k0, k1;
};

/* From the system's random source; ends the process where that has failed. */
struct ed_hash_secret ed_hash_secret_random(void);

uint64_t ed_hash(const struct ed_hash_secret *secret, struct ed_span text);

/* Fills `at` from the system's random source; ends the process where that has failed. */
void ed_random(void *at, size_t len);

#endif
