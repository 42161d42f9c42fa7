/* The opening handshake of a WebSocket (RFC 6455, 4.2), from the head of a request to the head of its answer. Pure. */
#ifndef ED_NET_HANDSHAKE_H
#define ED_NET_HANDSHAKE_H

#include "base/buf.h"
#include "net/head.h"

struct ed_handshake {
  struct ed_span path, query; /* as sent: with percent signs. Borrowed from the head, as is `key` */
  struct ed_span key;
  bool v1; /* the subprotocol eddy.v1 is offered, and so taken. Others are ignored (RFC 6455, 4.2.2) */
  bool tail; /* likewise eddy.tail, which only the admin interface takes */
};

/* `head` is one that ed_head_read has passed and that asks for a WebSocket. 0; or the HTTP status to refuse it with, and
 * then why in `why` (a constant). */
int ed_handshake_read(struct ed_span head, struct ed_handshake *handshake, const char **why);

/* Adds the whole answer with 101 to `out`. */
void ed_handshake_answer(struct ed_buf *out, const struct ed_handshake *handshake);

#endif
