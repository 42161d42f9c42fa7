/* A message: immutable, reference-counted. The value keeps the encoding that it came in; the other one is made on first
 * need and shared from then on. */
#ifndef ED_ROOM_MSG_H
#define ED_ROOM_MSG_H

#include "codec/wire.h"

struct ed_msg {
  uint32_t refs;
  uint8_t encoding; /* enum ed_encoding, of `value` */
  bool transient;   /* in memory only: no plugin stores it */
  uint64_t seq;
  int64_t time_ms;  /* when it was pushed, Unix time; 0 where that is not known */
  struct ed_buf other; /* the value in the other encoding; empty until it was needed */
  size_t len;
  uint8_t value[];
};

/* One reference, the caller's. The value is copied. */
struct ed_msg *ed_msg_new(uint64_t seq, enum ed_encoding encoding, struct ed_span value);
static inline struct ed_msg *ed_msg_ref(struct ed_msg *msg) {
  msg->refs++;
  return msg;
}
void ed_msg_unref(struct ed_msg *msg);

/* The value in the encoding asked for; borrowed from the message. */
struct ed_span ed_msg_value(struct ed_msg *msg, enum ed_encoding encoding);

#endif
