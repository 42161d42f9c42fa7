/* For tls.c and relay.c. */
#ifndef ED_NET_TLS_PRIVATE_H
#define ED_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>

#include "net/tls.h"

/* A session on a socket, to be freed with SSL_free; NULL where OpenSSL has no memory for it. */
SSL *ed_tls_begin(struct ed_tls *tls, int fd);

#endif
