/* The network floor: the event loop, the listeners, HTTP and WebSocket. It owns the loop, the timers and the hub of
 * rooms; main fills the options, opens it, runs it until it is drained, and frees it. Everything happens on the thread
 * that calls ed_net_run. */
#ifndef ED_NET_NET_H
#define ED_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/texts.h"
#include "net/callers.h"
#include "room/gate.h"
#include "room/space.h"

struct ed_hub;
struct ed_member;
struct ed_net;
struct ed_net_admin;
struct ed_plugin_page;
struct ed_room;
struct ed_timers;
struct uv_loop_s;

/* Everything is borrowed for the life of the server. A time of 0 means never; but drain_ms of 0, at once. */
struct ed_net_options {
  const char *const *listen; /* "127.0.0.1:8080", "[::1]:8080", "unix:/run/eddy.sock"; port 0: any free one */
  size_t listen_len;
  const char *const *tls_listen; /* likewise, for TLS */
  size_t tls_listen_len;
  const char *tls_certificate, *tls_key; /* files, PEM; needed where tls_listen is not empty */
  const int *sockets; /* listened on already by who started us: they are taken in place of `listen`, and closed */
  size_t sockets_len;
  const struct ed_space *const *spaces; /* spaces[0] is the default one */
  size_t spaces_len;
  const char *public_url;     /* such as "https://rooms.example.org/base", or NULL: made from the request */
  const char *const *proxies; /* addresses or CIDRs whose X-Forwarded-* are believed; "unix": those on a unix socket */
  size_t proxies_len;
  uint64_t connections;      /* limit in all, HTTP and WebSocket */
  uint64_t rooms;            /* limit in all */
  struct ed_caller_rules callers; /* limits of one address */
  uint64_t header_bytes;     /* of one request, the request line included; at most 1 MiB */
  uint64_t upgrade_ms;       /* how long a connection may take to send a whole request, and to take its answer */
  uint64_t ping_interval_ms; /* a connection that was silent for so long is pinged */
  uint64_t ping_timeout_ms;  /* and closed when it then stays silent for so long */
  uint64_t drain_ms;         /* over which members are sent away at the end */
  void (*draining)(void *arg); /* it has begun. NULL: nobody wants to know */
  void *draining_arg;
  /* POST /new {"policy": NAME}: is there such a policy? NULL: only the namespace's own is known. */
  bool (*policy_known)(void *arg, const char *name);
  void *policy_arg;
  /* A request for what is no page of ours: false where nobody has it. NULL: nobody has anything. */
  bool (*other_page)(void *arg, struct ed_plugin_page *page);
  void *other_arg;
  /* Who answers on the admin interface; NULL: there is none. */
  const struct ed_net_admin *admin;
  const char *admin_listen; /* an address for it alone, besides the others; a unix socket is made for its owner only */
  bool admin_may_fail;      /* it is done without where it cannot be listened on */
  bool admin_public;        /* it is on the other addresses too, below /admin */
  const struct ed_texts *admin_origins; /* pages that may use it, besides those of a public address. NULL: none */
  const struct ed_gate_ops *gate_ops; /* for the hub; NULL: no gate */
  void *gate;
};

/* A request on the admin interface, with its whole body; borrowed during the call. */
struct ed_admin_page {
  struct ed_span method, path; /* "GET" (or HEAD) or "POST"; without the query */
  struct ed_span query;        /* NAME=VALUE, decoded, with a NUL between two */
  struct ed_span authorization;
  struct ed_span offered; /* what a WebSocket offers in its place: BASE64URL of a subprotocol eddy.key.BASE64URL */
  struct ed_span body;
  bool local;           /* it came over the unix socket that is for this alone, and of no page of a browser */
  int status;           /* of the answer; 0: not yet, and then `job` is set */
  struct ed_buf answer; /* JSON; the caller's */
  void *job;            /* what an answer that is made in pieces needs meanwhile */
};

struct ed_net_admin {
  void *arg;
  void (*ask)(void *arg, struct ed_admin_page *page);
  /* Goes on with page->job, of which all else is gone; called once in a turn until there is a status. */
  void (*more)(void *arg, struct ed_admin_page *page);
  void (*drop)(void *arg, void *job); /* whoever asked has gone */
  /* The room that a WebSocket is to follow; NULL with a status and an answer, or with none where there is no WebSocket at
   * this path. */
  struct ed_room *(*follow)(void *arg, struct ed_admin_page *page);
};

/* 0; or a negative errno, with what is wrong in the log: -EINVAL for an option that makes no sense (ed_net_check says
 * which), what bind(2) said for an address that cannot be listened on, -ENOMEM where libwebsockets could not begin. */
int ed_net_open(struct ed_net **net, const struct ed_net_options *options, const struct ed_log *log);

/* Reads certificate and key anew, for connections to come. 0; or -EINVAL, with what is wrong in the log, and what was there
 * goes on. Nothing happens where there is no TLS. */
int ed_net_reload_tls(struct ed_net *net);

/* Checks an address to listen on, a proxy, a public URL, an origin as they stand in a configuration: 0 or -EINVAL, and
 * then in `why` a sentence fragment that says what is wrong. Nothing is opened. */
int ed_net_check_listen(const char *text, char why[128]);
int ed_net_check_proxy(const char *text, char why[128]);
int ed_net_check_public_url(const char *text, char why[128]);
int ed_net_check_origin(const char *text, char why[128]);
int ed_net_check_tls(const char *certificate, const char *key, char why[256]); /* files, which it reads */

/* Serves until it has been drained, by SIGTERM, SIGINT or ed_net_drain. 0. */
int ed_net_run(struct ed_net *net);

/* Takes other options while it serves, borrowed like those before, which can go then; reads certificate and key anew.
 * What is listened on and header_bytes stay as they were, `connections` can come back to what it was at first, but not
 * rise above it. 0; or -EINVAL, with what is wrong in the log, and what that is about is as it was. A page of the
 * admin interface may do it. */
int ed_net_change(struct ed_net *net, const struct ed_net_options *options);

/* Begins the end: nobody new is let in, members are sent away (what waits for each, then 1001) evenly over drain_ms, or
 * where they are few, one every 250 ms; then it stops listening. A second time: drops all at once. */
void ed_net_drain(struct ed_net *net);

/* What listener `i` listens on, as of ed_net_options.listen, a free port as the one that it has become; of how many. The
 * admin interface's own address comes behind these, and does not count. */
size_t ed_net_address(const struct ed_net *net, size_t i, char out[160]);

/* Closes every connection and every room, so that what fills the gate can go; after it only ed_net_free makes sense. */
void ed_net_empty(struct ed_net *net);

/* Closes everything that is still open, frees it, and leaves no handle behind. NULL: nothing happens. */
void ed_net_free(struct ed_net *net);

/* The port that listener `i` listens on (useful where it was given as 0); 0 for a unix socket. The admin interface's
 * own address comes behind the others. */
unsigned ed_net_port(const struct ed_net *net, size_t i);

/* Whether the admin interface has its own address. */
bool ed_net_has_admin(const struct ed_net *net);

/* Where a connection comes from: "10.0.0.1:5123", "[::1]:5123", "unix"; "?" where it is none, or gone. */
void ed_net_member_address(const struct ed_member *member, char out[64]);

enum ed_net_state { ED_NET_SERVING, ED_NET_DRAINING, ED_NET_CLOSING };
enum ed_net_state ed_net_state(const struct ed_net *net);

struct uv_loop_s *ed_net_loop(struct ed_net *net); /* for handles of the caller's; closed before ed_net_free */
struct ed_hub *ed_net_hub(struct ed_net *net);

/* The namespaces of its options, as they are now, and how many. */
const struct ed_space *const *ed_net_spaces(const struct ed_net *net, size_t *len);

/* What it has done since it began, for who measures. */
struct ed_net_counts {
  uint64_t connections; /* now */
  uint64_t accepted;    /* connections in all */
  uint64_t bytes_in;    /* read from them */
};
struct ed_net_counts ed_net_counts(const struct ed_net *net);

struct ed_timers *ed_net_timers(struct ed_net *net);

#endif
