/* A connection: one socket, from accept to close. For the files of this folder. */
#ifndef ED_NET_CONN_H
#define ED_NET_CONN_H

#include "base/buf.h"
#include "net/frame.h"
#include "room/member.h"

struct ed_address;
struct ed_call;
struct ed_caller;
struct ed_net;
struct ed_conn_pace;
struct ed_relay;
struct lws;

enum ed_phase {
  ED_ARRIVING,  /* the head of its request is being collected (arrival.c); libwebsockets has not seen it */
  ED_ASKING,    /* libwebsockets has its HTTP request (http.c) */
  ED_OPEN,      /* a WebSocket (upgrade.c, incoming.c, outgoing.c) */
  ED_CLOSING,   /* a WebSocket that is sent a close frame as soon as no frame is half sent */
  ED_LINGERING, /* everything was said; what still comes is thrown away until the peer closes, for a while */
};

/* Control frames that could not be dealt with at once. */
struct ed_aside {
  uint8_t part[ED_FRAME_CONTROL_MAX], part_len; /* of a control frame that came in pieces */
  uint8_t pong[ED_FRAME_CONTROL_MAX], pong_len; /* what to answer the last ping with, once something can be sent */
  bool pong_due;
  uint8_t rest[2 + ED_FRAME_CONTROL_MAX], rest_len; /* of one that the socket took the beginning of */
};

struct ed_conn {
  struct ed_net *net;
  struct lws *wsi; /* NULL but for HTTP calls. libwebsockets owns it, and this is its opaque user data */
  int fd;          /* wsi's where there is one, else ours */
  uint32_t index;  /* in net->conns */
  struct ed_member member; /* in a room while member.room is set */
  struct ed_relay *relay;  /* what is at the other end of the socket, where that is TLS; else NULL */
  struct ed_call *call;    /* the HTTP request; owned; NULL where there is none at hand */
  struct ed_buf input;     /* the request's head; bytes that came behind it; then the message that is not yet whole */
  struct ed_frames frames;
  struct ed_aside *aside; /* owned; NULL where it is not needed */
  struct ed_conn_pace *pace;     /* owned; NULL where no rate applies to it */
  struct ed_caller *caller; /* whose address it counts for; NULL where nobody asks */
  struct ed_conn *todo_next;
  uint64_t since_ms;   /* OPEN: when it was last heard, or pinged. Else: when its phase began, or something moved on */
  union {
    uint64_t wait_ms;    /* ARRIVING, hasty: when it may try again */
    uint64_t body_len;   /* ASKING: of its request, as it says */
    uint64_t frame_left; /* from OPEN on: bytes of a frame that the socket has only got the beginning of */
  };
  char *why;           /* owned, or NULL: the reason in the close frame */
  uint16_t close_code; /* 0: a close frame without a code */
  uint16_t errors;     /* bad messages in a row */
  uint8_t phase;       /* enum ed_phase */
  uint8_t op;          /* ED_OP_TEXT or ED_OP_BINARY: of the message that is not yet whole */
  bool trusted : 1;    /* its peer is a proxy whose X-Forwarded-* are believed */
  bool secure : 1;     /* over TLS of ours */
  bool surplus : 1;    /* above the limit of connections, or of its address: only there to be told so */
  bool hasty : 1;      /* of its address */
  bool pinged : 1;     /* and not heard since */
  bool watched : 1;    /* net->epoll tells when it has bytes to read */
  bool awaited : 1;    /* and when it takes bytes again */
  bool paused : 1;     /* not read from until it takes what waits for it */
  bool peer_closed : 1; /* it has sent a close frame */
  bool leaving : 1;    /* sent away once it has all that waits for it: drain.c */
  bool doomed : 1;     /* to be dropped at the end of the turn */
  bool todo : 1;       /* on net->todo */
  bool admin : 1;      /* it came over the admin interface's own address */
  bool local : 1;      /* over a unix socket */
  bool joining : 1;    /* its room is being asked: what closes it waits until it is a WebSocket */
};

/* For a socket just accepted, which it owns from then on. */
struct ed_conn *ed_conn_new(struct ed_net *net, int fd);

/* libwebsockets has closed the socket: frees what is ours. */
void ed_conn_gone(struct ed_conn *conn);

/* To be dropped at the end of the turn, without a word. From any place. */
void ed_conn_doom(struct ed_conn *conn);

/* To be sent a close frame at the end of the turn. `why` is copied. From any place; what comes first counts. */
void ed_conn_close(struct ed_conn *conn, unsigned code, const char *why);
void ed_conn_end(struct ed_conn *conn); /* the same, with what was said before it was open */

/* To be looked at by ed_conns_work, at the end of the turn. */
void ed_conn_todo(struct ed_conn *conn);

/* At the end of a turn: drops who is doomed, and sends close frames to who is closing, for some milliseconds. Where
 * net->todo is not empty then, it goes on at the end of the next one. */
void ed_conns_work(struct ed_net *net);

/* Moves on to a phase that has a deadline. */
void ed_conn_phase(struct ed_conn *conn, enum ed_phase phase);

/* (Un)registers the socket for bytes to read. False where the system has no room for that. */
bool ed_conn_watch(struct ed_conn *conn, bool on);
/* Likewise for room to write. */
bool ed_conn_await(struct ed_conn *conn, bool on);

/* Who is at the other end, as getpeername(2); 0 or a negative errno. */
int ed_conn_peer(const struct ed_conn *conn, struct ed_address *peer);

/* What epoll says of the socket (EPOLLIN, ...). */
void ed_conn_event(struct ed_conn *conn, uint32_t events);

/* arrival.c: bytes of the request's head. */
void ed_arrival(struct ed_conn *conn, const uint8_t *at, size_t len);

/* upgrade.c: becomes a WebSocket, or is told why not; `head` is that of a request that asks for it, and the bytes behind
 * it are in `input`. False: what is at its path cannot be a WebSocket. */
bool ed_upgrade(struct ed_conn *conn, struct ed_span head);

/* incoming.c: bytes of frames, unmasked in place; and the WebSocket begins. */
void ed_incoming(struct ed_conn *conn, uint8_t *at, size_t len);
void ed_incoming_open(struct ed_conn *conn);

/* outgoing.c */
extern const struct ed_member_ops ed_conn_member_ops;
void ed_outgoing_ping(struct ed_conn *conn);
void ed_outgoing_pong(struct ed_conn *conn, struct ed_span payload);     /* as soon as may be */
void ed_outgoing_owe_pong(struct ed_conn *conn, struct ed_span payload); /* later; of several only the last one */
void ed_outgoing_owed_pong(struct ed_conn *conn);                        /* now, if one is owed and can be sent */
void ed_outgoing_close(struct ed_conn *conn); /* the close frame, or as much as can be done towards it now */
void ed_outgoing_writable(struct ed_conn *conn);

/* The connection of an embedded member. */
static inline struct ed_conn *ed_conn_of(struct ed_member *member) {
  return (struct ed_conn *)(void *)((char *)member - offsetof(struct ed_conn, member));
}

#endif
