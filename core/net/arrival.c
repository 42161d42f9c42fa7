/* The head of a request, collected before libwebsockets sees the connection. So a connection that sends nothing, or
 * half a request, costs one small struct and holds nobody up; a head that is too large gets a proper answer; and what a
 * client sends before it was told that it may speak WebSocket is not lost. */
#include "net/conn.h"
#include "net/head.h"
#include "net/http.h"
#include "net/internal.h"

/* Whether it is more than may be: then it is told so. */
static bool refused(struct ed_conn *conn, struct ed_span head) {
  struct ed_fault fault;
  if (conn->hasty) {
    ed_answer_early(conn, 429, ED_RATES_ARRIVAL, (unsigned)(conn->wait_ms / 1000 + 1));
  } else if (conn->surplus) {
    ed_answer_early(conn, 503, "there are as many connections as limits.connections allows", 0);
  } else if (ed_rates_forwarded(conn, head, &fault) != 0) {
    ed_answer_fault_early(conn, &fault);
  } else {
    return false;
  }
  return true;
}

static void arrived(struct ed_conn *conn, size_t head_len) {
  struct ed_head head;
  const char *why;
  int status = ed_head_read(conn->input.at, head_len, &head, &why);
  if (status) {
    ed_answer_early(conn, status, why, 0);
    return;
  }
  if (refused(conn, ed_span(conn->input.at, head_len))) return;
  struct ed_buf bytes = conn->input;
  conn->input = (struct ed_buf){0};
  ed_buf_add(&conn->input, bytes.at + head_len, bytes.len - head_len); /* of the body, or of frames */
  if (head.upgrade && ed_upgrade(conn, ed_span(bytes.at, head_len))) {
    ed_buf_deinit(&bytes);
    return;
  }
  ed_conn_watch(conn, false);
  conn->phase = ED_ASKING; /* under the deadline that it had */
  conn->body_len = head.body_len;
  ed_bridge_adopt(conn, ed_span(bytes.at, head_len));
  ed_buf_deinit(&bytes);
}

void ed_arrival(struct ed_conn *conn, const uint8_t *at, size_t len) {
  struct ed_buf *input = &conn->input;
  if (input->len == 0) /* empty lines before a request do not count (RFC 9112, 2.2) */
    while (len && (*at == '\r' || *at == '\n')) at++, len--;
  size_t seen = input->len;
  ed_buf_add(input, at, len);
  size_t head_len = ed_head_find_end(input->at, input->len, seen);
  if ((head_len ? head_len : input->len) > conn->net->options.header_bytes)
    ed_answer_early(conn, 431, "the head of the request is larger than limits.header", 0);
  else if (head_len)
    arrived(conn, head_len);
}
