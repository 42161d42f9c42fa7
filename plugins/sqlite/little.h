/* Numbers as they stand in what is packed: little-endian. */
#ifndef SQLITE_LITTLE_H
#define SQLITE_LITTLE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline char *put64(char *to, uint64_t number) {
  number = htole64(number);
  memcpy(to, &number, sizeof number);
  return to + sizeof number;
}

static inline char *put32(char *to, uint32_t number) {
  number = htole32(number);
  memcpy(to, &number, sizeof number);
  return to + sizeof number;
}

static inline uint64_t get64(const char *from) {
  uint64_t number;
  memcpy(&number, from, sizeof number);
  return le64toh(number);
}

static inline uint32_t get32(const char *from) {
  uint32_t number;
  memcpy(&number, from, sizeof number);
  return le32toh(number);
}

#endif
