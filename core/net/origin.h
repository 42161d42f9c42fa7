/* Which pages may use a namespace: the Origin that browsers send (RFC 6454) against the list of the configuration.
 * Pure.
 */
#ifndef ED_NET_ORIGIN_H
#define ED_NET_ORIGIN_H

#include <stdbool.h>

#include "base/span.h"
#include "base/texts.h"

enum ed_origin_verdict {
  ED_ORIGIN_ANY,   /* the list says "*" */
  ED_ORIGIN_NAMED, /* it is one of the list */
  ED_ORIGIN_NONE,  /* there is none: this is no browser, or a page's own server */
  ED_ORIGIN_OTHER, /* it is none of them */
};

/* "*", "null", SCHEME://HOST[:PORT], where HOST may begin with "*." for all below it. 0; or -EINVAL, and why in `why`.
 */
int ed_origin_check(const char *text, char why[128]);

/* `origin` {NULL, 0}: the request has none. */
enum ed_origin_verdict ed_origin_judge(const struct ed_texts *list, struct ed_span origin);

/* Whether it is a page of the server that is asked, whatever its scheme: of the host `known` ({NULL, 0}: none), or of
 * `host`, as the request's Host header has it, where that is an IP address or localhost. Any other name in a Host
 * header proves nothing: whoever owns it can let it point here (DNS rebinding). */
bool ed_origin_own(struct ed_span origin, struct ed_span host, struct ed_span known);

#endif
