/* Who takes part in a room. The floor above embeds one (in a connection, an HTTP call, a plugin) and fills the table.
 */
#ifndef ED_ROOM_MEMBER_H
#define ED_ROOM_MEMBER_H

#include "codec/wire.h"
#include "room/chunk.h"

#define ED_CLOSE_WHY_MAX 123u /* bytes of a reason: 125 of a control frame, less the code (RFC 6455, 5.5) */

struct ed_room;
struct ed_stream;
struct ed_member;

struct ed_member_ops {
  /* Bytes are waiting: called at the end of a turn (ed_hub_flush), at most once per turn. Send from the queue with
   * ed_member_peek and ed_member_consume. Where the socket takes no more, set `blocked` and go on by yourself when it
   * does; until then this is not called. May not call into the room. */
  void (*deliver)(struct ed_member *member);
  /* Bytes for a member whose queue is empty and who is not blocked, at the end of a turn: how many the socket took. The
   * rest is queued; `blocked` as above. Past the queue, for what most turns say. NULL: everything is queued. */
  size_t (*send)(struct ed_member *member, struct ed_span bytes);
  /* The queue has passed its limit, or the room ends: no more will be queued. Close the connection soon, with this code
   * (RFC 6455, 7.4) and reason; the member must still be taken out with ed_room_leave. Called once at most. May not
   * call into the room: it is called in the middle of its work. `why` is of the caller, for as long as this takes: at
   * most ED_CLOSE_WHY_MAX bytes go out, UTF-8. */
  void (*close)(struct ed_member *member, unsigned code, const char *why);
};

/* A stream that a member gets the pushes of. */
struct ed_subscription {
  struct ed_stream *stream;
  size_t index; /* the member's place in the stream's audience */
};

struct ed_member {
  const struct ed_member_ops *ops;
  struct ed_room *room;      /* while it takes part; borrowed */
  uint64_t id;               /* unique in the room's lifetime, from 1 */
  enum ed_encoding encoding; /* what it wants to receive */
  bool transient;            /* an HTTP call or the like: it is answered, but hears no broadcast and is not announced */
  bool debug;                /* ?debug=true */
  bool choosy;               /* it has sent a get: only what it subscribed to */
  bool blocked;              /* set and cleared by whoever filled `ops` */
  bool closing;              /* ops->close was called */
  bool ready;                /* on the hub's list of members to deliver to */
  bool addressed;            /* inside ed_outbox_flush: the turn said something to it besides */
  bool watcher;              /* a transient one that stays, and is told of every push (ed_wire_tail, JSON) */
  bool v1;                   /* speaks eddy.v1 */
  bool rostered;             /* is told who joins and leaves */
  uint32_t roster_index;     /* where it is */
  uint32_t since_s;          /* when it joined, by the hub's clock, in seconds */
  size_t index;              /* place in the room's list of its kind */
  struct ed_member *ready_next, *ready_prev;
  struct ed_subscription *subscriptions;
  size_t subscriptions_len, subscriptions_cap;
  struct ed_queue queue;
  void *host; /* the host floor's, from join to leave */
};

/* The bytes to send next: false where there are none (or none yet, see the outbox in room.h). */
bool ed_member_peek(const struct ed_member *member, struct ed_span *bytes);

/* Likewise the ranges to send next, for one write: see ed_queue_gather. */
size_t ed_member_gather(const struct ed_member *member, struct iovec *parts, size_t most, size_t bytes_most);

/* Calls ops->close, once. */
void ed_member_close(struct ed_member *member, unsigned code, const char *why);

/* Where more waits for the member than its namespace allows: drops what is out of date, if that is the rule, and if that
 * is not enough closes it with 1013. */
void ed_member_check_queue(struct ed_member *member);

/* They were taken by the socket. */
void ed_member_consume(struct ed_member *member, size_t len);

/* Bytes waiting that count against the queue limit. */
static inline size_t ed_member_backlog(const struct ed_member *member) {
  return member->queue.bytes - member->queue.excused;
}

#endif
