/* A request becomes a WebSocket: a member of its room, whose frames incoming.c reads and outgoing.c writes.
 * libwebsockets never sees it; README.md says why. */
#include <libwebsockets.h>
#include <sys/socket.h>

#include "net/conn.h"
#include "net/handshake.h"
#include "net/http.h"
#include "net/internal.h"
#include "room/room.h"

#define PATH_MAX_LEN 512 /* a room's longest is shorter */

/* Browsers let any page open a WebSocket anywhere, and say whose page it is; who says nothing is no browser. */
static bool welcome(const struct ed_space *space, struct ed_span head) {
  struct ed_span origin = ed_span(NULL, 0);
  ed_head_field(head, "origin:", &origin);
  return ed_origin_judge(&space->origins, origin) != ED_ORIGIN_OTHER;
}

static struct ed_room *room_of(struct ed_conn *conn, const struct ed_route *route, struct ed_span head,
                               const struct ed_space **space, struct ed_fault *fault) {
  *space = ed_http_space(conn->net, route->space);
  if (conn->net->state != ED_NET_SERVING) return ed_fault(fault, ED_FAULT_DRAINING, NULL), NULL;
  if (!*space) return ed_fault(fault, ED_FAULT_NO_SPACE, NULL), NULL;
  if (!welcome(*space, head)) return ed_fault(fault, ED_FAULT_ORIGIN, NULL), NULL;
  return ed_http_room(conn, *space, route->id, true, fault);
}

static int join(struct ed_conn *conn, const struct ed_route *route, struct ed_span head,
                const struct ed_handshake *handshake, struct ed_fault *fault) {
  struct ed_query query = ed_query_parse(handshake->query);
  const struct ed_space *space;
  struct ed_room *room = room_of(conn, route, head, &space, fault);
  if (!room) return -1;
  conn->member = (struct ed_member){
      .ops = &ed_conn_member_ops,
      .encoding = query.cbor ? ED_CBOR : ED_JSON,
      .debug = query.debug && space->debug,
      .v1 = handshake->v1,
  };
  ed_rates_begin(conn, space);
  conn->joining = true;
  int result = ed_room_join(room, &conn->member, fault);
  conn->joining = false;
  return result;
}

/* The answer, into an empty socket: it takes it, or it is dead. */
static void open_up(struct ed_conn *conn, const struct ed_handshake *handshake) {
  struct ed_buf *out = &conn->net->scratch;
  out->len = 0;
  ed_handshake_answer(out, handshake);
  if (send(conn->fd, out->at, out->len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)out->len) {
    ed_conn_doom(conn);
    return;
  }
  bool closed = conn->member.closing; /* by the room, as it came in: what it has sent already is of no interest */
  if (closed) conn->input.len = 0;
  ed_incoming_open(conn);
  if (closed) ed_conn_end(conn);
}

/* The same on the admin interface. */
static bool follow(struct ed_conn *conn, struct ed_span path, struct ed_handshake *handshake, struct ed_span head,
                   int status, const char *why) {
  int result = status ? 0 : ed_http_admin_follow(conn, path, handshake->query, head);
  handshake->v1 = false; /* that is of rooms */
  if (status)
    ed_answer_early(conn, status, why, 0);
  else if (result > 0)
    open_up(conn, handshake);
  return result >= 0;
}

bool ed_upgrade(struct ed_conn *conn, struct ed_span head) {
  struct ed_handshake handshake = {0};
  const char *why;
  int status = ed_handshake_read(head, &handshake, &why);
  char path[PATH_MAX_LEN + 1], escaped[PATH_MAX_LEN + 1];
  if (!handshake.path.len || handshake.path.len > PATH_MAX_LEN) return false;
  memcpy(escaped, handshake.path.at, handshake.path.len);
  escaped[handshake.path.len] = '\0';
  if (lws_urldecode(path, escaped, sizeof path) < 0) return false;
  struct ed_span admin = ed_span_text(path);
  if (ed_http_admin_path(conn, &admin)) return follow(conn, admin, &handshake, head, status, why);
  struct ed_route route = ed_route_parse(conn->net->public_base.path, ed_span_text(path));
  if (route.page != ED_PAGE_CONNECT) return false; /* whoever may upgrade need not: it gets the page */
  struct ed_fault fault = {0};
  handshake.tail = false;
  if (status)
    ed_answer_early(conn, status, why, 0);
  else if (join(conn, &route, head, &handshake, &fault) == 0)
    open_up(conn, &handshake);
  else
    ed_answer_fault_early(conn, &fault);
  return true;
}
