/* From a member's queue to its socket. Everything that is said on a WebSocket is said here, as finished frames: so no
 * pong and no close ever lands inside a frame that is half sent. */
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/internal.h"
#include "room/room.h"

/* Most that is written at once: what the socket does not take of it libwebsockets copies, so this bounds what one slow
 * connection costs besides its queue. */
#define PIECE_LEN (128 * 1024)

/* False: the socket is dead (the connection is then doomed), or takes no more (then it is blocked). */
static bool put(struct ed_conn *conn, struct ed_span bytes) {
  /* RAW neither frames nor changes what it is given */
  if (lws_write(conn->wsi, (unsigned char *)(uintptr_t)bytes.at, bytes.len, LWS_WRITE_RAW) < 0) {
    ed_conn_doom(conn);
    return false;
  }
  conn->member.blocked = lws_partial_buffered(conn->wsi); /* then it calls ed_outgoing_writable by itself */
  return !conn->member.blocked;
}

/* The queue, until it is empty or the socket takes no more. `frame_only`: just the rest of a frame that was begun. */
static void send_queue(struct ed_conn *conn, bool frame_only) {
  struct ed_span bytes;
  while (!conn->member.blocked && (conn->frame_left || !frame_only) && ed_member_peek(&conn->member, &bytes)) {
    size_t len = conn->frame_left && conn->frame_left < bytes.len ? (size_t)conn->frame_left : bytes.len;
    if (!conn->frame_left && len > PIECE_LEN) {
      len = ed_frames_cut(bytes, PIECE_LEN);
      if (len > PIECE_LEN) conn->frame_left = len; /* one frame that is longer than a piece */
    }
    if (len > PIECE_LEN) len = PIECE_LEN;
    bool more = put(conn, ed_span(bytes.at, len));
    if (conn->doomed) return;
    if (conn->frame_left) conn->frame_left -= len;
    ed_member_consume(&conn->member, len);
    if (!more) return;
  }
}

static void deliver(struct ed_member *member) {
  struct ed_conn *conn = ed_conn_of(member);
  /* CLOSING: what was said before the close, such as the error that is its reason, still goes out */
  if ((conn->phase == ED_OPEN || conn->phase == ED_CLOSING) && !conn->doomed) send_queue(conn, false);
}

static void close_member(struct ed_member *member, unsigned code, const char *why) {
  ed_conn_close(ed_conn_of(member), code, why);
}

const struct ed_member_ops ed_conn_member_ops = {.deliver = deliver, .close = close_member};

/* Between two frames, and with a socket that takes bytes. */
static bool may_speak(const struct ed_conn *conn) {
  return conn->phase == ED_OPEN && !conn->doomed && !conn->member.blocked && !conn->frame_left;
}

void ed_outgoing_ping(struct ed_conn *conn) {
  uint8_t frame[2 + ED_FRAME_CONTROL_MAX];
  if (may_speak(conn)) put(conn, ed_span(frame, ed_frame_control(ED_OP_PING, ed_span(NULL, 0), frame)));
}

void ed_outgoing_pong(struct ed_conn *conn, struct ed_span payload) {
  if (may_speak(conn)) {
    uint8_t frame[2 + ED_FRAME_CONTROL_MAX];
    put(conn, ed_span(frame, ed_frame_control(ED_OP_PONG, payload, frame)));
    return;
  }
  /* Of several pings only the last one need be answered (RFC 6455, 5.5.3). */
  if (!conn->aside) conn->aside = ed_zalloc(sizeof *conn->aside);
  conn->aside->pong_due = true;
  conn->aside->pong_len = (uint8_t)payload.len;
  if (payload.len) memcpy(conn->aside->pong, payload.at, payload.len);
}

static void owed_pong(struct ed_conn *conn) {
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

void ed_outgoing_close(struct ed_conn *conn) {
  if (conn->member.blocked) return; /* goes on in ed_outgoing_writable, or ends at its deadline */
  send_queue(conn, true);
  if (conn->doomed || conn->member.blocked || conn->frame_left) return;

  uint8_t frame[2 + ED_FRAME_CONTROL_MAX];
  put(conn, ed_span(frame, ed_frame_close(conn->close_code, conn->why, frame)));
  if (conn->member.room) ed_room_leave(&conn->member);
  if (conn->peer_closed || conn->doomed) {
    ed_conn_doom(conn); /* both have said it: the server is the one to close (RFC 6455, 7.1.1) */
    return;
  }
  if (!conn->member.blocked) shutdown(conn->fd, SHUT_WR);
  ed_conn_phase(conn, ED_LINGERING);
  resume(conn); /* to see the peer's end */
}

void ed_outgoing_writable(struct ed_conn *conn) {
  if (lws_partial_buffered(conn->wsi)) return;
  conn->member.blocked = false;
  conn->since_ms = conn->net->timers.now_ms; /* it takes something, so it is alive */
  switch ((enum ed_phase)conn->phase) {
    case ED_OPEN:
      owed_pong(conn);
      send_queue(conn, false);
      owed_pong(conn);
      if (!conn->member.blocked) resume(conn);
      break;
    case ED_CLOSING: ed_conn_todo(conn); break; /* not now: the turn's last words go out before it */
    case ED_LINGERING: shutdown(conn->fd, SHUT_WR); break;
    case ED_ARRIVING:
    case ED_ASKING: break;
  }
}
