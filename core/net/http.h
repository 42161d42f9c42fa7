/* HTTP: requests to answers. For the files of this folder. */
#ifndef ED_NET_HTTP_H
#define ED_NET_HTTP_H

#include "net/conn.h"
#include "net/origin.h"
#include "net/url.h"
#include "room/hub.h"

struct ed_call {
  enum ed_page page;
  const struct ed_space *space; /* NULL only where the request named one that does not exist */
  struct ed_span id;            /* of the room, in id_bytes */
  enum ed_origin_verdict origin_verdict; /* of the namespace, on the page that asks */
  struct ed_buf origin;         /* that page's, where it is NAMED */
  bool head;                    /* the answer's body is left out */
  bool answered, waiting;       /* the answer was begun; the room is to give it later */
  enum ed_encoding encoding;    /* of body and answer */
  bool post;                    /* pages OTHER and ADMIN: POST; else GET or HEAD */
  uint64_t body_left;           /* bytes of the request's body that are still to come */
  uint64_t mark;                /* of the room, once it has done what was asked: what the answer depends on */
  struct ed_buf path, query;    /* pages OTHER (the query as sent) and ADMIN */
  struct ed_buf if_none_match, accept_encoding; /* page OTHER */
  struct ed_buf authorization;  /* page ADMIN */
  bool browser;                 /* likewise: a page asks, as there is an Origin */
  const struct ed_net_admin *admin; /* whom `job` belongs to */
  void *job;                    /* page ADMIN: an answer that is being made */
  struct ed_buf body;
  struct ed_buf answer;
  unsigned wait_s;  /* what its Retry-After says; 0: none */
  struct ed_span kept; /* behind it, of somebody's who is told when it is no longer needed; or empty */
  void (*kept_done)(void *arg);
  void *kept_arg;
  size_t answer_at; /* what of both has been written */
  uint8_t id_bytes[ED_ROOM_ID_MAX];
};

void ed_call_free(struct ed_call *call); /* NULL: nothing happens */

/* What happens to a call. 0: go on; -1: close the connection (what was written still goes out). */
int ed_http_request(struct ed_conn *conn);
int ed_http_body(struct ed_conn *conn, struct ed_span bytes); /* read by us */
int ed_http_writable(struct ed_conn *conn);

/* The namespace of a path, by its name ({NULL, 0}: the default one), or NULL. */
const struct ed_space *ed_http_space(const struct ed_net *net, struct ed_span name);
/* A room, made where the namespace wants that and the request may; NULL with a fault. */
struct ed_room *ed_http_room(struct ed_conn *conn, const struct ed_space *space, struct ed_span id, bool may_create,
                             struct ed_fault *fault);

/* To a page that may not use it. */
#define ED_ADMIN_STRANGE "pages of this origin may not use the admin interface: admin.origins lists those that may"

/* http_admin.c: the admin interface. True: the request at hand is for it, and its call begun. */
bool ed_http_admin_begin(struct ed_conn *conn, struct ed_span path);
int ed_http_admin(struct ed_conn *conn);
int ed_http_admin_more(struct ed_conn *conn); /* goes on with the call's job */
/* Whether `path` is on the interface; what leads there is then taken off it. */
bool ed_http_admin_path(const struct ed_conn *conn, struct ed_span *path);
/* Of a request that asks for a WebSocket there: joins the room that it is to follow. 1; 0 where it is answered, -1 where
 * there is no WebSocket at this path. */
int ed_http_admin_follow(struct ed_conn *conn, struct ed_span path, struct ed_span query, struct ed_span head);
uint64_t ed_http_admin_body_max(const struct ed_net *net);

/* http_other.c: what is no page of ours may be somebody else's. Begins its call; asks them. */
void ed_http_other_begin(struct ed_conn *conn, struct ed_span path);
int ed_http_other(struct ed_conn *conn);

struct ed_reply {
  int status;
  const char *type;      /* NULL with 204 and 304 */
  struct ed_span body;   /* copied */
  struct ed_span fields; /* more lines of the head, each with its end; copied */
  bool caches, allows;   /* among them are Cache-Control and Allow, which are ours otherwise */
  struct ed_span kept;   /* more of the body, not copied: it stays until kept_done(kept_arg). That may be at once */
  void (*kept_done)(void *arg); /* NULL where there is none */
  void *kept_arg;
};

/* answer.c: begins the answer to the call at hand. 0 or -1 as above. */
int ed_answer_reply(struct ed_conn *conn, const struct ed_reply *reply);
int ed_answer(struct ed_conn *conn, int status, const char *type, struct ed_span body);
int ed_answer_json(struct ed_conn *conn, int status, const char *json);
int ed_answer_fault(struct ed_conn *conn, const struct ed_fault *fault);
int ed_answer_error(struct ed_conn *conn, int status, const char *text);
int ed_answer_write(struct ed_conn *conn); /* goes on with it */

/* To a connection that libwebsockets has not seen yet; it lingers then. */
void ed_answer_early(struct ed_conn *conn, int status, const char *text, unsigned wait_s); /* 0: nothing of that */
void ed_answer_json_early(struct ed_conn *conn, int status, struct ed_span json);
void ed_answer_fault_early(struct ed_conn *conn, const struct ed_fault *fault);

/* peer.c: who asks, as eddy_http_request has it. The span is borrowed from `text`. */
#define ED_PEER_LEN 512
struct ed_span ed_http_peer(struct ed_conn *conn, char text[ED_PEER_LEN]);

/* room_url.c: the object that POST /new and GET /room/ID answer with: JSON, to be freed by the caller. */
char *ed_http_room_object(struct ed_conn *conn, const struct ed_space *space, struct ed_span id);

#endif
