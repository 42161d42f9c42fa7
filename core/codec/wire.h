/* The messages of the DriftDB protocol: client messages in, finished WebSocket frames out. */
#ifndef ED_CODEC_WIRE_H
#define ED_CODEC_WIRE_H

#include "base/buf.h"
#include "codec/fault.h"
#include "codec/reader.h"

enum ed_action { ED_RELAY, ED_APPEND, ED_REPLACE, ED_COMPACT };

enum ed_request_type { ED_REQUEST_PUSH, ED_REQUEST_GET, ED_REQUEST_PING, ED_REQUEST_UNSUBSCRIBE };

/* One client message. Spans are borrowed from the bytes it was decoded from, or from the scratch buffer. */
struct ed_request {
  enum ed_request_type type;
  enum ed_action action;     /* push */
  struct ed_span key;        /* push, get, unsubscribe: UTF-8, unescaped */
  uint64_t seq;              /* get: what is asked for has a greater one. push of a compact: what it compacts up to */
  bool subscribe_only;       /* get: seq was null, so no init is wanted */
  bool has_nonce;            /* ping */
  uint64_t nonce;            /* ping */
  enum ed_encoding encoding; /* of the value */
  struct ed_span value;      /* push: exactly the bytes that were sent, validated */
};

struct ed_wire_limits {
  unsigned depth; /* nesting of the whole message, at most ED_DEPTH_MAX */
  size_t key;     /* bytes of a key */
};

/* Decodes one message of `bytes`. 0; or -1 with `fault` saying what is wrong and where. An escaped or chunked key is
 * put together in `scratch` (cleared first); nothing else is copied or allocated. */
int ed_wire_decode(enum ed_encoding encoding, struct ed_span bytes, const struct ed_wire_limits *limits,
                   struct ed_buf *scratch, struct ed_request *request, struct ed_fault *fault);

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
};
void ed_wire_init_begin(struct ed_wire_init *init, struct ed_buf *out, enum ed_encoding encoding, struct ed_span key,
                        size_t count);
void ed_wire_init_item(struct ed_wire_init *init, struct ed_span value, uint64_t seq);
void ed_wire_init_end(struct ed_wire_init *init);

/* The payload of a whole frame made by one of the above. Borrowed from it. */
struct ed_span ed_wire_payload(struct ed_span frame);

/* Adds to `out` the value `from` (valid in `encoding`) in the other encoding, by the rules of the protocol: total, no
 * value fails. At most 10 times as long as the original, and 16 bytes (small floats as keys are the longest). */
void ed_wire_transcode(enum ed_encoding encoding, struct ed_span from, struct ed_buf *out);

#endif
