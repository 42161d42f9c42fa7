/* A namespace: a named set of policy, limits and knobs that rooms are made under. Filled from the configuration (main),
 * read by everything below. */
#ifndef ED_ROOM_SPACE_H
#define ED_ROOM_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rate.h"
#include "base/texts.h"

/* Limits of one room and of what one connection may do to it. Sizes in bytes, times in milliseconds. */
struct ed_limits {
  uint64_t message;         /* one message of a client; at most 256 MiB */
  uint64_t depth;           /* nesting of a message */
  uint64_t key;             /* a key */
  uint64_t keys;            /* streams of a room */
  uint64_t room_messages;   /* retained in a room */
  uint64_t room_bytes;      /* of values retained in a room */
  uint64_t stream_messages; /* retained in a stream */
  uint64_t stream_bytes;    /* of values retained in a stream */
  uint64_t members;         /* connections of a room */
  uint64_t queue;           /* waiting for one connection; what it asked for itself (an init) not counted */
  uint64_t errors;          /* bad messages in a row before a connection is closed with 1008 */
  struct ed_rate message_rate; /* messages of one connection */
  struct ed_rate byte_rate;    /* bytes of these */
  uint64_t excess; /* messages over these rates before a connection is closed with 1008; 0: never */
};

/* What becomes of a connection for which more waits than limits.queue. */
enum ed_slow {
  ED_SLOW_CLOSE,    /* closed, 1013 */
  ED_SLOW_CONFLATE, /* what is out of date by now is dropped first: conflate.h */
};

/* A knob of a policy, as the configuration sets it. */
struct ed_policy_knob {
  const char *name;
  enum { ED_KNOB_NUMBER, ED_KNOB_TEXT, ED_KNOB_BOOL } kind;
  double number;
  const char *text;
  bool truth;
};

struct ed_space {
  const char *name;                   /* owned by the configuration */
  const char *policy;                 /* the policy of its rooms; likewise */
  const struct ed_policy_knob *knobs; /* for the policy; likewise */
  size_t knobs_len;
  struct ed_limits limits;
  struct ed_rate total_rate; /* messages of all its clients together */
  struct ed_rate room_rate;  /* new rooms */
  struct ed_texts origins;   /* pages that may use it: "*", "https://example.org"; owned by the configuration */
  uint64_t idle_ms;       /* a room with no member and no message for so long is deleted; 0: never */
  uint64_t unload_ms;     /* one that is kept leaves memory when nobody was in it for so long; 0: never */
  uint64_t resume_ms;     /* eddy.v1: who comes back within so long may be given what it missed; 0: nobody */
  enum ed_slow slow;
  bool create_on_connect; /* an unknown room begins when somebody connects to it */
  bool debug;             /* ?debug=true is answered */
};

#endif
