/* Any bytes as what a client sends once it speaks WebSocket: the first byte says in what pieces they come. Read in one go
 * and in pieces, they must give the same frames, and what is unmasked must stay within its frame. */
#include "fuzz.h"
#include "net/frame.h"

struct seen {
  uint64_t payload, frames, sum;
  bool error;
};

static void feed(struct ed_frames *frames, uint8_t *at, size_t len, struct seen *seen) {
  const uint8_t *end = at + len;
  while (!seen->error) {
    struct ed_piece piece;
    switch (ed_frames_next(frames, &at, &len, &piece)) {
      case ED_FRAMES_MORE: MUST(len == 0); return;
      case ED_FRAMES_ERROR: seen->error = true; return;
      case ED_FRAMES_PIECE:
        MUST(at <= end && piece.bytes.len <= piece.len);
        MUST(!(piece.op & 8) || (piece.fin && piece.len <= ED_FRAME_CONTROL_MAX));
        for (size_t i = 0; i < piece.bytes.len; i++) seen->sum = seen->sum * 31 + piece.bytes.at[i];
        seen->payload += piece.bytes.len;
        seen->frames += piece.ends;
        if (piece.op == ED_OP_CLOSE && piece.begins && piece.ends) ed_frame_close_answer(piece.bytes);
        break;
    }
  }
}

static struct seen read_in(const uint8_t *data, size_t len, size_t step) {
  struct ed_frames frames = {0};
  struct seen seen = {0};
  uint8_t *copy = malloc(len ? len : 1);
  if (!copy) abort();
  memcpy(copy, data, len);
  for (size_t at = 0; at < len && !seen.error; at += step) feed(&frames, copy + at, len - at < step ? len - at : step, &seen);
  free(copy);
  return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len < 1) return 0;
  struct seen whole = read_in(data + 1, len - 1, len);
  struct seen parts = read_in(data + 1, len - 1, (size_t)data[0] % 17 + 1);
  MUST(whole.error == parts.error && whole.payload == parts.payload && whole.frames == parts.frames &&
       whole.sum == parts.sum);
  return 0;
}
