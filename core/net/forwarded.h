/* Which peers are proxies whose X-Forwarded-Proto, -Host, -Prefix and -For are believed, and what these say.
 * Pure. */
#ifndef ED_NET_FORWARDED_H
#define ED_NET_FORWARDED_H

#include <sys/socket.h>

#include "base/span.h"

/* A range of addresses. IPv4 is kept as the IPv6 that it is mapped to (RFC 4291, 2.5.5.2), so one comparison does. */
struct ed_proxy {
  bool unix_socket; /* whoever comes through a unix socket */
  uint8_t address[16];
  unsigned bits; /* of the address that count: 0 to 128 */
};

/* "10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "unix". 0 or -EINVAL. */
int ed_proxy_parse(const char *text, struct ed_proxy *proxy);

bool ed_proxy_match(const struct ed_proxy *proxy, const struct sockaddr *peer);

/* The address as 16 bytes; false where it is none of the internet's. */
bool ed_forwarded_bytes(const struct sockaddr *peer, uint8_t address[16]);

/* What stands there is an address and nothing else, and it is this one; else false. */
struct ed_address;
bool ed_forwarded_address(struct ed_span text, struct ed_address *address);

/* The last of a comma-separated list of addresses that no proxy of ours has: who asked the outermost of them. An empty
 * span where there is none, or one that is no address stands before it. */
struct ed_span ed_forwarded_for(struct ed_span header, const struct ed_proxy *proxies, size_t proxies_len);

/* The first of a comma-separated list, without the blanks around it: what the proxy nearest to the client saw. */
struct ed_span ed_forwarded_first(struct ed_span header);

/* 1: https (or wss), 0: http (or ws), -1: neither. */
int ed_forwarded_secure(struct ed_span proto);

/* Whether this may stand in a URL as a host: not empty, at most 255 of what hosts and ports are written with. */
bool ed_forwarded_host_valid(struct ed_span host);

/* What the proxy took off the path of the request, without slashes at its end: "/base", or "" where it is nothing that
 * may stand in a URL so. */
struct ed_span ed_forwarded_prefix(struct ed_span prefix);

#endif
