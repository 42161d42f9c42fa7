/* A relay: OpenSSL on an accepted socket (outside) at one end, half a pair of local sockets (inside) at the other. Each
 * direction holds at most one piece that the other side has not taken yet; while it does, nothing more is read for it,
 * so that who does not read is not read for either. */
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/internal.h"
#include "net/tls_private.h"

#define PIECE_LEN (16 * 1024) /* a TLS record */
#define PIECES_MOST 16        /* in one direction at one event: then others get their turn */
#define GOODBYE_MS 5000

struct ed_relay {
  struct ed_net *net;
  SSL *ssl;
  int outside, inside; /* sockets; owned */
  uv_poll_t outside_poll, inside_poll;
  /* What they are polled for: libuv asks the system anew each time that it is told. */
  int outside_events, inside_events;
  int polls;         /* handles that are not closed yet */
  struct ed_timer goodbye;
  struct ed_buf in, out;    /* decrypted and not yet taken inside; not yet encrypted */
  bool wants_write;         /* OpenSSL waits for the socket to take more */
  bool in_ended, out_ended; /* nothing more comes from outside, from inside */
  bool in_told, out_told;   /* and the other side has been told */
  bool closing;
  struct ed_relay **owner;      /* the connection's; NULL once it has left */
  struct ed_relay *prev, *next; /* of net->relays */
};

static void handle_closed(uv_handle_t *handle) {
  struct ed_relay *relay = handle->data;
  if (--relay->polls) return;
  SSL_free(relay->ssl);
  close(relay->outside);
  close(relay->inside);
  ed_buf_deinit(&relay->in);
  ed_buf_deinit(&relay->out);
  free(relay);
}

static void end(struct ed_relay *relay) {
  if (relay->closing) return;
  relay->closing = true;
  if (relay->owner) *relay->owner = NULL;
  DL_DELETE(relay->net->relays, relay);
  ed_timer_stop(&relay->net->timers, &relay->goodbye);
  shutdown(relay->inside, SHUT_RDWR); /* the connection sees its end now, not when the loop comes round to the close */
  uv_close((uv_handle_t *)&relay->outside_poll, handle_closed);
  uv_close((uv_handle_t *)&relay->inside_poll, handle_closed);
}

/* What OpenSSL's result means: 0: it waits for the socket; 1: the other side has ended; -1: the session is broken. */
static int why_not(struct ed_relay *relay, int result) {
  switch (SSL_get_error(relay->ssl, result)) {
    case SSL_ERROR_WANT_READ: return 0;
    case SSL_ERROR_WANT_WRITE: relay->wants_write = true; return 0;
    case SSL_ERROR_ZERO_RETURN: return 1;
    default: ERR_clear_error(); return -1;
  }
}

/* Takes from the front. */
static void drop_front(struct ed_buf *buf, size_t len) {
  buf->len -= len;
  if (buf->len)
    memmove(buf->at, buf->at + len, buf->len);
  else
    ed_buf_deinit(buf);
}

/* False: the relay is to end. */
static bool give_inside(struct ed_relay *relay) {
  while (relay->in.len) {
    ssize_t sent = send(relay->inside, relay->in.at, relay->in.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    drop_front(&relay->in, (size_t)sent);
  }
  if (relay->in_ended && !relay->in_told) {
    relay->in_told = true;
    shutdown(relay->inside, SHUT_WR);
  }
  return true;
}

static bool take_outside(struct ed_relay *relay) {
  for (int i = 0; i < PIECES_MOST && relay->in.len == 0 && !relay->in_ended; i++) {
    uint8_t piece[PIECE_LEN];
    ERR_clear_error();
    int len = SSL_read(relay->ssl, piece, sizeof piece);
    if (len <= 0) {
      int why = why_not(relay, len);
      if (why == 0) break;
      if (why < 0 && !SSL_is_init_finished(relay->ssl)) return false; /* no handshake: there is nothing to say */
      relay->in_ended = true;
      if (why < 0) relay->out_ended = relay->out_told = true;
    } else {
      relay->net->input_seen = true; /* more may come, before anything is said */
      ed_buf_add(&relay->in, piece, (size_t)len);
    }
    if (!give_inside(relay)) return false;
  }
  return true;
}

static bool give_outside(struct ed_relay *relay) {
  while (relay->out.len) {
    ERR_clear_error();
    int len = relay->out.len > PIECE_LEN ? PIECE_LEN : (int)relay->out.len;
    int sent = SSL_write(relay->ssl, relay->out.at, len);
    if (sent <= 0) return why_not(relay, sent) == 0;
    drop_front(&relay->out, (size_t)sent);
  }
  if (relay->out_ended && !relay->out_told) {
    relay->out_told = true;
    SSL_shutdown(relay->ssl); /* close_notify; the peer's own comes as the end of what is read */
    ERR_clear_error();
    shutdown(relay->outside, SHUT_WR);
  }
  return true;
}

static bool take_inside(struct ed_relay *relay) {
  for (int i = 0; i < PIECES_MOST && relay->out.len == 0 && !relay->out_ended; i++) {
    uint8_t piece[PIECE_LEN];
    ssize_t len = recv(relay->inside, piece, sizeof piece, MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (len <= 0)
      relay->out_ended = true;
    else
      ed_buf_add(&relay->out, piece, (size_t)len);
    if (!give_outside(relay)) return false;
  }
  return true;
}

static void on_event(uv_poll_t *poll, int status, int events);

static void poll_for(uv_poll_t *poll, int *now, int events) {
  if (*now == events) return;
  *now = events;
  uv_poll_start(poll, events, on_event); /* no events: it is not watched */
}

static void listen_for(struct ed_relay *relay) {
  bool ready = SSL_is_init_finished(relay->ssl);
  int outside = (relay->in.len == 0 && !relay->in_ended ? UV_READABLE : 0) | (relay->wants_write ? UV_WRITABLE : 0);
  int inside =
      (ready && relay->out.len == 0 && !relay->out_ended ? UV_READABLE : 0) | (relay->in.len ? UV_WRITABLE : 0);
  poll_for(&relay->outside_poll, &relay->outside_events, outside);
  poll_for(&relay->inside_poll, &relay->inside_events, inside);
}

static void on_event(uv_poll_t *poll, int status, int events) {
  struct ed_relay *relay = poll->data;
  (void)status, (void)events;
  if (relay->closing) return;
  ed_net_tick(relay->net);
  relay->wants_write = false;
  bool fine = give_inside(relay) && take_outside(relay);
  if (fine && SSL_is_init_finished(relay->ssl)) fine = give_outside(relay) && take_inside(relay);
  if (!fine || (relay->in_told && relay->out_told))
    end(relay);
  else
    listen_for(relay);
}

static void goodbye_over(struct ed_timer *timer) {
  end((struct ed_relay *)(void *)((char *)timer - offsetof(struct ed_relay, goodbye)));
}

int ed_relay_new(struct ed_net *net, struct ed_tls *tls, int fd, struct ed_relay **owner) {
  int pair[2];
  SSL *ssl = ed_tls_begin(tls, fd);
  if (!ssl || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
    int error = ssl ? -errno : -ENOMEM;
    SSL_free(ssl);
    close(fd);
    return error;
  }
  struct ed_relay *relay = ed_zalloc(sizeof *relay);
  *relay = (struct ed_relay){.net = net, .ssl = ssl, .outside = fd, .inside = pair[0], .owner = owner};
  uv_poll_init(&net->loop, &relay->outside_poll, relay->outside); /* fails for what is no socket only */
  uv_poll_init(&net->loop, &relay->inside_poll, relay->inside);
  relay->polls = 2;
  relay->outside_poll.data = relay->inside_poll.data = relay;
  DL_APPEND(net->relays, relay);
  listen_for(relay);
  *owner = relay;
  return pair[1];
}

void ed_relay_leave(struct ed_relay *relay) {
  *relay->owner = NULL;
  relay->owner = NULL;
  if (!SSL_is_init_finished(relay->ssl)) { /* there is nothing to say, and nobody to say it to */
    end(relay);
    return;
  }
  ed_timer_start(&relay->net->timers, &relay->goodbye, GOODBYE_MS, goodbye_over);
}

int ed_relay_peer(const struct ed_relay *relay, struct ed_address *peer) {
  peer->len = sizeof peer->room;
  return getpeername(relay->outside, &peer->any, &peer->len) == 0 ? 0 : -errno;
}

void ed_relays_close(struct ed_net *net) {
  while (net->relays) end(net->relays);
}
