/* The network floor: the event loop, the listeners, HTTP and WebSocket. It owns the loop, the timers and the hub of
 * rooms; main fills the options, opens it, runs it until it is drained, and frees it. Everything happens on the thread
 * that calls ed_net_run. */
#ifndef ED_NET_NET_H
#define ED_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "room/gate.h"
#include "room/space.h"

struct ed_hub;
struct ed_net;
struct ed_plugin_page;
struct ed_timers;
struct uv_loop_s;

/* Everything is borrowed for the life of the server. A time of 0 means never; but drain_ms of 0, at once. */
struct ed_net_options {
  const char *const *listen; /* "127.0.0.1:8080", "[::1]:8080", "unix:/run/eddy.sock"; port 0: any free one */
  size_t listen_len;
  const char *const *tls_listen; /* likewise, for TLS */
  size_t tls_listen_len;
  const char *tls_certificate, *tls_key; /* files, PEM; needed where tls_listen is not empty */
  const struct ed_space *const *spaces; /* spaces[0] is the default one */
  size_t spaces_len;
  const char *public_url;     /* such as "https://rooms.example.org/base", or NULL: made from the request */
  const char *const *proxies; /* addresses or CIDRs whose X-Forwarded-* are believed; "unix": those on a unix socket */
  size_t proxies_len;
  uint64_t connections;      /* limit in all, HTTP and WebSocket */
  uint64_t rooms;            /* limit in all */
  uint64_t header_bytes;     /* of one request, the request line included; at most 1 MiB */
  uint64_t upgrade_ms;       /* how long a connection may take to send a whole request, and to take its answer */
  uint64_t ping_interval_ms; /* a connection that was silent for so long is pinged */
  uint64_t ping_timeout_ms;  /* and closed when it then stays silent for so long */
  uint64_t drain_ms;         /* how long queues may take to run empty at the end */
  /* POST /new {"policy": NAME}: is there such a policy? NULL: only the namespace's own is known. */
  bool (*policy_known)(void *arg, const char *name);
  void *policy_arg;
  /* A request for what is no page of ours: false where nobody has it. NULL: nobody has anything. */
  bool (*other_page)(void *arg, struct ed_plugin_page *page);
  void *other_arg;
  const struct ed_gate_ops *gate_ops; /* for the hub; NULL: no gate */
  void *gate;
};

/* 0; or a negative errno, with what is wrong in the log: -EINVAL for an option that makes no sense (ed_net_check says
 * which), what bind(2) said for an address that cannot be listened on, -ENOMEM where libwebsockets could not begin. */
int ed_net_open(struct ed_net **net, const struct ed_net_options *options, const struct ed_log *log);

/* Reads certificate and key anew, for connections to come. 0; or -EINVAL, with what is wrong in the log, and what was there
 * goes on. Nothing happens where there is no TLS. */
int ed_net_reload_tls(struct ed_net *net);

/* Checks an address to listen on, a proxy, a public URL as they stand in a configuration: 0 or -EINVAL, and then in
 * `why` a sentence fragment that says what is wrong. Nothing is opened. */
int ed_net_check_listen(const char *text, char why[128]);
int ed_net_check_proxy(const char *text, char why[128]);
int ed_net_check_public_url(const char *text, char why[128]);

/* Serves until it has been drained, by SIGTERM, SIGINT or ed_net_drain. 0. */
int ed_net_run(struct ed_net *net);

/* Begins the end: stops accepting, lets queues run empty for at most drain_ms, closes all with 1001. A second time:
 * closes all at once. */
void ed_net_drain(struct ed_net *net);

/* Closes every connection and every room, so that what fills the gate can go; after it only ed_net_free makes sense. */
void ed_net_empty(struct ed_net *net);

/* Closes everything that is still open, frees it, and leaves no handle behind. NULL: nothing happens. */
void ed_net_free(struct ed_net *net);

/* The port that listener `i` listens on (useful where it was given as 0); 0 for a unix socket. */
unsigned ed_net_port(const struct ed_net *net, size_t i);

struct uv_loop_s *ed_net_loop(struct ed_net *net); /* for handles of the caller's; closed before ed_net_free */
struct ed_hub *ed_net_hub(struct ed_net *net);

/* What it has done since it began, for who measures. */
struct ed_net_counts {
  uint64_t connections; /* now */
  uint64_t accepted;    /* connections in all */
  uint64_t bytes_in;    /* read from them */
};
struct ed_net_counts ed_net_counts(const struct ed_net *net);

struct ed_timers *ed_net_timers(struct ed_net *net);

#endif
