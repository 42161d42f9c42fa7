/* A room: one ordered sequence of messages, what it retains of each key, its members, and its outbox.
 *
 * Order of work inside one push: gate, number, retain, broadcast, answer, commit. A push that begins inside another
 * (from a commit) waits behind it, so order never depends on nesting.
 *
 * The outbox: everything that a room says is written once per encoding, as finished frames, at the end of the room's
 * chunk (what one alone is told: of another chunk), and noted as a run (from, to, for whom). Before the audience of
 * anything changes, and at the end of a turn, runs become ranges in the queues of those members who hear them. Each run
 * is stamped with the room's mark, the number of the last change that it depends on; members get what is stamped up to
 * `open`, which stands at infinity unless something that keeps rooms (keeper.h) holds it. */
#ifndef ED_ROOM_ROOM_H
#define ED_ROOM_ROOM_H

#include "room/gate.h"
#include "room/hub.h"
#include "room/space.h"

struct ed_run;
struct ed_v1;

struct ed_feed {
  struct ed_chunk *chunk; /* what is said to all who hear a stream, in one piece; NULL while there is nothing */
  struct ed_chunk *aside; /* what is said to one, and to debuggers; likewise */
  struct ed_run *runs;
  size_t runs_len, runs_cap;
};

struct ed_members {
  struct ed_member **list;
  size_t len, cap;
};

/* Bytes that pushes have left in the outbox since it is held: those that are, and at most those that the last but one
 * opening has let go besides. */
struct ed_held {
  uint64_t mark;          /* once it is open up to here, `before` is out */
  uint64_t before, since; /* up to that mark, and after it */
};

struct ed_room {
  UT_hash_handle hh; /* in the hub, by `name` */
  struct ed_hub *hub;
  const struct ed_space *space;
  struct ed_traffic *traffic; /* of its namespace; the hub's */
  char *policy;               /* name of its policy; owned */
  uint64_t seq;               /* number of the last message; 0: none yet */
  uint64_t out;               /* of its messages, broadcast: one for each member that hears it; since it is in memory */
  uint64_t slow, conflated;   /* as the hub counts them; likewise */
  uint64_t mark; /* number of the last change: a message, or whatever else changes what it retains. After a load: seq */
  uint64_t open; /* the outbox is open up to this mark */
  uint64_t epoch; /* random: another one, and numbers of before may not be those of messages that were heard */
  uint64_t lost;  /* what stream->lost says, for all keys that have no stream */
  struct ed_held held;
  bool opened;     /* the keeper was told that it is in memory */
  bool kept;       /* and is told of its changes */
  bool gated;      /* the gate has begun */
  bool lost_known; /* it was loaded, with what was lost before */
  bool unsorted;   /* keys were restored in no rising order */
  struct ed_stream *streams;
  size_t messages;               /* retained in all */
  uint64_t bytes;                /* of values retained in all */
  struct ed_members everyone[2]; /* members that sent no get and hear every push, by encoding */
  struct ed_members debuggers[2];
  struct ed_members choosy; /* members that hear what they subscribed to */
  uint64_t next_member;
  struct ed_feed feeds[2];                 /* by encoding */
  struct ed_members transients;            /* members that hear nothing but answers */
  struct ed_room *dirty_next, *dirty_prev; /* on the hub's list of rooms with something to say */
  bool dirty;
  uint32_t busy;                             /* inside a push, or between ed_room_enter and ed_room_exit */
  bool ending;                               /* out of the hub; freed when the last member has left */
  uint32_t watchers;                         /* among the transients */
  struct ed_pending *pending, *pending_last; /* pushes made inside a push */
  size_t pending_len;
  uint64_t touched_ms; /* last message or leave */
  uint64_t idle_ms; /* with no member and no message for so long it is deleted; 0: never. From the namespace at first */
  struct ed_timer idle;
  struct ed_pace *pace; /* owned; NULL until somebody wanted to know how busy it is */
  struct ed_v1 *v1; /* owned; NULL until somebody came who speaks eddy.v1 */
  void *host;    /* the gate's own, from open to close */
  void *plugged; /* the keeper's own, as long as the room is in memory */
  size_t id_at;  /* where the id begins in `name` */
  size_t name_len;
  char name[]; /* NAMESPACE/ID, NUL-terminated */
};

static inline struct ed_span ed_room_id(const struct ed_room *room) {
  return ed_span(room->name + room->id_at, room->name_len - room->id_at);
}

static inline uint64_t ed_room_held(const struct ed_room *room) { return room->held.before + room->held.since; }

/* Connections in the room; transient members not counted. */
static inline size_t ed_room_members(const struct ed_room *room) {
  return room->everyone[0].len + room->everyone[1].len + room->debuggers[0].len + room->debuggers[1].len +
         room->choosy.len;
}

/* How busy a room is: messages in and out a second, between the last two times that ed_room_pace was asked. */
struct ed_pace {
  bool known;           /* no, where it was asked for the first time, or after more than a minute */
  float in, out;        /* a second */
  uint64_t seq, out_at; /* of the room, at the last look, which was at: */
  uint64_t at_ms;
};

/* Looks: at most once a second, so that who asks more often, or besides another, is told the same. */
const struct ed_pace *ed_room_pace(struct ed_room *room);

/* The connection number `i` of ed_room_members(room), in an order that stands until one joins, leaves or subscribes. */
struct ed_member *ed_room_member_at(const struct ed_room *room, size_t i);

/* Asks every connection and watcher to go; `why` is a constant. They leave by themselves, later. */
void ed_room_disconnect(struct ed_room *room, unsigned code, const char *why);

/* `member` (ops, encoding, transient, debug filled in, the rest zero) takes part. A debug member is sent an init for
 * every key. -1 with a fault: the room is full, or the gate refused it; then nothing has changed. */
int ed_room_join(struct ed_room *room, struct ed_member *member, struct ed_fault *fault);

/* Takes the member out and drops what was still queued for it. Not to be called while the room is inside a push. */
void ed_room_leave(struct ed_member *member);

/* One client message of a member (of one that is being closed: ignored). What it answers goes through the outbox. -1
 * with a fault: nothing was changed and nothing said; tell the member with ed_room_tell, or in a way of your own. */
int ed_room_request(struct ed_member *member, const struct ed_request *request, struct ed_fault *fault);

/* Queues an `error` message to the member: in order with the rest, but for one that says that the room cannot be kept.
 * That one overtakes what waits for just this. `request`: the one at fault, or NULL. */
void ed_room_tell(struct ed_member *member, const struct ed_fault *fault, const struct ed_request *request);

/* Queues a `reconnect` message to a member that speaks eddy.v1, to others nothing: the server is about to close, and it
 * may come back after `delay_ms` and a random part of `spread_ms`. */
void ed_room_hint(struct ed_member *member, uint64_t delay_ms, uint64_t spread_ms);

/* Pushes from inside the server (host, plugins): `member` is whom it is from, or NULL. Inside another push it waits;
 * then the value is copied, and a refusal later is told to nobody. At most 1,000 may wait: -1 with a fault. */
int ed_room_push(struct ed_room *room, struct ed_span key, const struct ed_push *push, struct ed_member *member,
                 struct ed_fault *fault);

/* What is pushed between these two, from inside the server, waits until the (outermost) exit. They bracket every call
 * of the gate that is not a push, so that a script sees no effect of its own pushes before it has returned. */
void ed_room_enter(struct ed_room *room);
void ed_room_exit(struct ed_room *room);

/* Queues a `push` message to this member alone, with the number of the room's last message. */
void ed_room_send(struct ed_member *member, struct ed_span key, enum ed_encoding encoding, struct ed_span value);

/* The stream of a key, or NULL where there is none. */
struct ed_stream *ed_room_stream(struct ed_room *room, struct ed_span key);

/* Drops the oldest `count` messages that a stream retains. Of this and of ed_room_drop only debug members hear. */
void ed_room_trim(struct ed_stream *stream, size_t count);

/* Drops the message with this number; false where the stream retains none such. */
bool ed_room_drop(struct ed_stream *stream, uint64_t seq);

/* Opens the outbox up to `mark` (UINT64_MAX: for good). */
void ed_room_open_outbox(struct ed_room *room, uint64_t mark);

/* For the hub: memory only, keeper and gate not asked, and not in the table. */
struct ed_room *ed_room_new(struct ed_hub *hub, const struct ed_space *space, struct ed_span id, const char *policy);
/* Keeper and gate begin. -1 with a fault: one of them refused, and the room was freed. */
int ed_room_begin(struct ed_room *room, bool is_new, struct ed_fault *fault);
/* The keeper is told that it ends, once; what was held in the outbox goes out. */
void ed_room_close(struct ed_room *room, bool for_good);
void ed_room_free(struct ed_room *room); /* no member may be left, and it has been closed */

/* Turns the runs of the outbox into ranges in the members' queues. ed_hub_flush does it at the end of a turn. */
void ed_room_dispatch(struct ed_room *room);

#endif
