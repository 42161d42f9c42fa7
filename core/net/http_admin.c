/* The admin interface, as far as it is HTTP: who may reach it, and the request as the floor above is given it. */
#include <arpa/inet.h>
#include <libwebsockets.h>
#include <stdio.h>

#include "net/head.h"
#include "net/http.h"
#include "net/internal.h"
#include "room/room.h"

#define QUERY_PARTS 16
#define PUBLIC_PATH "/admin" /* on addresses that are not for this alone */
#define HOST_LEN 300         /* of an Origin or a Host: a host's name has 253 at most */

static bool starts(struct ed_span text, struct ed_span with) {
  return text.len >= with.len && (with.len == 0 || memcmp(text.at, with.at, with.len) == 0);
}

bool ed_http_admin_path(const struct ed_conn *conn, struct ed_span *path) {
  const struct ed_net *net = conn->net;
  if (conn->admin) return true;
  if (!net->options.admin || !net->options.admin_public) return false;
  struct ed_span prefix = net->public_base.path, own = ED_LIT(PUBLIC_PATH), rest = *path;
  if (prefix.len && starts(rest, prefix)) rest = ed_span(rest.at + prefix.len, rest.len - prefix.len);
  if (!starts(rest, own) || (rest.len > own.len && rest.at[own.len] != '/')) return false;
  *path = ed_span(rest.at + own.len, rest.len - own.len);
  return true;
}

/* Each argument by itself, as they may hold any byte once they are decoded. */
static void read_query(struct ed_conn *conn, struct ed_buf *query) {
  size_t most = (size_t)lws_hdr_total_length(conn->wsi, WSI_TOKEN_HTTP_URI_ARGS) + 1;
  for (int i = 0; i < QUERY_PARTS; i++) {
    int len = lws_hdr_copy_fragment(conn->wsi, (char *)ed_buf_reserve(query, most + 1), (int)most,
                                    WSI_TOKEN_HTTP_URI_ARGS, i);
    if (len < 0) return;
    query->len += (size_t)len;
    ed_buf_add_byte(query, 0);
  }
}

/* What the operator says of the page that asks. What no browser sends has no Origin: then it is the key that counts. */
static enum ed_origin_verdict judge(const struct ed_conn *conn, struct ed_span origin, struct ed_span host) {
  static const struct ed_texts nobody = {0};
  const struct ed_net *net = conn->net;
  const struct ed_texts *list = net->options.admin_origins;
  if (!origin.at) return ED_ORIGIN_NONE;
  if (!conn->admin && ed_origin_own(origin, host, net->public_base.host)) return ED_ORIGIN_NONE;
  return ed_origin_judge(list ? list : &nobody, origin);
}

static struct ed_span header(struct ed_conn *conn, enum lws_token_indexes token, char *text, size_t size) {
  if (lws_hdr_total_length(conn->wsi, token) <= 0) return ed_span(NULL, 0);
  int len = lws_hdr_copy(conn->wsi, text, (int)size, token);
  return ed_span(text, len > 0 ? (size_t)len : 0); /* one that is too long is nobody's */
}

static void begin_origin(struct ed_conn *conn) {
  struct ed_call *call = conn->call;
  char from[HOST_LEN], to[HOST_LEN];
  struct ed_span origin = header(conn, WSI_TOKEN_ORIGIN, from, sizeof from);
  call->browser = origin.at;
  call->origin_verdict = judge(conn, origin, header(conn, WSI_TOKEN_HOST, to, sizeof to));
  if (call->origin_verdict == ED_ORIGIN_NAMED) ed_buf_add_span(&call->origin, origin);
}

static void read_authorization(struct ed_conn *conn, struct ed_buf *text) {
  int most = lws_hdr_total_length(conn->wsi, WSI_TOKEN_HTTP_AUTHORIZATION) + 1;
  int len = lws_hdr_copy(conn->wsi, (char *)ed_buf_reserve(text, (size_t)most), most, WSI_TOKEN_HTTP_AUTHORIZATION);
  if (len > 0) text->len = (size_t)len;
}

bool ed_http_admin_begin(struct ed_conn *conn, struct ed_span path) {
  if (!ed_http_admin_path(conn, &path)) return false;
  struct ed_call *call = conn->call;
  call->page = ED_PAGE_ADMIN;
  call->space = conn->net->options.spaces[0]; /* not looked at */
  call->admin = conn->net->options.admin;
  ed_buf_add_span(&call->path, path);
  read_query(conn, &call->query);
  read_authorization(conn, &call->authorization);
  begin_origin(conn);
  return true;
}

/* A push may be as large as any namespace allows. */
uint64_t ed_http_admin_body_max(const struct ed_net *net) {
  uint64_t most = 64 * 1024;
  for (size_t i = 0; i < net->options.spaces_len; i++)
    if (net->options.spaces[i]->limits.message > most) most = net->options.spaces[i]->limits.message;
  return most;
}

static struct ed_admin_page page_of(const struct ed_conn *conn) {
  const struct ed_call *call = conn->call;
  return (struct ed_admin_page){.method = call->post ? ED_LIT("POST") : ED_LIT("GET"),
                                .path = ed_buf_span(&call->path),
                                .query = ed_buf_span(&call->query),
                                .authorization = ed_buf_span(&call->authorization),
                                .body = ed_buf_span(&call->body),
                                .local = conn->admin && conn->local && !call->browser};
}

static int answer(struct ed_conn *conn, struct ed_admin_page *page) {
  int result = ed_answer(conn, page->status, "application/json", ed_buf_span(&page->answer));
  ed_buf_deinit(&page->answer);
  return result;
}

/* The next piece comes with the loop's next round: a socket that takes bytes calls back then. */
static int wait(struct ed_conn *conn, void *job) {
  conn->call->job = job;
  conn->since_ms = conn->net->timers.now_ms;
  lws_callback_on_writable(conn->wsi);
  return ed_conn_watch(conn, true) ? 0 : -1; /* to see it go */
}

int ed_http_admin(struct ed_conn *conn) {
  struct ed_admin_page page = page_of(conn);
  const struct ed_net_admin *admin = conn->call->admin;
  admin->ask(admin->arg, &page);
  return page.status ? answer(conn, &page) : wait(conn, page.job);
}

int ed_http_admin_more(struct ed_conn *conn) {
  struct ed_admin_page page = {.job = conn->call->job};
  const struct ed_net_admin *admin = conn->call->admin;
  conn->call->job = NULL;
  admin->more(admin->arg, &page);
  return page.status ? answer(conn, &page) : wait(conn, page.job);
}

int ed_http_admin_follow(struct ed_conn *conn, struct ed_span path, struct ed_span query, struct ed_span head) {
  struct ed_span origin = ed_span(NULL, 0), host = ed_span(NULL, 0);
  ed_head_field(head, "origin:", &origin);
  ed_head_field(head, "host:", &host);
  if (judge(conn, origin, host) == ED_ORIGIN_OTHER) return ed_answer_early(conn, 403, ED_ADMIN_STRANGE, 0), 0;
  struct ed_admin_page page = {
      .method = ED_LIT("GET"), .path = path, .local = conn->admin && conn->local && !origin.at};
  const struct ed_net_admin *admin = conn->net->options.admin;
  struct ed_buf parts = {0}; /* as sent: whoever is to be followed is in the path */
  ed_buf_add_span(&parts, query);
  ed_buf_add_byte(&parts, 0);
  page.query = ed_buf_span(&parts);
  ed_head_field(head, "authorization:", &page.authorization);
  ed_head_offered(head, "sec-websocket-protocol:", "eddy.key.", &page.offered);
  struct ed_room *room = admin->follow(admin->arg, &page);
  struct ed_fault fault;
  int result = page.status ? 0 : -1;
  conn->member =
      (struct ed_member){.ops = &ed_conn_member_ops, .encoding = ED_JSON, .transient = true, .watcher = true};
  if (room && ed_room_join(room, &conn->member, &fault) == 0)
    result = 1;
  else if (room)
    ed_answer_fault_early(conn, &fault), result = 0;
  else if (page.status)
    ed_answer_json_early(conn, page.status, ed_buf_span(&page.answer));
  ed_buf_deinit(&page.answer);
  ed_buf_deinit(&parts);
  return result;
}

void ed_net_member_address(const struct ed_member *member, char out[64]) {
  struct ed_address peer;
  char host[INET6_ADDRSTRLEN] = "";
  snprintf(out, 64, "?");
  if (member->ops != &ed_conn_member_ops) return;
  const struct ed_conn *conn =
      (const struct ed_conn *)(const void *)((const char *)member - offsetof(struct ed_conn, member));
  if (ed_conn_peer(conn, &peer) != 0) return;
  switch (peer.any.sa_family) {
    case AF_INET:
      inet_ntop(AF_INET, &peer.ipv4.sin_addr, host, sizeof host);
      snprintf(out, 64, "%s:%u", host, ntohs(peer.ipv4.sin_port));
      break;
    case AF_INET6:
      inet_ntop(AF_INET6, &peer.ipv6.sin6_addr, host, sizeof host);
      snprintf(out, 64, "[%s]:%u", host, ntohs(peer.ipv6.sin6_port));
      break;
    case AF_UNIX: snprintf(out, 64, "unix"); break;
    default: break;
  }
}
