#include "net/forwarded.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>

#include "net/address.h"

static const uint8_t MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void map_ipv4(const void *ipv4, uint8_t address[16]) {
  memcpy(address, MAPPED, sizeof MAPPED);
  memcpy(address + sizeof MAPPED, ipv4, 4);
}

int ed_proxy_parse(const char *text, struct ed_proxy *proxy) {
  *proxy = (struct ed_proxy){.bits = 128};
  if (strcmp(text, "unix") == 0) {
    proxy->unix_socket = true;
    return 0;
  }
  char host[INET6_ADDRSTRLEN];
  size_t len = strcspn(text, "/");
  if (len >= sizeof host) return -EINVAL;
  memcpy(host, text, len);
  host[len] = '\0';

  struct in_addr ipv4;
  unsigned most = 128;
  if (inet_pton(AF_INET, host, &ipv4) == 1) {
    map_ipv4(&ipv4, proxy->address);
    most = 32;
  } else if (inet_pton(AF_INET6, host, proxy->address) != 1) {
    return -EINVAL;
  }
  if (text[len] == '\0') return 0;

  const char *digits = text + len + 1;
  if (!isdigit((unsigned char)*digits) || strlen(digits) > 3) return -EINVAL;
  char *end;
  unsigned long bits = strtoul(digits, &end, 10);
  if (*end || bits > most) return -EINVAL;
  proxy->bits = (unsigned)bits + (128 - most);
  return 0;
}

bool ed_forwarded_bytes(const struct sockaddr *peer, uint8_t address[16]) {
  if (peer->sa_family == AF_INET)
    map_ipv4(&((const struct sockaddr_in *)(const void *)peer)->sin_addr, address);
  else if (peer->sa_family == AF_INET6)
    memcpy(address, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 16);
  else
    return false;
  return true;
}

bool ed_proxy_match(const struct ed_proxy *proxy, const struct sockaddr *peer) {
  if (proxy->unix_socket || peer->sa_family == AF_UNIX) return proxy->unix_socket && peer->sa_family == AF_UNIX;
  uint8_t address[16];
  if (!ed_forwarded_bytes(peer, address)) return false;
  unsigned bytes = proxy->bits / 8, rest = proxy->bits % 8;
  if (memcmp(address, proxy->address, bytes) != 0) return false;
  return rest == 0 || (address[bytes] ^ proxy->address[bytes]) >> (8 - rest) == 0;
}

bool ed_forwarded_address(struct ed_span text, struct ed_address *address) {
  char host[INET6_ADDRSTRLEN];
  *address = (struct ed_address){0};
  if (text.len >= sizeof host) return false;
  memcpy(host, text.at, text.len);
  host[text.len] = '\0';
  if (inet_pton(AF_INET, host, &address->ipv4.sin_addr) == 1)
    address->any.sa_family = AF_INET;
  else if (inet_pton(AF_INET6, host, &address->ipv6.sin6_addr) == 1)
    address->any.sa_family = AF_INET6;
  else
    return false;
  return true;
}

/* Each proxy adds at the end whom it was asked by; what stands before that, anybody may have written. */
struct ed_span ed_forwarded_for(struct ed_span header, const struct ed_proxy *proxies, size_t proxies_len) {
  size_t end = header.len;
  while (header.len) {
    size_t start = end;
    while (start > 0 && header.at[start - 1] != ',') start--;
    struct ed_span one = ed_forwarded_first(ed_span(header.at + start, end - start));
    struct ed_address address;
    if (!ed_forwarded_address(one, &address)) return ed_span(NULL, 0);
    bool ours = false;
    for (size_t i = 0; i < proxies_len && !ours; i++) ours = ed_proxy_match(&proxies[i], &address.any);
    if (!ours || start == 0) return one;
    end = start - 1;
  }
  return header;
}

struct ed_span ed_forwarded_first(struct ed_span header) {
  size_t end = 0;
  while (end < header.len && header.at[end] != ',') end++;
  while (end > 0 && (header.at[end - 1] == ' ' || header.at[end - 1] == '\t')) end--;
  size_t start = 0;
  while (start < end && (header.at[start] == ' ' || header.at[start] == '\t')) start++;
  return ed_span(header.at + start, end - start);
}

int ed_forwarded_secure(struct ed_span proto) {
  static const char *const names[] = {"http", "https", "ws", "wss"};
  for (int i = 0; i < 4; i++)
    if (proto.len == strlen(names[i]) && strncasecmp((const char *)proto.at, names[i], proto.len) == 0) return i & 1;
  return -1;
}

struct ed_span ed_forwarded_prefix(struct ed_span prefix) {
  static const char others[] = "/.-_~%!+@:,=";
  while (prefix.len && prefix.at[prefix.len - 1] == '/') prefix.len--;
  if (prefix.len == 0 || prefix.len > 255 || prefix.at[0] != '/') return ed_span(NULL, 0);
  for (size_t i = 0; i < prefix.len; i++)
    if (!isalnum(prefix.at[i]) && !memchr(others, prefix.at[i], sizeof others - 1)) return ed_span(NULL, 0);
  return prefix;
}

bool ed_forwarded_host_valid(struct ed_span host) {
  if (host.len == 0 || host.len > 255) return false;
  for (size_t i = 0; i < host.len; i++)
    if (!isalnum(host.at[i]) && !memchr(".-_:[]%~", host.at[i], 8)) return false;
  return true;
}
