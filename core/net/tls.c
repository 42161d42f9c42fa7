#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/tls_private.h"

struct ed_tls {
  SSL_CTX *context;
};

/* OpenSSL's own words for what went wrong first. */
static int wrong(char why[256], const char *what, const char *path) {
  unsigned long error = ERR_get_error();
  const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
                       : error                 ? ERR_reason_error_string(error)
                                               : NULL;
  snprintf(why, 256, "%.48s %.100s: %.90s", what, path, reason ? reason : "it cannot be used");
  ERR_clear_error();
  return -EINVAL;
}

static int choose_http_1_1(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                           unsigned in_len, void *arg) {
  static const unsigned char ours[] = "\x08http/1.1";
  (void)ssl, (void)arg;
  int found = SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, ours, sizeof ours - 1, in, in_len);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301, 3.2 */
}

/* Mozilla's "intermediate" set: TLS 1.2 with forward secrecy and authenticated encryption, and 1.3. */
static int settle(SSL_CTX *context) {
  static const char ciphers[] =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  /* Clients resume by tickets, which take no memory here. */
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_http_1_1, NULL);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) && SSL_CTX_set_cipher_list(context, ciphers);
}

int ed_tls_new(struct ed_tls **out, const char *certificate, const char *key, char why[256]) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  int rc = 0;
  ERR_clear_error();
  if (!context || !settle(context))
    rc = wrong(why, "OpenSSL", "");
  else if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
    rc = wrong(why, "the certificate", certificate);
  else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
    rc = wrong(why, "the key", key);
  else if (SSL_CTX_check_private_key(context) != 1)
    rc = wrong(why, "the key does not go with the certificate:", key);
  if (rc) {
    SSL_CTX_free(context);
    return rc;
  }
  signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets that may be dead */
  *out = ed_zalloc(sizeof **out);
  (*out)->context = context;
  return 0;
}

void ed_tls_free(struct ed_tls *tls) {
  if (!tls) return;
  SSL_CTX_free(tls->context);
  free(tls);
}

SSL *ed_tls_begin(struct ed_tls *tls, int fd) {
  SSL *ssl = SSL_new(tls->context);
  if (ssl && SSL_set_fd(ssl, fd) == 1) {
    SSL_set_accept_state(ssl);
    return ssl;
  }
  SSL_free(ssl);
  ERR_clear_error();
  return NULL;
}
