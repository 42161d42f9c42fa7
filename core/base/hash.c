#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void ed_random(void *at, size_t len) {
  uint8_t *p = at;
  while (len) {
    ssize_t got = getrandom(p, len, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      fputs("eddyd: the system's random source does not answer\n", stderr);
      abort();
    }
    p += got;
    len -= (size_t)got;
  }
}

struct ed_hash_secret ed_hash_secret_random(void) {
  struct ed_hash_secret secret;
  ed_random(&secret, sizeof secret);
  return secret;
}

#define ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

#define SIP_ROUND(v0, v1, v2, v3) \
  do {                            \
    (v0) += (v1);                 \
    (v1) = ROTL(v1, 13);          \
    (v1) ^= (v0);                 \
    (v0) = ROTL(v0, 32);          \
    (v2) += (v3);                 \
    (v3) = ROTL(v3, 16);          \
    (v3) ^= (v2);                 \
    (v0) += (v3);                 \
    (v3) = ROTL(v3, 21);          \
    (v3) ^= (v0);                 \
    (v2) += (v1);                 \
    (v1) = ROTL(v1, 17);          \
    (v1) ^= (v2);                 \
    (v2) = ROTL(v2, 32);          \
  } while (0)

uint64_t ed_hash(const struct ed_hash_secret *secret, struct ed_span text) {
  uint64_t v0 = 0x736f6d6570736575ULL ^ secret->k0, v1 = 0x646f72616e646f6dULL ^ secret->k1;
  uint64_t v2 = 0x6c7967656e657261ULL ^ secret->k0, v3 = 0x7465646279746573ULL ^ secret->k1;
  const uint8_t *p = text.at;
  size_t left = text.len;
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t m;
    memcpy(&m, p, 8);
    v3 ^= m;
    SIP_ROUND(v0, v1, v2, v3);
    v0 ^= m;
  }
  uint64_t tail = (uint64_t)text.len << 56;
  for (size_t i = 0; i < left; i++) tail |= (uint64_t)p[i] << (8 * i);
  v3 ^= tail;
  SIP_ROUND(v0, v1, v2, v3);
  v0 ^= tail;
  v2 ^= 0xff;
  SIP_ROUND(v0, v1, v2, v3);
  SIP_ROUND(v0, v1, v2, v3);
  SIP_ROUND(v0, v1, v2, v3);
  return v0 ^ v1 ^ v2 ^ v3;
}
