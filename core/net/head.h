/* What has to be known of a request's head before libwebsockets gets it. Pure. */
#ifndef ED_NET_HEAD_H
#define ED_NET_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct ed_head {
  bool post;
  bool upgrade; /* a GET of HTTP/1.1 that asks for a WebSocket */
  uint64_t body_len; /* bytes that follow the head; 0 where it does not say */
};

/* `at` is a whole head, with the empty line at its end. What libwebsockets is not to see is overwritten: the digits of
 * the Content-Length with zeros, since the body is read here; and the name of an Upgrade field: a WebSocket begins in
 * upgrade.c, and any other a server may ignore (RFC 9110, 7.8), where libwebsockets would try HTTP/2 or say 403.
 *
 * 0; or the HTTP status to refuse it with, and then why in `why` (a constant). */
int ed_head_read(uint8_t *at, size_t len, struct ed_head *head, const char **why);

/* The length of the head that the `len` bytes at `at` begin with, the empty line included; 0 where its end has not come
 * yet. It is known not to have come in the first `seen` of them. */
size_t ed_head_find_end(const uint8_t *at, size_t len, size_t seen);

/* The target of the request line, between its two spaces; empty where it has none. */
struct ed_span ed_head_target(struct ed_span head);

/* Parts a target at its first "?": the query is what follows, or empty. */
void ed_head_part(struct ed_span target, struct ed_span *path, struct ed_span *query);

/* The value of the first field of this name (in lower case, with its colon) in a whole head; false where there is none.
 */
bool ed_head_field(struct ed_span head, const char *name, struct ed_span *value);

/* Whether any field of this name (as above) has this token in its comma-separated list, in just this case. */
bool ed_head_offers(struct ed_span head, const char *name, const char *token);

/* Likewise, a token that begins with `prefix`: what follows that, of the first one, in `rest`. */
bool ed_head_offered(struct ed_span head, const char *name, const char *prefix, struct ed_span *rest);

/* Adds the values of all fields of this name to `out`, in their order and with commas between them, which says the same
 * (RFC 9110, 5.3). */
void ed_head_fields(struct ed_span head, const char *name, struct ed_buf *out);

/* Whether a header's comma-separated list has this token, in whatever case. */
bool ed_head_lists(struct ed_span list, const char *token);

#endif
