/* The messages of the DriftDB protocol: client messages in, finished WebSocket frames out. */
#ifndef ED_CODEC_WIRE_H
#define ED_CODEC_WIRE_H

#include "base/buf.h"
#include "codec/cursor.h"
#include "codec/fault.h"
#include "codec/reader.h"

enum ed_action { ED_RELAY, ED_APPEND, ED_REPLACE, ED_COMPACT };

enum ed_request_type {
  ED_REQUEST_PUSH,
  ED_REQUEST_GET,
  ED_REQUEST_PING,
  ED_REQUEST_UNSUBSCRIBE,
  /* eddy.v1 only */
  ED_REQUEST_RESUME,
  ED_REQUEST_MEMBERS,
};

/* One client message. Spans are borrowed from the bytes it was decoded from, or from the scratch buffer. */
struct ed_request {
  enum ed_request_type type;
  enum ed_action action;     /* push */
  struct ed_span key;        /* push, get, unsubscribe: UTF-8, unescaped */
  uint64_t seq; /* get, resume: what is asked for has a greater one. push of a compact: what it compacts up to */
  union {
    bool subscribe_only; /* get: seq was null, so no init is wanted */
    bool has_nonce;      /* ping */
    bool ends;           /* members: no more of them */
  };
  union {
    uint64_t nonce; /* ping */
    uint64_t epoch; /* resume */
  };
  enum ed_encoding encoding; /* of value, keys and id */
  union {
    struct ed_span value; /* push: exactly the bytes that were sent, validated */
    struct ed_span keys;  /* resume: a list of keys, each valid; see ed_wire_keys */
  };
  struct ed_span id; /* eddy.v1: what the answer is to carry, exactly as it was sent; empty: none. Set in time for faults */
};

struct ed_wire_limits {
  unsigned depth; /* nesting of the whole message, at most ED_DEPTH_MAX */
  size_t key;     /* bytes of a key */
  size_t keys;    /* in the list of a resume */
  bool v1;        /* eddy.v1 is spoken: its types and members are known */
};

#define ED_ID_MAX 64 /* bytes of an id that is a text */

/* Decodes one message of `bytes`. 0; or -1 with `fault` saying what is wrong and where, and then of `request` only the id
 * counts. An escaped or chunked key is put together in `scratch` (cleared first); nothing else is copied or allocated. */
int ed_wire_decode(enum ed_encoding encoding, struct ed_span bytes, const struct ed_wire_limits *limits,
                   struct ed_buf *scratch, struct ed_request *request, struct ed_fault *fault);

/* Of a message that is refused unread: the id alone, where the first ED_ID_WITHIN bytes have it. So what is refused
 * costs no more than these, however long it is; whether the rest is valid is not looked at. Nothing is copied. */
#define ED_ID_WITHIN 2048
void ed_wire_find_id(enum ed_encoding encoding, struct ed_span bytes, const struct ed_wire_limits *limits,
                     struct ed_buf *scratch, struct ed_request *request);

/* The keys of a resume, one after the other, as often as listed. */
struct ed_wire_keys {
  enum ed_encoding encoding;
  struct ed_cursor at;
  uint64_t left; /* CBOR: items to come; UINT64_MAX: until a break */
};
void ed_wire_keys_begin(struct ed_wire_keys *keys, const struct ed_request *request);
/* The next one, or false. Valid until the next call: one in pieces is put together in `scratch`. */
bool ed_wire_keys_next(struct ed_wire_keys *keys, struct ed_buf *scratch, struct ed_span *key);

/* Frames: each of these adds one finished, unmasked, unfragmented WebSocket frame (RFC 6455, text for JSON, binary for
 * CBOR) to `out`. A value is given in the encoding of the frame. */
void ed_wire_push(struct ed_buf *out, enum ed_encoding encoding, struct ed_span key, struct ed_span value,
                  uint64_t seq);
void ed_wire_stream_size(struct ed_buf *out, enum ed_encoding encoding, struct ed_span key, uint64_t size);
void ed_wire_pong(struct ed_buf *out, enum ed_encoding encoding, bool has_nonce, uint64_t nonce);
void ed_wire_error(struct ed_buf *out, enum ed_encoding encoding, const char *text);

/* Of a push, for who watches a room: {"type":"tail","seq":N,"time_ms":T,"action":A,"member":ID or null,"key":K,
 * "value":V}, always JSON. Of a compact `seq` is what it compacts up to; `member` 0: nobody. No message of the
 * protocol. */
void ed_wire_tail(struct ed_buf *out, struct ed_span key, enum ed_action action, struct ed_span value, uint64_t seq,
                  int64_t time_ms, uint64_t member);
const char *ed_action_name(enum ed_action action);

/* An `init` of `count` messages: begin, then exactly `count` times item, then end. */
struct ed_wire_init {
  struct ed_buf *out;
  enum ed_encoding encoding;
  size_t start; /* where the frame begins in `out` */
  size_t items; /* so far */
  size_t keys;  /* of a resumed, so far */
};
void ed_wire_init_begin(struct ed_wire_init *init, struct ed_buf *out, enum ed_encoding encoding, struct ed_span key,
                        size_t count);
void ed_wire_init_item(struct ed_wire_init *init, struct ed_span value, uint64_t seq);
void ed_wire_init_end(struct ed_wire_init *init);

/* Frames of eddy.v1, which are for those only who speak it. */
void ed_wire_hello(struct ed_buf *out, enum ed_encoding encoding, uint64_t member, uint64_t epoch, uint64_t seq);
/* `id` is a value in the frame's encoding; empty: none. `seq` NULL: the push was dropped. */
void ed_wire_ack(struct ed_buf *out, enum ed_encoding encoding, struct ed_span id, const uint64_t *seq);
void ed_wire_fault(struct ed_buf *out, enum ed_encoding encoding, const struct ed_fault *fault, struct ed_span id);
void ed_wire_presence(struct ed_buf *out, enum ed_encoding encoding, bool joins, uint64_t member);
void ed_wire_reconnect(struct ed_buf *out, enum ed_encoding encoding, uint64_t delay_ms, uint64_t spread_ms);
void ed_wire_members(struct ed_buf *out, enum ed_encoding encoding, const uint64_t *ids, size_t count);

/* A `resumed` of `keys` keys: begin; for each key ed_wire_resumed_key, then exactly `count` times ed_wire_init_item; end. */
void ed_wire_resumed_begin(struct ed_wire_init *init, struct ed_buf *out, enum ed_encoding encoding, uint64_t epoch,
                           uint64_t seq, size_t keys);
void ed_wire_resumed_key(struct ed_wire_init *init, struct ed_span key, bool recovered, size_t count);
void ed_wire_resumed_end(struct ed_wire_init *init);

/* The whole length of the frame of a server's that begins at `at`. */
size_t ed_wire_frame_len(const uint8_t *at);

/* The payload of a whole frame made by one of the above. Borrowed from it. */
struct ed_span ed_wire_payload(struct ed_span frame);

/* The key of a whole frame that ed_wire_push made, as it stands there: the same for the same key. Borrowed from it. */
struct ed_span ed_wire_push_key(struct ed_span frame);

/* Adds to `out` the value `from` (valid in `encoding`) in the other encoding, by the rules of the protocol: total, no
 * value fails. At most 10 times as long as the original, and 16 bytes (small floats as keys are the longest). */
void ed_wire_transcode(enum ed_encoding encoding, struct ed_span from, struct ed_buf *out);

#endif
