/* Sockets that are listened on. They are ours, not libwebsockets': so an address is bound exactly as it is written, and
 * accepting can stop while what is open goes on. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/internal.h"

#define BACKLOG 4096    /* the system caps it at net.core.somaxconn */
#define ACCEPT_MOST 64  /* at one event: then others get their turn */
#define SURPLUS_MOST 64 /* connections above a limit, there to be told so */
#define ADMIN_MOST 64   /* connections to the admin interface, besides all others */
#define AGAIN_MS 100
#define TELL_MS 10000

static bool trusted(const struct ed_net *net, const struct ed_address *peer) {
  for (size_t i = 0; i < net->options.proxies_len; i++)
    if (ed_proxy_match(&net->proxies[i], &peer->any)) return true;
  return false;
}

static void admit(struct ed_listener *listener, int fd, const struct ed_address *peer) {
  struct ed_net *net = listener->net;
  bool admin = listener->admin; /* an operator gets in when everything is full */
  bool full = !admin && net->conns_len - net->surplus_len - net->admin_len >= net->options.connections;
  bool proxy = trusted(net, peer);
  struct ed_caller *caller = NULL;
  uint64_t wait_ms = 0;
  /* Whom a proxy speaks for is known when it has said so. */
  bool hasty = !admin && !full && !proxy && !ed_rates_enter(net, &peer->any, &caller, &wait_ms);
  bool surplus = full || hasty;
  if (surplus) net->hub.counts.refusals[full ? ED_FAULT_TOO_MANY : ED_FAULT_RATE]++;
  if ((surplus && net->surplus_len >= SURPLUS_MOST) || (admin && net->admin_len >= ADMIN_MOST)) {
    close(fd);
    return;
  }
  struct ed_conn *conn = ed_conn_new(net, fd);
  if (listener->tls) {
    conn->secure = true;
    conn->fd = ed_relay_new(net, net->tls, fd, &conn->relay);
    if (conn->fd < 0) conn->fd = -1;
  }
  conn->admin = admin;
  net->admin_len += admin;
  conn->local = peer->any.sa_family == AF_UNIX;
  conn->surplus = surplus;
  conn->hasty = hasty;
  conn->wait_ms = wait_ms;
  conn->caller = caller;
  net->surplus_len += surplus;
  conn->trusted = proxy;
  if (conn->fd < 0 || !ed_conn_watch(conn, true)) ed_conn_doom(conn);
}

static void accepting(uv_poll_t *poll, int status, int events);

static void again(struct ed_timer *timer) {
  struct ed_listener *listener = (struct ed_listener *)(void *)((char *)timer - offsetof(struct ed_listener, again));
  uv_poll_start(&listener->poll, UV_READABLE, accepting);
}

/* It may go on for as long as strangers want: a line every ten seconds is enough. */
static void tell(struct ed_listener *listener, const char *why) {
  struct ed_net *net = listener->net;
  listener->untold++;
  if (listener->told_ms && net->timers.now_ms - listener->told_ms < TELL_MS) return;
  ed_log(net->log, ED_LOG_WARN, "net", "cannot accept connections for the moment: %s (%u times)", why,
         listener->untold);
  listener->told_ms = net->timers.now_ms;
  listener->untold = 0;
}

static void accepting(uv_poll_t *poll, int status, int events) {
  (void)events;
  struct ed_listener *listener = poll->data;
  struct ed_net *net = listener->net;
  ed_net_tick(net);
  for (int i = 0; status == 0 && i < ACCEPT_MOST; i++) {
    struct ed_address peer = {.len = sizeof peer.room};
    int fd = accept4(listener->fd, &peer.any, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      admit(listener, fd, &peer);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      tell(listener, strerror(errno));
      uv_poll_stop(&listener->poll);
      ed_timer_start(&net->timers, &listener->again, AGAIN_MS, again);
      return;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

/* A unix socket that nobody answers on is what a server that was killed has left. */
static void remove_stale(const struct ed_address *address) {
  struct stat file;
  if (stat(address->local.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* one that is stopped lets nobody wait */
  if (fd < 0) return;
  if (connect(fd, &address->any, address->len) != 0 && errno == ECONNREFUSED) unlink(address->local.sun_path);
  close(fd);
}

static int bind_and_listen(struct ed_listener *listener) {
  struct ed_address *address = &listener->address;
  int on = 1;
  listener->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener->fd < 0) return -errno;
  if (address->any.sa_family == AF_UNIX)
    remove_stale(address);
  else
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address->any.sa_family != AF_UNIX) /* what it accepts has it too */
    setsockopt(listener->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (address->any.sa_family == AF_INET6) /* so [::]:80 and 0.0.0.0:80 go together */
    setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  bool bound = bind(listener->fd, &address->any, address->len) == 0;
  if (bound && listener->admin && address->any.sa_family == AF_UNIX) /* before anybody can connect */
    bound = chmod(address->local.sun_path, 0600) == 0;
  if (!bound || listen(listener->fd, BACKLOG) != 0) {
    int error = -errno;
    close(listener->fd);
    listener->fd = -1;
    return error;
  }
  address->len = sizeof address->room;
  getsockname(listener->fd, &address->any, &address->len);
  return 0;
}

int ed_listener_open(struct ed_listener *listener, struct ed_net *net, const char *text, bool tls, bool admin) {
  *listener = (struct ed_listener){.net = net, .text = text, .tls = tls, .admin = admin, .fd = -1};
  enum ed_log_level level = admin && net->options.admin_may_fail ? ED_LOG_WARN : ED_LOG_ERROR;
  struct ed_address_text parts;
  char why[128];
  if (ed_address_parse(text, &parts, why) != 0 || ed_address_resolve(&parts, &listener->address, why) != 0) {
    ed_log(net->log, level, "net", "cannot listen on %s: %s", text, why);
    return -EINVAL;
  }
  int error = bind_and_listen(listener);
  if (!error) error = uv_poll_init(&net->loop, &listener->poll, listener->fd);
  if (error) {
    ed_log(net->log, level, "net", "cannot listen on %s%s: %s", text, admin ? " for the admin interface" : "",
           strerror(-error));
    return error;
  }
  listener->polled = true;
  listener->poll.data = listener;
  return uv_poll_start(&listener->poll, UV_READABLE, accepting);
}

/* 0, or a negative errno where it is no socket that listens for streams of ours. */
static int take_over(struct ed_listener *listener) {
  struct ed_address *address = &listener->address;
  int type = 0, listens = 0, on = 1;
  socklen_t len = sizeof type;
  if (getsockopt(listener->fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) return -errno;
  len = sizeof listens;
  if (getsockopt(listener->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0) return -errno;
  address->len = sizeof address->room;
  if (getsockname(listener->fd, &address->any, &address->len) != 0) return -errno;
  int family = address->any.sa_family;
  if (type != SOCK_STREAM || !listens || (family != AF_INET && family != AF_INET6 && family != AF_UNIX)) return -EINVAL;
  int flags = fcntl(listener->fd, F_GETFL);
  if (flags < 0 || fcntl(listener->fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  if (fcntl(listener->fd, F_SETFD, FD_CLOEXEC) != 0) return -errno;
  if (family != AF_UNIX) setsockopt(listener->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return 0;
}

int ed_listener_adopt(struct ed_listener *listener, struct ed_net *net, int fd) {
  *listener = (struct ed_listener){.net = net, .text = "a socket that was passed", .fd = fd, .adopted = true};
  int error = take_over(listener);
  if (!error) error = uv_poll_init(&net->loop, &listener->poll, listener->fd);
  if (error) {
    ed_log(net->log, ED_LOG_ERROR, "net", "cannot listen on the passed socket %d: %s", fd, strerror(-error));
    listener->fd = -1; /* where fewer were passed than was said it is one of our own, the loop's say */
    return error;
  }
  listener->polled = true;
  listener->poll.data = listener;
  return uv_poll_start(&listener->poll, UV_READABLE, accepting);
}

size_t ed_net_address(const struct ed_net *net, size_t i, char out[160]) {
  size_t len = net->listeners_len;
  if (len && net->listeners[len - 1].admin) len--;
  if (i >= net->listeners_len) return len;
  const struct ed_listener *listener = &net->listeners[i];
  const char *colon = strrchr(listener->text, ':'), *tls = listener->tls ? "TLS " : "";
  char host[INET6_ADDRSTRLEN] = "";
  unsigned port = ed_net_port(net, i);
  if (!listener->adopted && port && colon)
    snprintf(out, 160, "%s%.*s:%u", tls, (int)(colon - listener->text), listener->text, port);
  else if (!listener->adopted)
    snprintf(out, 160, "%s%s", tls, listener->text);
  else if (listener->address.any.sa_family == AF_UNIX)
    snprintf(out, 160, "unix:%s", listener->address.local.sun_path);
  else if (listener->address.any.sa_family == AF_INET)
    snprintf(out, 160, "%s:%u", inet_ntop(AF_INET, &listener->address.ipv4.sin_addr, host, sizeof host), port);
  else
    snprintf(out, 160, "[%s]:%u", inet_ntop(AF_INET6, &listener->address.ipv6.sin6_addr, host, sizeof host), port);
  return len;
}

static void closed(uv_handle_t *handle) {
  struct ed_listener *listener = handle->data;
  close(listener->fd);
  listener->fd = -1;
}

void ed_listener_close(struct ed_listener *listener) {
  if (listener->fd < 0 || (listener->polled && uv_is_closing((uv_handle_t *)&listener->poll))) return;
  ed_timer_stop(&listener->net->timers, &listener->again);
  if (listener->address.any.sa_family == AF_UNIX && !listener->adopted) unlink(listener->address.local.sun_path);
  if (listener->polled)
    uv_close((uv_handle_t *)&listener->poll, closed);
  else
    close(listener->fd), listener->fd = -1;
}
