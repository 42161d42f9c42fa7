/* From a member's queue to its socket. Everything that is said on a WebSocket is said here, as finished frames, and
 * nobody else writes to the socket: so no pong and no close ever lands inside a frame that is half sent. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/internal.h"
#include "room/room.h"

#define PIECE_LEN (256 * 1024) /* written at once, or one range more */
#define PARTS_MOST 64          /* ranges in one write */

/* How many bytes the socket took. Where that is not all, the connection is blocked, and ed_outgoing_writable goes on;
 * where the socket is dead, doomed. */
static size_t put(struct ed_conn *conn, struct iovec *parts, size_t count, size_t len) {
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
  ssize_t sent = count == 1 ? send(conn->fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT)
                            : sendmsg(conn->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM) {
    ed_conn_doom(conn);
    return 0;
  }
  if (sent < 0) sent = 0;
  if ((size_t)sent == len) return len;
  conn->member.blocked = true;
  if (!ed_conn_await(conn, true)) ed_conn_doom(conn);
  return (size_t)sent;
}

/* What is left of the frame that `sent` bytes of these parts end in. The first part begins with the rest of one where
 * the connection has one half sent; otherwise parts are whole frames. */
static uint64_t frame_left(const struct ed_conn *conn, const struct iovec *parts, size_t sent) {
  if (sent < conn->frame_left) return conn->frame_left - sent;
  size_t begun = (size_t)conn->frame_left;
  for (; sent > parts->iov_len; parts++, begun = 0) sent -= parts->iov_len;
  return ed_frames_left(ed_span((uint8_t *)parts->iov_base + begun, parts->iov_len - begun), sent - begun);
}

/* The queue, until it is empty or the socket takes no more. `frame_only`: just the rest of a frame that was begun. */
static void send_queue(struct ed_conn *conn, bool frame_only) {
  struct iovec parts[PARTS_MOST];
  while (!conn->member.blocked && !conn->doomed && (conn->frame_left || !frame_only)) {
    size_t count = ed_member_gather(&conn->member, parts, frame_only ? 1 : PARTS_MOST, PIECE_LEN), len = 0;
    if (count == 0) return;
    if (frame_only) parts[0].iov_len = (size_t)conn->frame_left;
    for (size_t i = 0; i < count; i++) len += parts[i].iov_len;
    size_t sent = put(conn, parts, count, len);
    if (conn->doomed || sent == 0) return;
    conn->frame_left = sent == len ? 0 : frame_left(conn, parts, sent);
    ed_member_consume(&conn->member, sent);
  }
}

static void deliver(struct ed_member *member) {
  struct ed_conn *conn = ed_conn_of(member);
  /* CLOSING: what was said before the close, such as the error that is its reason, still goes out */
  if ((conn->phase == ED_OPEN || conn->phase == ED_CLOSING) && !conn->doomed) send_queue(conn, false);
}

static size_t send_bytes(struct ed_member *member, struct ed_span bytes) {
  struct ed_conn *conn = ed_conn_of(member);
  if (conn->doomed) return bytes.len; /* nobody is there to hear it */
  struct iovec part = {(uint8_t *)(uintptr_t)bytes.at, bytes.len};
  size_t sent = put(conn, &part, 1, bytes.len);
  if (sent < bytes.len) conn->frame_left = ed_frames_left(bytes, sent);
  return sent;
}

static void close_member(struct ed_member *member, unsigned code, const char *why) {
  ed_conn_close(ed_conn_of(member), code, why);
}

const struct ed_member_ops ed_conn_member_ops = {.deliver = deliver, .send = send_bytes, .close = close_member};

static struct ed_aside *aside_of(struct ed_conn *conn) {
  if (!conn->aside) conn->aside = ed_zalloc(sizeof *conn->aside);
  return conn->aside;
}

/* A control frame, between two others. What the socket does not take of it goes first when it does. */
static void put_control(struct ed_conn *conn, uint8_t *frame, size_t len) {
  struct iovec part = {frame, len};
  size_t sent = put(conn, &part, 1, len);
  if (sent == len || conn->doomed) return;
  struct ed_aside *aside = aside_of(conn);
  aside->rest_len = (uint8_t)(len - sent);
  memmove(aside->rest, frame + sent, len - sent);
}

/* Between two frames, and with a socket that takes bytes. */
static bool may_speak(const struct ed_conn *conn) {
  return conn->phase == ED_OPEN && !conn->doomed && !conn->member.blocked && !conn->frame_left;
}

void ed_outgoing_ping(struct ed_conn *conn) {
  uint8_t frame[2 + ED_FRAME_CONTROL_MAX];
  if (may_speak(conn)) put_control(conn, frame, ed_frame_control(ED_OP_PING, ed_span(NULL, 0), frame));
}

void ed_outgoing_pong(struct ed_conn *conn, struct ed_span payload) {
  if (may_speak(conn)) {
    uint8_t frame[2 + ED_FRAME_CONTROL_MAX];
    put_control(conn, frame, ed_frame_control(ED_OP_PONG, payload, frame));
    return;
  }
  ed_outgoing_owe_pong(conn, payload);
}

/* Of several pings only the last one need be answered (RFC 6455, 5.5.3). */
void ed_outgoing_owe_pong(struct ed_conn *conn, struct ed_span payload) {
  struct ed_aside *aside = aside_of(conn);
  aside->pong_due = true;
  aside->pong_len = (uint8_t)payload.len;
  if (payload.len) memcpy(aside->pong, payload.at, payload.len);
}

void ed_outgoing_owed_pong(struct ed_conn *conn) {
  if (!conn->aside || !conn->aside->pong_due || !may_speak(conn)) return;
  conn->aside->pong_due = false;
  ed_outgoing_pong(conn, ed_span(conn->aside->pong, conn->aside->pong_len));
}

/* Reads on where that was put off. */
static void resume(struct ed_conn *conn) {
  if (!conn->paused) return;
  conn->paused = false;
  if (!ed_conn_watch(conn, true)) ed_conn_doom(conn);
}

/* The close frame has gone. Where the peer has sent one too, the server is the one to close (RFC 6455, 7.1.1). */
static void said_all(struct ed_conn *conn) {
  if (conn->peer_closed)
    ed_conn_doom(conn);
  else
    shutdown(conn->fd, SHUT_WR);
}

void ed_outgoing_close(struct ed_conn *conn) {
  if (conn->member.blocked) return; /* goes on in ed_outgoing_writable, or ends at its deadline */
  send_queue(conn, true);
  if (conn->doomed || conn->member.blocked || conn->frame_left) return;

  uint8_t frame[2 + ED_FRAME_CONTROL_MAX];
  put_control(conn, frame, ed_frame_close(conn->close_code, conn->why, frame));
  if (conn->member.room) ed_room_leave(&conn->member);
  if (conn->doomed) return;
  ed_conn_phase(conn, ED_LINGERING);
  if (!conn->member.blocked) said_all(conn);
  resume(conn); /* to see the peer's end */
}

static void send_rest(struct ed_conn *conn) {
  if (!conn->aside || !conn->aside->rest_len) return;
  size_t len = conn->aside->rest_len;
  conn->aside->rest_len = 0;
  put_control(conn, conn->aside->rest, len);
}

void ed_outgoing_writable(struct ed_conn *conn) {
  if (!ed_conn_await(conn, false)) ed_conn_doom(conn);
  conn->member.blocked = false;
  conn->since_ms = conn->net->timers.now_ms; /* it takes something, so it is alive */
  send_rest(conn);
  if (conn->member.blocked || conn->doomed) return;
  switch ((enum ed_phase)conn->phase) {
    case ED_OPEN:
      ed_outgoing_owed_pong(conn);
      send_queue(conn, false);
      ed_outgoing_owed_pong(conn);
      if (!conn->member.blocked) resume(conn);
      break;
    case ED_CLOSING: ed_conn_todo(conn); break; /* not now: the turn's last words go out before it */
    case ED_LINGERING: said_all(conn); break;
    case ED_ARRIVING:
    case ED_ASKING: break;
  }
}
