#include "net/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WHY_LEN 128

__attribute__((format(printf, 2, 3))) static int wrong(char why[WHY_LEN], const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(why, WHY_LEN, format, args);
  va_end(args);
  return -EINVAL;
}

static int parse_local(const char *path, struct ed_address_text *parts, char why[WHY_LEN]) {
  size_t most = sizeof ((struct sockaddr_un *)0)->sun_path - 1;
  size_t len = strlen(path);
  if (len == 0) return wrong(why, "a path has to follow unix:");
  if (len > most) return wrong(why, "the path of a unix socket has at most %zu bytes", most);
  parts->local = true;
  memcpy(parts->host, path, len + 1);
  return 0;
}

static int parse_port(const char *port, struct ed_address_text *parts, char why[WHY_LEN]) {
  size_t len = strlen(port);
  if (len == 0 || len > 5 || strspn(port, "0123456789") != len || strtoul(port, NULL, 10) > 65535)
    return wrong(why, "the port is not a number from 0 to 65535");
  memcpy(parts->port, port, len + 1);
  return 0;
}

int ed_address_parse(const char *text, struct ed_address_text *parts, char why[WHY_LEN]) {
  *parts = (struct ed_address_text){0};
  if (strncmp(text, "unix:", 5) == 0) return parse_local(text + 5, parts, why);

  const char *colon = strrchr(text, ':');
  if (!colon) return wrong(why, "it is not HOST:PORT, [IPV6]:PORT or unix:PATH");
  const char *host = text;
  size_t len = (size_t)(colon - text);
  if (*host == '[') {
    if (len < 3 || host[len - 1] != ']') return wrong(why, "the bracket is not closed before the port");
    host++;
    len -= 2;
  } else if (memchr(host, ':', len)) {
    return wrong(why, "an IPv6 address stands in brackets: [::1]:8080");
  }
  if (len == 0) return wrong(why, "the host is missing; 0.0.0.0 and [::] are all addresses");
  if (len >= sizeof parts->host) return wrong(why, "the host is too long");
  memcpy(parts->host, host, len);
  return parse_port(colon + 1, parts, why);
}

int ed_address_resolve(const struct ed_address_text *parts, struct ed_address *address, char why[WHY_LEN]) {
  *address = (struct ed_address){0};
  if (parts->local) {
    address->local.sun_family = AF_UNIX;
    memcpy(address->local.sun_path, parts->host, strlen(parts->host) + 1);
    address->len = sizeof address->local;
    return 0;
  }
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found;
  int error = getaddrinfo(parts->host, parts->port, &hints, &found);
  if (error) return wrong(why, "%s", gai_strerror(error));
  memcpy(&address->room, found->ai_addr, found->ai_addrlen);
  address->len = found->ai_addrlen;
  freeaddrinfo(found);
  return 0;
}
