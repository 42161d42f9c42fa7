/* What a request asks for, from its path and query, and the URLs that a room is reached at. Pure. */
#ifndef ED_NET_URL_H
#define ED_NET_URL_H

#include "base/buf.h"
#include "base/span.h"

enum ed_page {
  ED_PAGE_NONE,    /* nothing is there */
  ED_PAGE_HEALTH,  /* /healthz */
  ED_PAGE_NEW,     /* [/db/NAME]/new */
  ED_PAGE_ROOM,    /* [/db/NAME]/room/ID */
  ED_PAGE_CONNECT, /* [/db/NAME]/room/ID/connect */
  ED_PAGE_SEND,    /* [/db/NAME]/room/ID/send */
  ED_PAGE_ADMIN,   /* whatever is asked for on the admin interface */
  ED_PAGE_OTHER,   /* NONE, where somebody else is to be asked; see ed_net_options.other_page */
};

struct ed_route {
  enum ed_page page;
  struct ed_span space; /* NAME; {NULL, 0} for the default namespace. Borrowed from the path, as is `id` */
  struct ed_span id;    /* not empty for the pages of a room; whether it is a valid one is for the hub to say */
};

/* `path` is percent-decoded. It may begin with `prefix` (such as "/base", or empty), which then does not count. */
struct ed_route ed_route_parse(struct ed_span prefix, struct ed_span path);

/* The methods that a page answers, as an Allow header has them. */
const char *ed_page_methods(enum ed_page page);

struct ed_query {
  bool cbor, debug; /* NAME=true is among the arguments */
};

/* Arguments are parted by '&', and by '?' too: driftdb 1.0.x appends its whole query once more at every reconnect. */
struct ed_query ed_query_parse(struct ed_span query);

/* The root that a client reaches the server at. Spans are borrowed. */
struct ed_base {
  bool secure;         /* https and wss */
  struct ed_span host; /* with the port where there is one */
  struct ed_span path; /* "" or "/base": no slash at its end */
};

/* From "http[s]://HOST[:PORT][/PATH]"; ws and wss are taken as well. 0 or -EINVAL. */
int ed_base_parse(const char *url, struct ed_base *base);

/* Adds "SCHEME://HOST/PATH[/db/SPACE]/room/ID/TAIL" to `out`. `space` {NULL, 0}: the default one. */
void ed_base_room_url(struct ed_buf *out, const struct ed_base *base, const char *scheme, struct ed_span space,
                      struct ed_span id, const char *tail);

#endif
