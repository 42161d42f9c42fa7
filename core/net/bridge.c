/* libwebsockets: its context, and its one callback. See README.md for what it does here, and what it is kept from. */
#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/http.h"
#include "net/internal.h"

/* Descriptors besides those of connections: listeners, libuv's, libraries', plugins'. */
#define FILES_BESIDES 1024
#define FILES_LEAST 64u      /* libuv and libwebsockets crash where they get none for themselves */
#define TX_LEN (1024 * 1024) /* more than is ever written at once: what is given is sent in one go */

/* libwebsockets has one log for the process, without an argument to find ours by: so its lines go to standard error. */
static void emit(int level, const char *line) {
  /* Errors that are none: one for every connection handed over, and one for a handshake that a client got wrong. */
  if (strstr(line, "adopt_socket_readbuf") || strstr(line, "lws_process_ws_upgrade")) return;
  (void)level;
  struct ed_log log = {.out = stderr, .level = ED_LOG_ERROR};
  ed_log(&log, ED_LOG_ERROR, "lws", "%.*s", (int)strcspn(line, "\n"), line);
}

static void instantiated(struct ed_net *net, struct lws *wsi) {
  struct ed_conn *conn = net->adopting;
  net->adopting = NULL;
  conn->wsi = wsi;
  lws_set_opaque_user_data(wsi, conn);
}

/* Of a connection that has begun. */
static int conn_event(struct ed_conn *conn, enum lws_callback_reasons reason) {
  switch (reason) {
    case LWS_CALLBACK_HTTP: return ed_http_request(conn);
    case LWS_CALLBACK_HTTP_WRITEABLE: return ed_http_writable(conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE: /* these cannot come, and are not to be trusted if they do */
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX: return -1;
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY: ed_conn_gone(conn); return 0;
    default: return 0;
  }
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
  (void)user, (void)in, (void)len;
  struct ed_net *net = lws_context_user(lws_get_context(wsi));
  ed_net_tick(net);
  if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED && net->adopting) {
    instantiated(net, wsi);
    return 0;
  }
  struct ed_conn *conn = NULL;
  switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY: conn = lws_get_opaque_user_data(wsi); break;
    default: return 0; /* of the context or the vhost: there is no connection to speak of */
  }
  if (conn) return conn_event(conn, reason);
  return 0; /* one that we have let go of, and that still has bytes to send */
}

int ed_bridge_limit_files(const struct ed_net_options *options, const struct ed_log *log) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  rlim_t each = options->tls_listen_len ? 3 : 1; /* over TLS with a pair of local sockets (relay.c) */
  rlim_t need = (rlim_t)options->connections * each + FILES_BESIDES * each;
  struct rlimit more = {.rlim_cur = need, .rlim_max = need};
  bool short_of = limit.rlim_max != RLIM_INFINITY && need > limit.rlim_max;
  if (short_of && setrlimit(RLIMIT_NOFILE, &more) == 0) return 0; /* root may */
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || need < limit.rlim_max ? need : limit.rlim_max;
  bool enough = limit.rlim_cur >= FILES_LEAST;
  if (limit.rlim_cur < need)
    ed_log(log, enough ? ED_LOG_WARN : ED_LOG_ERROR, "net", "the system allows %llu open files, and %s %llu",
           (unsigned long long)limit.rlim_cur,
           enough ? "limits.connections needs" : "there is no serving with less than",
           (unsigned long long)(enough ? need : FILES_LEAST));
  setrlimit(RLIMIT_NOFILE, &limit);
  return enough ? 0 : -EMFILE;
}

int ed_bridge_open(struct ed_net *net) {
  static const struct lws_protocols protocols[] = {
      {.name = "eddy", .callback = callback, .rx_buffer_size = 16, .tx_packet_size = TX_LEN}, /* it never receives */
      {0},
  };
  static const lws_retry_bo_t no_pings = {0};
  lws_set_log_level(LLL_ERR, emit); /* warnings are of what clients do wrong, and below them is the hot way */
  void *loops[] = {&net->loop};
  uint64_t head = net->options.header_bytes;
  struct lws_context_creation_info info = {
      .port = CONTEXT_PORT_NO_LISTEN_SERVER,
      .protocols = protocols,
      .user = net,
      .foreign_loops = loops,
      .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                 LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
      .retry_and_idle_policy = &no_pings,
      .max_http_header_data2 = (unsigned)head * 3 + 4096, /* a header of no byte takes eleven */
      .max_http_header_pool2 = 65535,                     /* made and freed with each request */
      .pt_serv_buf_size = ((unsigned)head + ED_NET_INPUT_LEN + 8192) & ~4095u, /* structs follow it: aligned */
      .timeout_secs = 24 * 3600, /* ours is options.upgrade_ms */
      .vhost_name = "eddy",
      .gid = -1,
      .uid = -1,
  };
  net->lws = lws_create_context(&info);
  if (net->lws) net->vhost = lws_create_vhost(net->lws, &info);
  if (net->vhost) return 0;
  ed_log(net->log, ED_LOG_ERROR, "net",
         "libwebsockets cannot begin: is its libuv plugin (libwebsockets-evlib-uv) there?");
  return -ENOMEM;
}

void ed_bridge_close(struct ed_net *net) {
  if (!net->lws) return;
  lws_context_destroy(net->lws); /* begins to close its handles in our loop */
  ed_net_run_out(net);
  lws_context_destroy(net->lws); /* and now frees what they were part of */
  net->lws = NULL;
}

void ed_bridge_adopt(struct ed_conn *conn, struct ed_span head) {
  struct ed_net *net = conn->net;
  net->adopting = conn;
  net->head = head;
  lws_adopt_socket_vhost_readbuf(net->vhost, conn->fd, (const char *)head.at, head.len);
  net->head = ed_span(NULL, 0);
  if (net->adopting != conn) return; /* it was taken, and the connection may be gone by now */
  net->adopting = NULL;
  conn->fd = -1; /* closed by libwebsockets */
  ed_conn_doom(conn);
}
