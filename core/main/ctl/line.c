#include "main/ctl/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_LEN 65536

/* ---- connecting ---- */

static int no_socket(const struct ed_ctl *ctl, int error) {
  if (error == EACCES || error == EPERM)
    return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "%s is another user's: run this as that user, or as root", ctl->socket);
  if (error == ENOENT || error == ECONNREFUSED)
    return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE,
                       "no daemon answers at %s; is it running? (-s PATH names another socket)", ctl->socket);
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "%s: %s", ctl->socket, strerror(error));
}

static int connect_local(const struct ed_ctl *ctl, int *fd) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", ctl->socket);
  *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (*fd >= 0 && connect(*fd, (struct sockaddr *)(void *)&address, sizeof address) == 0) return ED_CTL_FINE;
  int error = errno;
  if (*fd >= 0) close(*fd);
  return no_socket(ctl, error);
}

static int connect_tcp(const struct ed_ctl *ctl, int *fd) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *at;
  int error = getaddrinfo(ctl->host, ctl->port, &hints, &found);
  if (error) return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "%s:%s: %s", ctl->host, ctl->port, gai_strerror(error));
  error = 0;
  *fd = -1;
  for (at = found; at && *fd < 0; at = at->ai_next) {
    *fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || connect(*fd, at->ai_addr, at->ai_addrlen) == 0) continue;
    error = errno;
    close(*fd);
    *fd = -1;
  }
  freeaddrinfo(found);
  if (*fd >= 0) return ED_CTL_FINE;
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "no daemon answers at %s:%s: %s", ctl->host, ctl->port, strerror(error));
}

/* ---- TLS ---- */

static int no_tls(const struct ed_ctl *ctl, const SSL *ssl) {
  long verdict = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
  unsigned long error = ERR_peek_last_error();
  const char *why = error ? ERR_reason_error_string(error) : NULL;
  if (verdict != X509_V_OK)
    return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE,
                       "the certificate of %s is not to be trusted: %s (--ca FILE names who vouches for it)", ctl->host,
                       X509_verify_cert_error_string(verdict));
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "no TLS with %s:%s: %s", ctl->host, ctl->port,
                     why ? why : "the connection has ended");
}

/* Whose certificate it must be: that of a name, or of an address. */
static bool expect_host(SSL *ssl, const char *host) {
  uint8_t address[16];
  bool is_address = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
  return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

static int begin_tls(const struct ed_ctl *ctl, struct ed_ctl_line *line) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (!context) return no_tls(ctl, NULL);
  signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, ctl->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
  int status = ED_CTL_FINE;
  if (ctl->ca && SSL_CTX_load_verify_locations(context, ctl->ca, NULL) != 1)
    status = ed_ctl_fail(ctl, ED_CTL_USAGE, "--ca %s: there is no certificate in it", ctl->ca);
  else if (!ctl->ca)
    SSL_CTX_set_default_verify_paths(context);
  if (!status) {
    line->ssl = SSL_new(context);
    bool fine = line->ssl && expect_host(line->ssl, ctl->host) && SSL_set_fd(line->ssl, line->fd) == 1;
    if (!fine || SSL_connect(line->ssl) != 1) status = no_tls(ctl, line->ssl);
  }
  SSL_CTX_free(context);
  return status;
}

/* ---- a line ---- */

int ed_ctl_line_open(const struct ed_ctl *ctl, struct ed_ctl_line *line) {
  *line = (struct ed_ctl_line){.fd = -1};
  int status = ctl->socket[0] ? connect_local(ctl, &line->fd) : connect_tcp(ctl, &line->fd);
  if (status) return status;
  struct timeval patience = {.tv_sec = ED_CTL_PATIENCE_S};
  setsockopt(line->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ed_ctl_line_wait(line, ED_CTL_PATIENCE_S);
  if (!ctl->socket[0] && ctl->tls) status = begin_tls(ctl, line);
  if (status) ed_ctl_line_close(line);
  return status;
}

void ed_ctl_line_close(struct ed_ctl_line *line) {
  SSL_free(line->ssl);
  close(line->fd);
  *line = (struct ed_ctl_line){.fd = -1};
}

void ed_ctl_line_wait(struct ed_ctl_line *line, unsigned seconds) {
  struct timeval patience = {.tv_sec = seconds};
  setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

bool ed_ctl_line_send(struct ed_ctl_line *line, struct ed_span bytes) {
  size_t written;
  if (line->ssl) return !bytes.len || SSL_write_ex(line->ssl, bytes.at, bytes.len, &written) == 1;
  while (bytes.len) {
    ssize_t sent = send(line->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes = ed_span(bytes.at + sent, bytes.len - (size_t)sent);
  }
  return true;
}

/* An end without TLS's goodbye is an end: what came is looked at, whether it is whole. */
static ssize_t read_tls(struct ed_ctl_line *line, uint8_t *to) {
  size_t got = 0;
  if (SSL_read_ex(line->ssl, to, READ_LEN, &got) == 1) return (ssize_t)got;
  int error = SSL_get_error(line->ssl, 0);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return 0;
  errno = EAGAIN;
  return -1;
}

ssize_t ed_ctl_line_receive(struct ed_ctl_line *line, struct ed_buf *input) {
  uint8_t *to = ed_buf_reserve(input, READ_LEN);
  ssize_t got;
  do got = line->ssl ? read_tls(line, to) : recv(line->fd, to, READ_LEN, 0);
  while (!line->ssl && got < 0 && errno == EINTR);
  if (got > 0) input->len += (size_t)got;
  return got;
}
