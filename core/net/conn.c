#include "net/conn.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http.h"
#include "net/internal.h"
#include "room/room.h"

#define WORK_NS (4 * 1000 * 1000u)

struct ed_conn *ed_conn_new(struct ed_net *net, int fd) {
  struct ed_conn *conn = ed_zalloc(sizeof *conn);
  conn->net = net;
  conn->fd = fd;
  conn->index = (uint32_t)net->conns_len;
  net->conns = ed_grow(net->conns, sizeof(struct ed_conn *), net->conns_len, &net->conns_cap);
  net->conns[net->conns_len++] = conn;
  net->accepted++;
  ed_conn_phase(conn, ED_ARRIVING);
  return conn;
}

void ed_conn_phase(struct ed_conn *conn, enum ed_phase phase) {
  conn->phase = (uint8_t)phase;
  conn->since_ms = conn->net->timers.now_ms;
}

static bool listen_for(struct ed_conn *conn, bool watched, bool awaited) {
  bool before = conn->watched || conn->awaited, after = watched || awaited;
  if (conn->watched == watched && conn->awaited == awaited) return true;
  struct epoll_event event = {.events = (watched ? EPOLLIN | EPOLLRDHUP : 0u) | (awaited ? EPOLLOUT : 0u), .data.ptr = conn};
  int what = !after ? EPOLL_CTL_DEL : before ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(conn->net->epoll, what, conn->fd, &event) != 0) return false;
  conn->watched = watched;
  conn->awaited = awaited;
  return true;
}

int ed_conn_peer(const struct ed_conn *conn, struct ed_address *peer) {
  if (conn->relay) return ed_relay_peer(conn->relay, peer);
  if (conn->secure) return -ENOTCONN;
  peer->len = sizeof peer->room;
  return getpeername(conn->fd, &peer->any, &peer->len) == 0 ? 0 : -errno;
}

bool ed_conn_watch(struct ed_conn *conn, bool on) { return listen_for(conn, on, conn->awaited); }
bool ed_conn_await(struct ed_conn *conn, bool on) { return listen_for(conn, conn->watched, on); }

void ed_conn_todo(struct ed_conn *conn) {
  if (conn->todo) return;
  conn->todo = true;
  conn->todo_next = conn->net->todo;
  conn->net->todo = conn;
}

static void todo_remove(struct ed_conn *conn) {
  if (!conn->todo) return;
  struct ed_conn **link = &conn->net->todo;
  while (*link != conn) link = &(*link)->todo_next;
  *link = conn->todo_next;
  conn->todo = false;
}

void ed_conn_doom(struct ed_conn *conn) {
  conn->doomed = true;
  ed_conn_todo(conn);
}

void ed_conn_close(struct ed_conn *conn, unsigned code, const char *why) {
  if (conn->phase != ED_OPEN && !conn->joining) {
    if (conn->phase < ED_OPEN) ed_conn_doom(conn); /* the room ends under an HTTP call that waits */
    return;
  }
  conn->close_code = (uint16_t)code;
  conn->why = why ? ed_strdup(why) : NULL;
  if (!conn->joining) ed_conn_end(conn);
}

void ed_conn_end(struct ed_conn *conn) {
  ed_conn_phase(conn, ED_CLOSING);
  ed_conn_todo(conn);
}

/* Takes the connection out of everything but libwebsockets, and frees it. */
static void release(struct ed_conn *conn) {
  struct ed_net *net = conn->net;
  if (conn->member.room) ed_room_leave(&conn->member);
  if (conn->wsi) listen_for(conn, false, false); /* else the socket is closed at once, which does it */
  todo_remove(conn);
  if (net->adopting == conn) net->adopting = NULL;
  struct ed_conn *last = net->conns[--net->conns_len];
  net->conns[conn->index] = last;
  last->index = conn->index;
  net->surplus_len -= conn->surplus;
  if (conn->relay) ed_relay_leave(conn->relay);
  net->admin_len -= conn->admin;
  ed_call_free(conn->call);
  ed_rates_end(conn);
  ed_buf_deinit(&conn->input);
  free(conn->aside);
  free(conn->why);
  free(conn);
}

void ed_conn_gone(struct ed_conn *conn) {
  if (conn->wsi) lws_set_opaque_user_data(conn->wsi, NULL);
  release(conn);
}

/* The socket is closed here and now; but where libwebsockets still has bytes for it, it first sends those, for at most
 * five seconds. */
static void drop(struct ed_conn *conn) {
  struct lws *wsi = conn->wsi;
  int fd = conn->fd;
  if (wsi) lws_set_opaque_user_data(wsi, NULL);
  release(conn);
  if (wsi)
    lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_SYNC);
  else if (fd >= 0)
    close(fd);
}

/* Closing a socket takes the system tens of microseconds, and thousands may be closed in one turn: the rest waits for the
 * next ones. */
void ed_conns_work(struct ed_net *net) {
  uint64_t until_ns = uv_hrtime() + WORK_NS;
  for (size_t i = 1; net->todo && (i % 16 || uv_hrtime() < until_ns); i++) {
    struct ed_conn *conn = net->todo;
    todo_remove(conn); /* NOLINT(clang-analyzer-*): it is in no list */
    if (conn->phase == ED_CLOSING && !conn->doomed) ed_outgoing_close(conn);
    if (conn->doomed) drop(conn);
  }
}

static void readable(struct ed_conn *conn) {
  struct ed_net *net = conn->net;
  ssize_t len = recv(conn->fd, net->input, ED_NET_INPUT_LEN, 0);
  if (len < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (len <= 0) {
    ed_conn_watch(conn, false); /* it may be some turns until it is dropped */
    ed_conn_doom(conn);
    return;
  }
  net->input_seen = true;
  net->input_bytes += (size_t)len;
  net->bytes_in += (uint64_t)len;
  switch ((enum ed_phase)conn->phase) {
    case ED_ARRIVING: ed_arrival(conn, net->input, (size_t)len); break;
    case ED_OPEN: ed_incoming(conn, net->input, (size_t)len); break;
    case ED_ASKING:
      if (ed_http_body(conn, ed_span(net->input, (size_t)len)) != 0) ed_conn_doom(conn);
      break;
    case ED_CLOSING:
    case ED_LINGERING: break;
  }
}

void ed_conn_event(struct ed_conn *conn, uint32_t events) {
  if (conn->awaited && !conn->doomed && events & ~(uint32_t)EPOLLIN) ed_outgoing_writable(conn);
  if (conn->watched && !conn->doomed && events & ~(uint32_t)EPOLLOUT) readable(conn);
}
