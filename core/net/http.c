/* The pages: which request gets which answer. */
#include "net/http.h"

#include <jansson.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "net/head.h"
#include "net/internal.h"
#include "room/room.h"

#define OPTIONS_BODY_MAX (64 * 1024) /* bytes of what POST /new may be given */
#define ORIGIN_LEN 300               /* of what is looked up in namespaces.NAME.origins: a host has 253 at most */

void ed_call_free(struct ed_call *call) {
  if (!call) return;
  ed_buf_deinit(&call->origin);
  ed_buf_deinit(&call->path);
  ed_buf_deinit(&call->query);
  ed_buf_deinit(&call->if_none_match);
  ed_buf_deinit(&call->accept_encoding);
  ed_buf_deinit(&call->body);
  ed_buf_deinit(&call->answer);
  ed_buf_deinit(&call->authorization);
  if (call->job) call->admin->drop(call->admin->arg, call->job);
  if (call->kept_done) call->kept_done(call->kept_arg);
  free(call);
}

const struct ed_space *ed_http_space(const struct ed_net *net, struct ed_span name) {
  if (!name.at) return net->options.spaces[0];
  for (size_t i = 0; i < net->options.spaces_len; i++)
    if (ed_span_equal(name, ed_span_text(net->options.spaces[i]->name))) return net->options.spaces[i];
  return NULL;
}

/* What the namespace says of the page that asks. Where there is no such namespace, that is for anybody to read. */
static void begin_origin(struct ed_conn *conn) {
  struct ed_call *call = conn->call;
  struct ed_span origin = ed_span(NULL, 0);
  char text[ORIGIN_LEN];
  if (!call->space) return;
  if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_ORIGIN) > 0) {
    int len = lws_hdr_copy(conn->wsi, text, sizeof text, WSI_TOKEN_ORIGIN);
    origin = ed_span(text, len > 0 ? (size_t)len : 0); /* one that is too long is none of the list */
  }
  call->origin_verdict = ed_origin_judge(&call->space->origins, origin);
  if (call->origin_verdict == ED_ORIGIN_NAMED) ed_buf_add_span(&call->origin, origin);
}

/* Begins the call from the request that libwebsockets has parsed. Its method (LWSHUMETH_...), or -1. */
static int call_begin(struct ed_conn *conn) {
  struct ed_call *call = conn->call = ed_zalloc(sizeof *call);
  char *path = NULL;
  int len = 0, method = lws_http_get_uri_and_method(conn->wsi, &path, &len);
  if (method < 0 || !path) return -1;
  struct ed_route route = ed_route_parse(conn->net->public_base.path, ed_span(path, (size_t)len));
  call->page = route.page;
  call->post = method == LWSHUMETH_POST;
  call->head = method == LWSHUMETH_HEAD;
  call->body_left = conn->body_len;
  if (ed_http_admin_begin(conn, ed_span(path, (size_t)len))) return method;
  call->space = ed_http_space(conn->net, route.space);
  begin_origin(conn);
  call->id = ed_span(call->id_bytes, 0); /* as good as an id that is too long: no room can have it */
  if (route.id.len && route.id.len <= sizeof call->id_bytes) {
    memcpy(call->id_bytes, route.id.at, route.id.len);
    call->id.len = route.id.len;
  }
  if (route.page == ED_PAGE_NONE && conn->net->options.other_page)
    ed_http_other_begin(conn, ed_span(path, (size_t)len));
  return method;
}

struct ed_room *ed_http_room(struct ed_conn *conn, const struct ed_space *space, struct ed_span id, bool may_create,
                             struct ed_fault *fault) {
  struct ed_hub *hub = &conn->net->hub;
  struct ed_room *room = ed_hub_get(hub, space, id, fault);
  if (!room && fault->code == ED_FAULT_NO_ROOM && may_create && space->create_on_connect)
    return ed_rates_room(conn, space, fault) == 0 ? ed_hub_create(hub, space, id, NULL, fault) : NULL;
  return room;
}

/* The room of the call; NULL with a fault. */
static struct ed_room *room_of(struct ed_conn *conn, struct ed_fault *fault) {
  const struct ed_call *call = conn->call;
  return ed_http_room(conn, call->space, call->id, call->page != ED_PAGE_SEND, fault);
}

static int answer_room(struct ed_conn *conn, struct ed_room *room, const struct ed_fault *fault) {
  if (!room) return ed_answer_fault(conn, fault);
  char *json = ed_http_room_object(conn, room->space, ed_room_id(room));
  int result = ed_answer_json(conn, 200, json);
  free(json);
  return result;
}

/* The policy that POST /new asks for, or NULL where it asks for none. -1 with a fault. `*options` holds it. */
static int read_options(struct ed_conn *conn, json_t **options, const char **policy, struct ed_fault *fault) {
  const struct ed_call *call = conn->call;
  const struct ed_net_options *net = &conn->net->options;
  *policy = NULL;
  *options = NULL;
  if (call->body.len == 0) return 0;
  json_error_t error;
  *options = json_loadb((const char *)call->body.at, call->body.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
  if (!json_is_object(*options)) return ed_fault(fault, ED_FAULT_MALFORMED, "the options are not a JSON object");
  const char *name;
  json_t *value;
  json_object_foreach(*options, name, value) {
    if (strcmp(name, "policy") != 0) return ed_fault(fault, ED_FAULT_MALFORMED, "the only option is \"policy\"");
    *policy = json_string_value(value);
    if (!*policy) return ed_fault(fault, ED_FAULT_MALFORMED, "\"policy\" is not a text");
    bool own = strcmp(*policy, call->space->policy) == 0;
    if (!own && !(net->policy_known && net->policy_known(net->policy_arg, *policy)))
      return ed_fault(fault, ED_FAULT_MALFORMED, "there is no such policy");
  }
  return 0;
}

static int page_new(struct ed_conn *conn) {
  struct ed_fault fault = {0};
  json_t *options;
  const char *policy;
  struct ed_room *room = NULL;
  if (read_options(conn, &options, &policy, &fault) == 0 && ed_rates_room(conn, conn->call->space, &fault) == 0)
    room = ed_hub_create(&conn->net->hub, conn->call->space, ed_span(NULL, 0), policy, &fault);
  json_decref(options);
  return answer_room(conn, room, &fault);
}

/* The room has something for a call that waits. It is in the middle of its work: the answer comes later. */
static void deliver(struct ed_member *member) { lws_callback_on_writable(ed_conn_of(member)->wsi); }

static void close_member(struct ed_member *member, unsigned code, const char *why) {
  (void)code, (void)why;
  ed_conn_doom(ed_conn_of(member));
}

static const struct ed_member_ops call_member_ops = {.deliver = deliver, .close = close_member};

static const char *type_of(enum ed_encoding encoding) {
  return encoding == ED_JSON ? "application/json" : "application/cbor";
}

/* The answer of the room to a call that has joined it: what it said, or `null`; or it is waited for. */
static int take_reply(struct ed_conn *conn) {
  struct ed_call *call = conn->call;
  struct ed_span bytes;
  if (ed_member_peek(&conn->member, &bytes)) {
    struct ed_span frame = ed_span(bytes.at, ed_frames_cut(bytes, 0));
    int result = ed_answer(conn, 200, type_of(call->encoding), ed_wire_payload(frame));
    ed_room_leave(&conn->member);
    return result;
  }
  if (conn->member.queue.bytes || conn->member.room->open < call->mark) {
    call->waiting = true;
    return ed_conn_watch(conn, true) ? 0 : -1; /* to see it go */
  }
  ed_room_leave(&conn->member);
  return ed_answer(conn, 200, type_of(call->encoding), call->encoding == ED_JSON ? ED_LIT("null") : ED_LIT("\xf6"));
}

static int request(struct ed_conn *conn, struct ed_fault *fault) {
  struct ed_call *call = conn->call;
  struct ed_room *room = room_of(conn, fault);
  if (!room || ed_rates_send(conn, room->space, fault) != 0) return -1;
  const struct ed_limits *limits = &room->space->limits;
  struct ed_wire_limits wire = {.depth = (unsigned)limits->depth, .key = (size_t)limits->key};
  struct ed_request request;
  if (ed_wire_decode(call->encoding, ed_buf_span(&call->body), &wire, &conn->net->scratch, &request, fault) != 0)
    return -1;
  conn->member = (struct ed_member){.ops = &call_member_ops, .encoding = call->encoding, .transient = true};
  if (ed_room_join(room, &conn->member, fault) != 0) return -1;
  if (ed_room_request(&conn->member, &request, fault) == 0) {
    ed_room_dispatch(room);
    call->mark = room->mark;
    return 0;
  }
  ed_room_leave(&conn->member);
  return -1;
}

static int page_send(struct ed_conn *conn) {
  struct ed_fault fault = {0};
  return request(conn, &fault) == 0 ? take_reply(conn) : ed_answer_fault(conn, &fault);
}

/* With the whole request there. */
static int page(struct ed_conn *conn) {
  struct ed_fault fault = {0};
  switch (conn->call->page) {
    case ED_PAGE_NEW: return page_new(conn);
    case ED_PAGE_SEND: return page_send(conn);
    case ED_PAGE_ROOM: {
      struct ed_room *room = room_of(conn, &fault);
      return answer_room(conn, room, &fault);
    }
    case ED_PAGE_HEALTH: return ed_answer_json(conn, 200, "{\"status\":\"ok\"}");
    case ED_PAGE_CONNECT: return ed_answer_error(conn, 426, "this is where a WebSocket connects");
    case ED_PAGE_ADMIN: return ed_http_admin(conn);
    case ED_PAGE_OTHER: return ed_http_other(conn);
    case ED_PAGE_NONE: break;
  }
  ed_fault(&fault, ED_FAULT_NO_PAGE, NULL);
  return ed_answer_fault(conn, &fault);
}

/* What is wrong with the request whatever its body is: false with a fault. */
static bool acceptable(const struct ed_conn *conn, int method, struct ed_fault *fault) {
  const struct ed_call *call = conn->call;
  bool admin = call->page == ED_PAGE_ADMIN, other = call->page == ED_PAGE_OTHER || admin;
  bool post = call->page == ED_PAGE_NEW || call->page == ED_PAGE_SEND || (other && call->post);
  if (admin && call->origin_verdict == ED_ORIGIN_OTHER)
    ed_fault(fault, ED_FAULT_ORIGIN, ED_ADMIN_STRANGE);
  else if (call->page == ED_PAGE_NONE)
    ed_fault(fault, ED_FAULT_NO_PAGE, NULL);
  else if (method != (post ? LWSHUMETH_POST : LWSHUMETH_GET) && (post || method != LWSHUMETH_HEAD))
    ed_fault(fault, ED_FAULT_BAD_METHOD, NULL);
  else if (conn->net->state != ED_NET_SERVING && !admin && call->page != ED_PAGE_OTHER) /* /metrics, say */
    ed_fault(fault, ED_FAULT_DRAINING, NULL);
  else if (!call->space)
    ed_fault(fault, ED_FAULT_NO_SPACE, NULL);
  else if (call->origin_verdict == ED_ORIGIN_OTHER)
    ed_fault(fault, ED_FAULT_ORIGIN, NULL);
  else
    return true;
  return false;
}

static enum ed_encoding body_encoding(struct lws *wsi) {
  char type[64] = "";
  if (lws_hdr_copy(wsi, type, sizeof type, WSI_TOKEN_HTTP_CONTENT_TYPE) <= 0) return ED_JSON;
  return strncasecmp(type, "application/cbor", 16) == 0 ? ED_CBOR : ED_JSON;
}

int ed_http_request(struct ed_conn *conn) {
  struct ed_fault fault = {0};
  int method = call_begin(conn);
  struct ed_call *call = conn->call;
  if (method < 0) return -1;
  bool admin = call->page == ED_PAGE_ADMIN;
  bool strange = admin && call->origin_verdict == ED_ORIGIN_OTHER, preflight = !admin || (call->browser && !strange);
  if (method == LWSHUMETH_OPTIONS && preflight) return ed_answer(conn, 204, NULL, ed_span(NULL, 0));
  if (!acceptable(conn, method, &fault)) return ed_answer_fault(conn, &fault);
  bool new = call->page == ED_PAGE_NEW;
  bool bounded = call->page == ED_PAGE_SEND || call->page == ED_PAGE_OTHER;
  uint64_t most = new ? OPTIONS_BODY_MAX : bounded ? call->space->limits.message : UINT64_MAX;
  if (admin) most = ed_http_admin_body_max(conn->net);
  if (call->body_left > most) {
    ed_fault(&fault, ED_FAULT_TOO_LARGE, "the %s larger than %s", new ? "options are" : "message is",
             new ? "64 KiB" : "limits.message");
    return ed_answer_fault(conn, &fault);
  }
  call->encoding = body_encoding(conn->wsi);
  if (call->body_left == 0 || method != LWSHUMETH_POST) return page(conn);

  if (conn->input.len == 0 && lws_hdr_total_length(conn->wsi, WSI_TOKEN_HTTP_EXPECT)) {
    static unsigned char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (lws_write(conn->wsi, go_on, sizeof go_on - 1, LWS_WRITE_HTTP) < 0) return -1;
  }
  struct ed_buf early = conn->input;
  conn->input = (struct ed_buf){0};
  int result = ed_http_body(conn, ed_buf_span(&early));
  ed_buf_deinit(&early);
  return result;
}

int ed_http_body(struct ed_conn *conn, struct ed_span bytes) {
  struct ed_call *call = conn->call;
  if (call->body_left == 0) return 0; /* more than it said: nobody will read that */
  if (bytes.len > call->body_left) bytes.len = (size_t)call->body_left;
  ed_buf_add_span(&call->body, bytes);
  call->body_left -= bytes.len;
  if (call->body_left == 0) return page(conn);
  return ed_conn_watch(conn, true) ? 0 : -1;
}

int ed_http_writable(struct ed_conn *conn) {
  struct ed_call *call = conn->call;
  if (!call) return 0;
  if (call->job) return ed_http_admin_more(conn);
  if (call->waiting) return take_reply(conn);
  return call->answered ? ed_answer_write(conn) : 0;
}
