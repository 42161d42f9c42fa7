/* Who may read: a list of addresses, as the option `allow` has it. */
#ifndef METRICS_ALLOW_H
#define METRICS_ALLOW_H

#include <eddy/plugin.h>

#define ALLOW_MAX 64 /* ranges in one list */

struct allow_range { /* IPv4 is kept as the IPv6 that it is mapped to */
  unsigned char address[16];
  unsigned bits; /* of the address that count */
};

struct allow {
  struct allow_range ranges[ALLOW_MAX];
  size_t len;
  int unix_socket;
};

/* "127.0.0.0/8 ::1 unix": words between spaces or commas, each an address, a range, or "unix". 0; or -EINVAL, and in
 * `why` what is wrong. */
int allow_parse(struct allow *allow, const char *text, char why[160]);

/* `peer` as eddy_http_request has it; one that is not known is not allowed. */
int allow_has(const struct allow *allow, struct eddy_text peer);

#endif
