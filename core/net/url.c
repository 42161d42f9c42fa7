#include "net/url.h"

#include <ctype.h>
#include <errno.h>

static bool starts(struct ed_span text, struct ed_span with) {
  return text.len >= with.len && (with.len == 0 || memcmp(text.at, with.at, with.len) == 0);
}

static struct ed_span after(struct ed_span text, size_t len) { return ed_span(text.at + len, text.len - len); }

/* The first segment of a path that begins with '/': takes it, and its slash, off the path. Empty at the end. */
static struct ed_span segment(struct ed_span *path) {
  if (path->len == 0 || path->at[0] != '/') return ed_span(NULL, 0);
  *path = after(*path, 1);
  const uint8_t *slash = path->len ? memchr(path->at, '/', path->len) : NULL;
  size_t len = slash ? (size_t)(slash - path->at) : path->len;
  struct ed_span part = ed_span(path->at, len);
  *path = after(*path, len);
  return part;
}

static enum ed_page page_of_room(struct ed_span rest) {
  if (rest.len == 0) return ED_PAGE_ROOM;
  if (ed_span_equal(rest, ED_LIT("/connect"))) return ED_PAGE_CONNECT;
  if (ed_span_equal(rest, ED_LIT("/send"))) return ED_PAGE_SEND;
  return ED_PAGE_NONE;
}

static struct ed_route parse(struct ed_span path) {
  struct ed_route route = {.page = ED_PAGE_NONE};
  if (ed_span_equal(path, ED_LIT("/healthz"))) return (struct ed_route){.page = ED_PAGE_HEALTH};
  if (starts(path, ED_LIT("/db/"))) {
    path = after(path, 3);
    route.space = segment(&path);
    if (route.space.len == 0) return route;
  }
  if (ed_span_equal(path, ED_LIT("/new"))) {
    route.page = ED_PAGE_NEW;
  } else if (starts(path, ED_LIT("/room/"))) {
    path = after(path, 5);
    route.id = segment(&path);
    if (route.id.len) route.page = page_of_room(path);
  }
  return route;
}

struct ed_route ed_route_parse(struct ed_span prefix, struct ed_span path) {
  if (prefix.len && starts(path, prefix)) {
    struct ed_route route = parse(after(path, prefix.len));
    if (route.page != ED_PAGE_NONE) return route;
  }
  return parse(path);
}

const char *ed_page_methods(enum ed_page page) {
  if (page == ED_PAGE_ADMIN) return "GET, HEAD, POST";
  if (page == ED_PAGE_OTHER) return "GET, HEAD, POST, OPTIONS";
  return page == ED_PAGE_NEW || page == ED_PAGE_SEND ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

struct ed_query ed_query_parse(struct ed_span query) {
  struct ed_query found = {0};
  size_t start = 0;
  for (size_t i = 0; i <= query.len; i++) {
    if (i < query.len && !memchr("&?", query.at[i], 2)) continue;
    struct ed_span argument = ed_span(query.len ? query.at + start : NULL, i - start);
    if (ed_span_equal(argument, ED_LIT("cbor=true"))) found.cbor = true;
    if (ed_span_equal(argument, ED_LIT("debug=true"))) found.debug = true;
    start = i + 1;
  }
  return found;
}

int ed_base_parse(const char *url, struct ed_base *base) {
  static const struct {
    const char *scheme;
    bool secure;
  } schemes[] = {{"http://", false}, {"https://", true}, {"ws://", false}, {"wss://", true}};
  const char *host = NULL;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    size_t len = strlen(schemes[i].scheme);
    if (strncmp(url, schemes[i].scheme, len) != 0) continue;
    base->secure = schemes[i].secure;
    host = url + len;
  }
  if (!host) return -EINVAL;
  size_t host_len = strcspn(host, "/");
  if (host_len == 0 || host[strcspn(host, "?#@ \\\"")] != '\0') return -EINVAL;
  for (const char *p = host; *p; p++)
    if (!isgraph((unsigned char)*p)) return -EINVAL;
  size_t path_len = strlen(host + host_len);
  while (path_len && host[host_len + path_len - 1] == '/') path_len--;
  base->host = ed_span(host, host_len);
  base->path = ed_span(host + host_len, path_len);
  return 0;
}

void ed_base_room_url(struct ed_buf *out, const struct ed_base *base, const char *scheme, struct ed_span space,
                      struct ed_span id, const char *tail) {
  ed_buf_add_text(out, scheme);
  if (base->secure) ed_buf_add_byte(out, 's');
  ed_buf_add_text(out, "://");
  ed_buf_add_span(out, base->host);
  ed_buf_add_span(out, base->path);
  if (space.at) {
    ed_buf_add_text(out, "/db/");
    ed_buf_add_span(out, space);
  }
  ed_buf_add_text(out, "/room/");
  ed_buf_add_span(out, id);
  ed_buf_add_text(out, tail);
}
