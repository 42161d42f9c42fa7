/* The framing of RFC 6455 as a server reads it: bytes in, pieces of frames out. Pure; it knows no socket.
 *
 * libwebsockets has a reader of its own, which is not used here: version 4.1.6 takes unmasked frames, and drops some
 * breaches of the protocol without a close code. README.md says more. */
#ifndef ED_NET_FRAME_H
#define ED_NET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum ed_op { ED_OP_CONTINUE = 0, ED_OP_TEXT = 1, ED_OP_BINARY = 2, ED_OP_CLOSE = 8, ED_OP_PING = 9, ED_OP_PONG = 10 };

#define ED_FRAME_HEAD_MAX 14    /* bytes of the longest header */
#define ED_FRAME_CONTROL_MAX 125 /* payload bytes of a control frame */

/* What one client has sent so far. All-zero is the beginning; no deinit. */
struct ed_frames {
  uint64_t left; /* payload bytes of the frame at hand that are still to come */
  uint8_t head[ED_FRAME_HEAD_MAX];
  uint8_t head_len; /* bytes of it that are there */
  uint8_t mask_at : 2; /* which byte of the mask is next */
  bool payload : 1;    /* the header is complete, and the frame not yet at its end */
  bool message : 1;    /* a message has begun and not ended: a continuation has to come */
};

/* A run of one frame's payload. A frame gives one piece when its header is complete (which may have no bytes yet), and
 * more as they come. */
struct ed_piece {
  uint8_t op; /* enum ed_op; of the frame, so ED_OP_CONTINUE for all but the first of a message */
  bool fin;
  bool begins, ends; /* the first, the last piece of its frame */
  uint64_t len;      /* of the whole frame's payload */
  struct ed_span bytes; /* unmasked, in place */
};

enum ed_frames_result {
  ED_FRAMES_MORE,  /* all bytes were taken, and there is no piece */
  ED_FRAMES_PIECE, /* call again */
  ED_FRAMES_ERROR, /* a breach of the protocol: close with 1002, and call no more */
};

/* Takes from the front of (*at, *len), which it moves on and unmasks in place. */
enum ed_frames_result ed_frames_next(struct ed_frames *frames, uint8_t **at, size_t *len, struct ed_piece *piece);

/* How much of `bytes` (finished frames of a server's, beginning with the start of one) may be written at once without
 * passing `most`: whole frames, or where the first one alone is longer, that frame. */
size_t ed_frames_cut(struct ed_span bytes, size_t most);

/* Of finished frames of a server's, beginning with the start of one, the first `sent` bytes are gone: how many bytes are
 * left of the frame that this ended in. 0: it ended between two. */
size_t ed_frames_left(struct ed_span bytes, size_t sent);

/* A control frame of the server's into `out`: its length. At most ED_FRAME_CONTROL_MAX payload bytes. */
size_t ed_frame_control(enum ed_op op, struct ed_span payload, uint8_t out[2 + ED_FRAME_CONTROL_MAX]);

/* A close frame; `why` is cut where it is too long. Code 0: without a code. */
size_t ed_frame_close(unsigned code, const char *why, uint8_t out[2 + ED_FRAME_CONTROL_MAX]);

/* The code to answer a client's close with: its own; 0 where it gave none; 1002 where the payload is no valid one. */
unsigned ed_frame_close_answer(struct ed_span payload);

#endif
