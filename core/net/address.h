/* The addresses to listen on, as they stand in a configuration. Pure, but for names, which are looked up. */
#ifndef ED_NET_ADDRESS_H
#define ED_NET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/span.h"

struct ed_address {
  union {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un local;
    struct sockaddr_storage room;
  };
  socklen_t len;
};

struct ed_address_text {
  bool local;          /* unix: `host` is the path */
  char host[256];      /* NUL-terminated, without brackets */
  char port[6];        /* digits, 0 to 65535 */
};

/* "HOST:PORT", "[IPV6]:PORT" or "unix:PATH". 0; or -EINVAL and why in `why`. Nothing is looked up. */
int ed_address_parse(const char *text, struct ed_address_text *parts, char why[128]);

/* What to bind to. 0; or -EINVAL and why in `why`. */
int ed_address_resolve(const struct ed_address_text *parts, struct ed_address *address, char why[128]);

#endif
