/* TLS, by OpenSSL. A connection that comes over it is like any other: a relay of ours holds the accepted socket,
 * decrypts, and passes what it finds on over a pair of local sockets, whose other end is the connection's. So nothing
 * else in this folder knows of TLS, and what a stranger can do to OpenSSL's state machine is between him and the relay.
 * It costs two descriptors and one copy more; README.md says what that comes to. */
#ifndef ED_NET_TLS_H
#define ED_NET_TLS_H

#include "net/address.h"

struct ed_net;
struct ed_relay;
struct ed_tls; /* certificate and key, as they were last read */

/* Reads both files (PEM; the certificate first, then its chain). 0; or -EINVAL, with a sentence in `why`. */
int ed_tls_new(struct ed_tls **tls, const char *certificate, const char *key, char why[256]);
void ed_tls_free(struct ed_tls *tls); /* connections that began with it go on. NULL: nothing */

/* Takes over an accepted socket, also where it fails. The other end of the relay, a socket for a connection; or a
 * negative errno. `*owner`, a place in that connection, points to the relay as long as it is there. */
int ed_relay_new(struct ed_net *net, struct ed_tls *tls, int fd, struct ed_relay **owner);

/* The connection, its owner, goes: the relay says what it still has to, for a few seconds at most. */
void ed_relay_leave(struct ed_relay *relay);

/* Whom it relays for, as getpeername(2). */
int ed_relay_peer(const struct ed_relay *relay, struct ed_address *peer);

/* Every relay, at once; the loop must run once more after it. */
void ed_relays_close(struct ed_net *net);

#endif
