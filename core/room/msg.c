#include "room/msg.h"

#include <stdlib.h>

#include "base/mem.h"

struct ed_msg *ed_msg_new(uint64_t seq, enum ed_encoding encoding, struct ed_span value) {
  struct ed_msg *msg = ed_alloc(sizeof *msg + value.len);
  *msg = (struct ed_msg){.refs = 1, .encoding = (uint8_t)encoding, .seq = seq, .len = value.len};
  memcpy(msg->value, value.at, value.len);
  return msg;
}

void ed_msg_unref(struct ed_msg *msg) {
  if (--msg->refs) return;
  ed_buf_deinit(&msg->other);
  free(msg);
}

struct ed_span ed_msg_value(struct ed_msg *msg, enum ed_encoding encoding) {
  struct ed_span value = ed_span(msg->value, msg->len);
  if (msg->encoding == encoding) return value;
  if (msg->other.len == 0) ed_wire_transcode((enum ed_encoding)msg->encoding, value, &msg->other);
  return ed_buf_span(&msg->other);
}
