/* Answers over HTTP. Each ends its connection: a request on a used connection would save a round trip, and cost the
 * care for pipelining, for bodies nobody reads and for idle connections; whoever has much to say has a WebSocket. */
#include <jansson.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/http.h"
#include "net/internal.h"

#define PIECE_LEN (128 * 1024) /* most that is written at once; see outgoing.c */
#define KEPT_PIECE_LEN (32 * 1024) /* of what is not copied; libwebsockets copies what is left */
#define KEPT_MIN (4 * 1024)        /* what is smaller goes out with the head */

static const char *phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

/* Who may read the answer: everybody, as the protocol has it; or the pages of the list, which is the namespace's or
 * that of the admin interface. */
static void allow(struct ed_buf *out, const struct ed_call *call) {
  enum ed_origin_verdict verdict = call ? call->origin_verdict : ED_ORIGIN_ANY;
  if (verdict == ED_ORIGIN_ANY) ed_buf_add_text(out, "Access-Control-Allow-Origin: *\r\n");
  if (verdict == ED_ORIGIN_NAMED) {
    ed_buf_add_text(out, "Access-Control-Allow-Origin: ");
    ed_buf_add_span(out, ed_buf_span(&call->origin));
    ed_buf_add_text(out, "\r\n");
  }
  if (verdict != ED_ORIGIN_ANY) ed_buf_add_text(out, "Vary: Origin\r\n");
}

/* In seconds, when to come again to a server that is shutting down: there may be another by then. 0: it is not. */
static unsigned wait_of(const struct ed_net *net, int status) {
  return status == 503 && net->state != ED_NET_SERVING ? (unsigned)(ed_drain_left_ms(net) / 1000) + 1 : 0;
}

static void compose(struct ed_buf *out, const struct ed_call *call, const struct ed_reply *reply, unsigned wait_s) {
  int status = reply->status;
  ed_buf_printf(out, "HTTP/1.1 %d %s\r\n", status, phrase(status));
  allow(out, call);
  if (status == 401) ed_buf_add_text(out, "WWW-Authenticate: Bearer\r\n");
  if (wait_s) ed_buf_printf(out, "Retry-After: %u\r\nAccess-Control-Expose-Headers: Retry-After\r\n", wait_s);
  if (status == 204) {
    ed_buf_add_text(out, "Access-Control-Allow-Methods: GET, POST\r\n");
    ed_buf_add_text(out, "Access-Control-Allow-Headers: authorization, accept, content-type\r\n");
    ed_buf_add_text(out, "Access-Control-Max-Age: 86400\r\n");
  } else if (status != 304) {
    ed_buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", reply->type, reply->body.len + reply->kept.len);
  }
  if (status != 204 && !reply->caches) ed_buf_add_text(out, "Cache-Control: no-store\r\n");
  if (status == 405 && !reply->allows)
    ed_buf_printf(out, "Allow: %s\r\n", call ? ed_page_methods(call->page) : "GET, HEAD, POST, OPTIONS");
  ed_buf_add_span(out, reply->fields);
  if (status == 426) ed_buf_add_text(out, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  ed_buf_add_text(out, status == 426 ? "Connection: Upgrade, close\r\n\r\n" : "Connection: close\r\n\r\n");
  bool bodiless = status == 204 || status == 304 || (call && call->head);
  if (!bodiless) ed_buf_add_span(out, reply->body);
}

/* What is not copied: nothing where it is small, or where the answer goes without it. */
static void keep(struct ed_call *call, const struct ed_reply *reply) {
  bool bodiless = reply->status == 204 || reply->status == 304 || call->head;
  if (bodiless || reply->kept.len < KEPT_MIN) {
    if (!bodiless) ed_buf_add_span(&call->answer, reply->kept);
    if (reply->kept_done) reply->kept_done(reply->kept_arg);
    return;
  }
  call->kept = reply->kept;
  call->kept_done = reply->kept_done;
  call->kept_arg = reply->kept_arg;
}

/* The next piece to be written; empty at the end. */
static struct ed_span piece(const struct ed_call *call) {
  size_t at = call->answer_at, most = PIECE_LEN;
  struct ed_span all = ed_buf_span(&call->answer);
  if (at >= all.len) {
    at -= all.len;
    all = call->kept;
    most = KEPT_PIECE_LEN;
  }
  size_t len = all.len - at;
  return ed_span(all.len ? all.at + at : NULL, len < most ? len : most);
}

int ed_answer_write(struct ed_conn *conn) {
  struct ed_call *call = conn->call;
  struct ed_span next;
  while ((next = piece(call)).len && !lws_partial_buffered(conn->wsi)) {
    if (lws_write(conn->wsi, (uint8_t *)(uintptr_t)next.at, next.len, LWS_WRITE_HTTP) < 0) return -1;
    call->answer_at += next.len;
    conn->since_ms = conn->net->timers.now_ms;
  }
  bool sent = !next.len && !lws_partial_buffered(conn->wsi);
  if (sent && !call->body_left) return -1;
  /* A socket that is closed over unread bytes may take the answer with it: so they are read, and thrown away. */
  if (sent) shutdown(conn->fd, SHUT_WR);
  return ed_conn_watch(conn, true) ? 0 : -1;
}

int ed_answer_reply(struct ed_conn *conn, const struct ed_reply *reply) {
  struct ed_call *call = conn->call;
  compose(&call->answer, call, reply, call->wait_s ? call->wait_s : wait_of(conn->net, reply->status));
  keep(call, reply);
  call->answered = true;
  call->waiting = false;
  ed_conn_phase(conn, ED_LINGERING);
  return ed_answer_write(conn);
}

int ed_answer(struct ed_conn *conn, int status, const char *type, struct ed_span body) {
  return ed_answer_reply(conn, &(struct ed_reply){.status = status, .type = type, .body = body});
}

int ed_answer_json(struct ed_conn *conn, int status, const char *json) {
  return ed_answer(conn, status, "application/json", ed_span_text(json));
}

static char *error_object(const char *text) {
  json_t *object = json_pack("{s:s}", "error", text);
  char *json = object ? json_dumps(object, JSON_COMPACT) : NULL;
  json_decref(object);
  return json ? json : ed_strdup("{\"error\":\"\"}");
}

int ed_answer_error(struct ed_conn *conn, int status, const char *text) {
  char *json = error_object(text);
  int result = ed_answer_json(conn, status, json);
  free(json);
  return result;
}

int ed_answer_fault(struct ed_conn *conn, const struct ed_fault *fault) {
  conn->net->hub.counts.refusals[fault->code]++;
  conn->call->wait_s = fault->wait_s;
  return ed_answer_error(conn, ed_fault_status(fault->code), fault->text);
}

static void answer_early(struct ed_conn *conn, int status, struct ed_span json, unsigned wait_s) {
  struct ed_buf out = {0};
  const struct ed_reply reply = {.status = status, .type = "application/json", .body = json};
  compose(&out, NULL, &reply, wait_s ? wait_s : wait_of(conn->net, status));
  /* A few hundred bytes into an empty socket: it takes them, or it is dead. */
  if (send(conn->fd, out.at, out.len, MSG_NOSIGNAL) == (ssize_t)out.len) {
    shutdown(conn->fd, SHUT_WR);
    ed_conn_phase(conn, ED_LINGERING);
  } else {
    ed_conn_doom(conn);
  }
  ed_buf_deinit(&out);
  ed_buf_deinit(&conn->input);
}

void ed_answer_early(struct ed_conn *conn, int status, const char *text, unsigned wait_s) {
  char *json = error_object(text);
  answer_early(conn, status, ed_span_text(json), wait_s);
  free(json);
}

void ed_answer_json_early(struct ed_conn *conn, int status, struct ed_span json) {
  answer_early(conn, status, json, 0);
}

void ed_answer_fault_early(struct ed_conn *conn, const struct ed_fault *fault) {
  conn->net->hub.counts.refusals[fault->code]++;
  ed_answer_early(conn, ed_fault_status(fault->code), fault->text, fault->wait_s);
}
