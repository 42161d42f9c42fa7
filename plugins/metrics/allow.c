#include "allow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BETWEEN " ,\t\n"

/* The address of `host`, and how many bits of it there are of its own: 32 or 128. 0: it is none. */
static unsigned parse_address(const char *host, unsigned char address[16]) {
  memset(address, 0, 10);
  memset(address + 10, 0xff, 2);
  if (inet_pton(AF_INET, host, address + 12) == 1) return 32;
  return inet_pton(AF_INET6, host, address) == 1 ? 128 : 0;
}

static int parse_range(char *word, struct allow_range *range) {
  char *slash = strchr(word, '/'), *end;
  if (slash) *slash++ = 0;
  unsigned most = parse_address(word, range->address);
  if (!most) return -EINVAL;
  range->bits = 128;
  if (!slash) return 0;
  if (*slash < '0' || *slash > '9') return -EINVAL;
  unsigned long bits = strtoul(slash, &end, 10);
  if (*end || bits > most) return -EINVAL;
  range->bits = (unsigned)bits + (128 - most);
  return 0;
}

static int add(struct allow *allow, const char *at, size_t len) {
  char word[64];
  if (len >= sizeof word || allow->len == ALLOW_MAX) return -EINVAL;
  memcpy(word, at, len);
  word[len] = 0;
  if (strcmp(word, "unix") == 0) {
    allow->unix_socket = 1;
    return 0;
  }
  int rc = parse_range(word, &allow->ranges[allow->len]);
  if (rc == 0) allow->len++;
  return rc;
}

int allow_parse(struct allow *allow, const char *text, char why[160]) {
  memset(allow, 0, sizeof *allow);
  while (*(text += strspn(text, BETWEEN))) {
    size_t len = strcspn(text, BETWEEN);
    if (add(allow, text, len) != 0) {
      snprintf(why, 160, "allow: \"%.*s\" is no address (10.0.0.1, ::1), range (10.0.0.0/8) or \"unix\"%s",
               (int)(len < 50 ? len : 50), text, allow->len == ALLOW_MAX ? ", or one too many" : "");
      return -EINVAL;
    }
    text += len;
  }
  return 0;
}

static int holds(const struct allow_range *range, const unsigned char address[16]) {
  unsigned bytes = range->bits / 8, rest = range->bits % 8;
  if (memcmp(address, range->address, bytes) != 0) return 0;
  return rest == 0 || (address[bytes] ^ range->address[bytes]) >> (8 - rest) == 0;
}

int allow_has(const struct allow *allow, struct eddy_text peer) {
  char host[INET6_ADDRSTRLEN];
  unsigned char address[16];
  if (peer.len == 0 || peer.len >= sizeof host) return 0;
  memcpy(host, peer.at, peer.len);
  host[peer.len] = 0;
  if (strcmp(host, "unix") == 0) return allow->unix_socket;
  if (!parse_address(host, address)) return 0;
  for (size_t i = 0; i < allow->len; i++)
    if (holds(&allow->ranges[i], address)) return 1;
  return 0;
}
