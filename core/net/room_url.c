/* Where a room is reached: from the configuration, or from what the request says of itself. */
#include <jansson.h>
#include <libwebsockets.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/http.h"
#include "net/internal.h"

#define HEADER_LEN 512

/* A header that libwebsockets has no token for. `name` in lower case, with its colon. Empty where there is none, or it
 * is too long to be sensible. */
static struct ed_span custom_header(struct lws *wsi, const char *name, char value[HEADER_LEN]) {
  int len = lws_hdr_custom_copy(wsi, value, HEADER_LEN, name, (int)strlen(name));
  return ed_span(value, len > 0 ? (size_t)len : 0);
}

static struct ed_span host_header(struct lws *wsi, char value[HEADER_LEN]) {
  int len = lws_hdr_copy(wsi, value, HEADER_LEN, WSI_TOKEN_HOST);
  struct ed_span host = ed_span(value, len > 0 ? (size_t)len : 0);
  return ed_forwarded_host_valid(host) ? host : ED_LIT("localhost");
}

/* The spans are borrowed from the options, from `value` or from `path`. */
static struct ed_base base_of(struct ed_conn *conn, char value[HEADER_LEN], char path[HEADER_LEN]) {
  struct ed_net *net = conn->net;
  if (net->public_base.host.len) return net->public_base;
  struct ed_base base = {.secure = conn->secure};
  if (conn->trusted) {
    base.secure |= ed_forwarded_secure(ed_forwarded_first(custom_header(conn->wsi, "x-forwarded-proto:", value))) == 1;
    base.host = ed_forwarded_first(custom_header(conn->wsi, "x-forwarded-host:", value));
    base.path = ed_forwarded_prefix(ed_forwarded_first(custom_header(conn->wsi, "x-forwarded-prefix:", path)));
  }
  if (!ed_forwarded_host_valid(base.host)) base.host = host_header(conn->wsi, value);
  return base;
}

char *ed_http_room_object(struct ed_conn *conn, const struct ed_space *space, struct ed_span id) {
  char value[HEADER_LEN], path[HEADER_LEN];
  struct ed_base base = base_of(conn, value, path);
  bool bare = space == conn->net->options.spaces[0];
  struct ed_span name = bare ? ed_span(NULL, 0) : ed_span_text(space->name);
  struct ed_buf socket = {0}, http = {0};
  ed_base_room_url(&socket, &base, "ws", name, id, "/connect");
  ed_base_room_url(&http, &base, "http", name, id, "/send");
  json_t *object = json_pack("{s:s%,s:s%,s:s%}", "room", (const char *)id.at, id.len, "socket_url",
                             (const char *)socket.at, socket.len, "http_url", (const char *)http.at, http.len);
  char *json = object ? json_dumps(object, JSON_COMPACT) : NULL;
  json_decref(object);
  ed_buf_deinit(&socket);
  ed_buf_deinit(&http);
  return json ? json : ed_strdup("null"); /* hosts and ids are plain ASCII, so this does not happen */
}
