/* The table through which a room asks the floor above (host: plugins, then the policy) what it says of a push. A room
 * without one passes everything and knows nothing of it. */
#ifndef ED_ROOM_GATE_H
#define ED_ROOM_GATE_H

#include "codec/fault.h"
#include "room/stream.h"

/* A push on its way, before it is a message. The gate may change all but the stream: what it points key or value to
 * must stay valid until the push is done. */
struct ed_push {
  enum ed_action action;
  enum ed_encoding encoding; /* of the value */
  bool transient;            /* retained in memory only, and not announced by a stream_size */
  uint64_t compact_seq;      /* ED_COMPACT only */
  struct ed_span value;
  uint64_t seq;       /* set by the room once it is numbered; in commit */
  const void *origin; /* the plugin that pushed it, or NULL */
  const struct ed_request *asked; /* eddy.v1: what its sender wants an ack of; NULL: of nothing */
};

enum ed_verdict {
  ED_PASS,
  ED_DROP,   /* as if it had never been sent; the sender is told nothing */
  ED_REFUSE, /* nothing changes; the sender is told the fault */
};

struct ed_gate_ops {
  /* A room has begun (its retained streams are there, nobody has joined). -1 with a fault: it does not begin. */
  int (*open)(void *gate, struct ed_room *room, struct ed_fault *fault);
  /* It ends. Nothing of it is called any more. */
  void (*close)(void *gate, struct ed_room *room);
  /* A stream begins: set stream->watched, and stream->host where wanted; and it ends. Those that a room retained when
   * it was loaded begin before it opens. */
  void (*begin)(void *gate, struct ed_stream *stream);
  void (*end)(void *gate, struct ed_stream *stream);
  /* A connection comes; -1 with a fault: it may not. Not called for transient members. */
  int (*join)(void *gate, struct ed_room *room, struct ed_member *member, struct ed_fault *fault);
  /* It goes. Of a transient member only where member->host was set: what was kept of it must be let go of. */
  void (*leave)(void *gate, struct ed_room *room, struct ed_member *member);
  /* A push before it is numbered; `member` is NULL where the host itself pushes. Only of watched streams. */
  enum ed_verdict (*push)(void *gate, struct ed_stream *stream, struct ed_push *push, struct ed_member *member,
                          struct ed_fault *fault);
  /* The same after it was broadcast. It may call ed_room_push, which waits behind. Only of watched streams. */
  void (*commit)(void *gate, struct ed_stream *stream, const struct ed_push *push, struct ed_member *member);
};

#endif
