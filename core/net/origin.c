#include "net/origin.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static int wrong(char why[128], const char *text) {
  snprintf(why, 128, "%s", text);
  return -EINVAL;
}

static size_t scheme_len(const char *text) {
  size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
  return len && strncmp(text + len, "://", 3) == 0 ? len + 3 : 0;
}

/* The port where it is well-formed; 0 where it is not. */
static unsigned long port_of(const char *digits) {
  size_t len = strspn(digits, "0123456789");
  unsigned long port = len && len <= 5 && !digits[len] && *digits != '0' ? strtoul(digits, NULL, 10) : 0;
  return port <= 65535 ? port : 0;
}

int ed_origin_check(const char *text, char why[128]) {
  static const char *const form =
      "an origin is \"*\", or SCHEME://HOST[:PORT] in lower case, such as https://example.org";
  if (strcmp(text, "*") == 0 || strcmp(text, "null") == 0) return 0;
  size_t scheme = scheme_len(text);
  if (!scheme) return wrong(why, form);
  const char *host = text + scheme;
  bool wild = strncmp(host, "*.", 2) == 0;
  if (wild) host += 2;
  size_t len =
      *host == '[' ? strspn(host, "[]0123456789abcdef:.") : strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_");
  if (host[len] == '/') return wrong(why, "an origin ends with its host or port: browsers send no path");
  if (*host == '[') { /* an IPv6 address: its port is behind the bracket */
    const char *end = strchr(host, ']');
    if (wild || !end || (end[1] && (end[1] != ':' || !port_of(end + 2)))) return wrong(why, form);
    len = (size_t)(end + 1 - host);
  }
  if (!len || *host == '.') return wrong(why, form);
  if (!host[len]) return 0;
  unsigned long port = host[len] == ':' ? port_of(host + len + 1) : 0;
  if (!port) return wrong(why, form);
  bool plain = port == 80 && strncmp(text, "http://", 7) == 0,
       secure = port == 443 && strncmp(text, "https://", 8) == 0;
  if (plain || secure)
    return wrong(why, "browsers leave out the port where it is the usual one of the scheme: so must this");
  return 0;
}

static bool same(const char *a, const uint8_t *b, size_t len) { return strncasecmp(a, (const char *)b, len) == 0; }

static bool host_byte(uint8_t byte) { return isalnum(byte) || byte == '-' || byte == '_' || byte == '.'; }

static bool matches(const char *entry, struct ed_span origin) {
  const char *star = strstr(entry, "://*.");
  if (!star) return strlen(entry) == origin.len && same(entry, origin.at, origin.len);
  size_t scheme = (size_t)(star - entry) + 3, tail = strlen(entry) - scheme - 1;
  if (origin.len <= scheme + tail || !same(entry, origin.at, scheme)) return false;
  if (!same(star + 4, origin.at + origin.len - tail, tail)) return false;
  for (size_t i = scheme; i < origin.len - tail; i++)
    if (!host_byte(origin.at[i])) return false;
  return true;
}

enum ed_origin_verdict ed_origin_judge(const struct ed_texts *list, struct ed_span origin) {
  for (size_t i = 0; i < list->len; i++)
    if (strcmp(list->list[i], "*") == 0) return ED_ORIGIN_ANY;
  if (!origin.at) return ED_ORIGIN_NONE;
  for (size_t i = 0; i < list->len; i++)
    if (matches(list->list[i], origin)) return ED_ORIGIN_NAMED;
  return ED_ORIGIN_OTHER;
}

/* "localhost", "127.0.0.1", "[::1]"; with a port or without. */
static bool no_name(struct ed_span host) {
  size_t len = 0;
  if (host.len > 2 && host.at[0] == '[') return memchr(host.at, ']', host.len) != NULL; /* an IPv6 address */
  while (len < host.len && host.at[len] != ':') len++;
  if (len == 9 && same("localhost", host.at, len)) return true;
  size_t last = len; /* what ends with a number is an IPv4 address, or nothing (WHATWG URL, 3.5) */
  while (last > 0 && host.at[last - 1] != '.') last--;
  for (size_t i = last; i < len; i++)
    if (!isdigit(host.at[i])) return false;
  return len > last;
}

static bool equal(struct ed_span a, struct ed_span b) {
  return a.len && a.len == b.len && same((const char *)a.at, b.at, a.len);
}

bool ed_origin_own(struct ed_span origin, struct ed_span host, struct ed_span known) {
  for (size_t i = 0; i + 3 < origin.len; i++) {
    if (memcmp(origin.at + i, "://", 3) != 0) continue;
    struct ed_span name = ed_span(origin.at + i + 3, origin.len - i - 3);
    return equal(name, known) || (no_name(host) && equal(name, host));
  }
  return false;
}
