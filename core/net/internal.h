/* The server value. For the files of this folder. */
#ifndef ED_NET_INTERNAL_H
#define ED_NET_INTERNAL_H

#include <sys/epoll.h>
#include <uv.h>

#include "base/timer.h"
#include "net/address.h"
#include "net/callers.h"
#include "net/conn.h"
#include "net/forwarded.h"
#include "net/net.h"
#include "net/pace.h"
#include "net/tls.h"
#include "net/url.h"
#include "room/hub.h"

struct lws_context;
struct lws_vhost;

#define ED_NET_INPUT_LEN (64 * 1024) /* read from a socket at once, into one buffer that all share */
#define ED_NET_EVENTS 16384 /* sockets read at one wait: the more, the more goes out in one write to each receiver */

struct ed_listener {
  struct ed_net *net;
  bool tls;
  const char *text; /* as in the options; borrowed */
  bool admin;       /* for the admin interface alone */
  int fd;           /* -1: closed */
  struct ed_address address;
  uv_poll_t poll;
  bool polled;           /* `poll` is a handle of the loop */
  bool adopted;          /* by whom it was made: a unix socket's name is not ours to remove */
  struct ed_timer again; /* after the system had no descriptor left */
  uint64_t told_ms;      /* when the log was last told of that; 0: never */
  unsigned untold;       /* times since then */
};

struct ed_net {
  struct ed_net_options options;
  const struct ed_log *log;
  enum ed_net_state state;
  uv_loop_t loop;
  uv_timer_t clock;       /* wakes the loop when a timer is due */
  uv_signal_t signals[2]; /* SIGTERM, SIGINT */
  uv_poll_t sockets;      /* of `epoll` */
  struct ed_timers timers;
  struct ed_hub hub;
  struct lws_context *lws;
  struct lws_vhost *vhost;
  int epoll; /* the sockets that we read ourselves; its events carry the connection */
  struct ed_listener *listeners;
  size_t listeners_len;
  struct ed_tls *tls;      /* NULL: none */
  struct ed_relay *relays; /* utlist */
  struct ed_proxy *proxies;
  struct ed_callers callers;
  struct ed_space_pace *paces; /* owned; of every namespace that has needed one */
  struct ed_base public_base;  /* of options.public_url; host.len 0 where there is none */
  struct ed_conn **conns;
  size_t conns_len, conns_cap;
  size_t surplus_len;       /* of these, above the limit and not counted against it */
  size_t admin_len;         /* likewise, on the admin interface's own address */
  struct ed_conn *adopting; /* its socket is being handed to libwebsockets; set only during that call */
  struct ed_span head;      /* of the request that libwebsockets has got with it; only during that call */
  struct ed_conn *todo;     /* to be worked on at the end of the turn */
  struct ed_timer sweep;    /* walks the connections, a slice each time */
  size_t sweep_at;
  struct ed_timer deadline;          /* the next slice of draining, then the end of closing */
  uint64_t drain_since_ms, drain_ms; /* members are sent away over so long */
  size_t drain_len, drain_told;      /* there were so many, so many have been told to go */
  size_t drain_at;                   /* of `conns`: those below have not been looked at */
  uint64_t connections_most;         /* limit at the beginning, which files and libwebsockets were made for */
  uint8_t *input;                    /* ED_NET_INPUT_LEN */
  struct epoll_event *events;        /* ED_NET_EVENTS */
  uint64_t accepted, bytes_in;       /* since it began */
  size_t input_bytes;                /* read in this turn */
  unsigned pings;                    /* of the connection that is being read from, in what was read */
  bool input_seen;                   /* by the last run of the loop */
  struct ed_buf scratch;             /* for one call of a function that wants a buffer */
};

/* Sets the clock: at the beginning of everything that the loop calls. */
static inline void ed_net_tick(struct ed_net *net) {
  uint64_t now = uv_now(&net->loop);
  if (now > net->timers.now_ms) net->timers.now_ms = now;
}

/* The time of day may be set, and goes on while the machine sleeps: so it is looked at every so often. */
void ed_net_look_at_clock(struct ed_net *net);

/* Runs the loop until handles that were closed are gone. */
void ed_net_run_out(struct ed_net *net);

/* listener.c */
/* `tls`: for TLS; `admin`: for the admin interface alone. */
int ed_listener_open(struct ed_listener *listener, struct ed_net *net, const char *text, bool tls, bool admin);
int ed_listener_adopt(struct ed_listener *listener, struct ed_net *net, int fd); /* listened on already */
void ed_listener_close(struct ed_listener *listener); /* stops accepting; the loop must run once more after it */

/* bridge.c: libwebsockets. */
/* libwebsockets keeps a table of as many descriptors as the process may have, and goes through it at every close: so
 * that limit is set to what is needed, no more. -EMFILE, and logged, where it may not have enough to begin with. */
int ed_bridge_limit_files(const struct ed_net_options *options, const struct ed_log *log);
int ed_bridge_open(struct ed_net *net);
void ed_bridge_close(struct ed_net *net); /* no connection may be left; runs the loop */
/* Hands over a socket, with the head of the request that was read from it. The connection may be gone afterwards. */
void ed_bridge_adopt(struct ed_conn *conn, struct ed_span head);

/* rates.c */
#define ED_RATES_ARRIVAL "there are more connections from this address, or faster, than limits.address_* allow"
void ed_rates_deinit(struct ed_net *net);
/* One more connection from this address. True, and who it is, where anybody asks about addresses: to be kept in the
 * connection. False: it may not come, and how long it should wait. */
bool ed_rates_enter(struct ed_net *net, const struct sockaddr *peer, struct ed_caller **caller, uint64_t *wait_ms);
/* With the head of a request there: one that a proxy has forwarded is an address's now. 0, or -1 with a fault. */
int ed_rates_forwarded(struct ed_conn *conn, struct ed_span head, struct ed_fault *fault);
/* A WebSocket begins in this namespace; a connection ends. */
void ed_rates_begin(struct ed_conn *conn, const struct ed_space *space);
void ed_rates_end(struct ed_conn *conn);
const char *ed_rates_paced(struct ed_conn *conn, size_t len);
/* NULL where a WebSocket may be heard with a message of `len` bytes; else the knob against it, for ed_rates_refuse. */
static inline const char *ed_rates_message(struct ed_conn *conn, size_t len) {
  return conn->pace ? ed_rates_paced(conn, len) : NULL;
}
/* Tells of the refusal as far as need be; of a request with an id (others: NULL) always. */
void ed_rates_refuse(struct ed_conn *conn, const char *why, const struct ed_request *request);
/* Whether a message may be sent over HTTP; whether a room may be made. 0, or -1 with a fault. */
int ed_rates_send(struct ed_conn *conn, const struct ed_space *space, struct ed_fault *fault);
int ed_rates_room(struct ed_conn *conn, const struct ed_space *space, struct ed_fault *fault);
/* drain.c */
void ed_drain_everyone(struct ed_net *net, bool force); /* closes all who are open with 1001; force: drops all */
uint64_t ed_drain_left_ms(const struct ed_net *net);

/* sweep.c */
void ed_sweep_start(struct ed_net *net);

#endif
