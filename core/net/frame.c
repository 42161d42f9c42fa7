#include "net/frame.h"

#include "codec/wire.h"

#define FIN 0x80u
#define RSV 0x70u
#define MASKED 0x80u
#define LEN16 126u
#define LEN64 127u

static bool first_byte_right(const struct ed_frames *frames) {
  uint8_t op = frames->head[0] & 0x0f;
  bool fin = frames->head[0] & FIN;
  if (frames->head[0] & RSV) return false; /* no extension was agreed on */
  switch (op) {
    case ED_OP_CONTINUE: return frames->message;
    case ED_OP_TEXT:
    case ED_OP_BINARY: return !frames->message;
    case ED_OP_CLOSE:
    case ED_OP_PING:
    case ED_OP_PONG: return fin;
    default: return false;
  }
}

static bool second_byte_right(const struct ed_frames *frames) {
  bool control = frames->head[0] & 8;
  if (!(frames->head[1] & MASKED)) return false;
  return !control || (frames->head[1] & 0x7f) <= ED_FRAME_CONTROL_MAX;
}

/* How long the header is, as far as its bytes tell: it grows when the second one is there. */
static size_t head_size(const struct ed_frames *frames) {
  if (frames->head_len < 2) return 2;
  uint8_t len = frames->head[1] & 0x7f;
  return len == LEN16 ? 8 : len == LEN64 ? 14 : 6;
}

static uint64_t big_endian(const uint8_t *at, size_t len) {
  uint64_t number = 0;
  for (size_t i = 0; i < len; i++) number = number << 8 | at[i];
  return number;
}

static const uint8_t *mask_of(const struct ed_frames *frames) { return frames->head + head_size(frames) - 4; }

/* The header is complete. False: the length is over 2^63. */
static bool begin(struct ed_frames *frames) {
  uint8_t len = frames->head[1] & 0x7f;
  frames->left = len == LEN16 ? big_endian(frames->head + 2, 2) : len == LEN64 ? big_endian(frames->head + 2, 8) : len;
  frames->mask_at = 0;
  frames->payload = true;
  if (!(frames->head[0] & 8)) frames->message = !(frames->head[0] & FIN);
  return frames->left >> 63 == 0;
}

static void unmask(struct ed_frames *frames, uint8_t *at, size_t len) {
  const uint8_t *mask = mask_of(frames);
  uint8_t turned[8];
  for (size_t i = 0; i < 8; i++) turned[i] = mask[(frames->mask_at + i) & 3];
  uint64_t word, wide;
  memcpy(&wide, turned, sizeof wide);
  size_t i = 0;
  for (; i + sizeof word <= len; i += sizeof word) {
    memcpy(&word, at + i, sizeof word);
    word ^= wide;
    memcpy(at + i, &word, sizeof word);
  }
  for (; i < len; i++) at[i] ^= turned[i & 7];
  frames->mask_at = (frames->mask_at + len) & 3;
}

static enum ed_frames_result payload(struct ed_frames *frames, uint8_t **at, size_t *len, bool begins,
                                     struct ed_piece *piece) {
  size_t take = *len < frames->left ? *len : (size_t)frames->left;
  unmask(frames, *at, take);
  uint8_t code = frames->head[1] & 0x7f;
  *piece = (struct ed_piece){
      .op = frames->head[0] & 0x0f,
      .fin = frames->head[0] & FIN,
      .begins = begins,
      .ends = take == frames->left,
      .len = code == LEN16 ? big_endian(frames->head + 2, 2) : code == LEN64 ? big_endian(frames->head + 2, 8) : code,
      .bytes = ed_span(*at, take),
  };
  *at += take;
  *len -= take;
  frames->left -= take;
  if (piece->ends) frames->payload = false, frames->head_len = 0;
  return ED_FRAMES_PIECE;
}

enum ed_frames_result ed_frames_next(struct ed_frames *frames, uint8_t **at, size_t *len, struct ed_piece *piece) {
  if (frames->payload) return *len ? payload(frames, at, len, false, piece) : ED_FRAMES_MORE;
  while (*len) {
    frames->head[frames->head_len++] = *(*at)++;
    --*len;
    if (frames->head_len == 1 && !first_byte_right(frames)) return ED_FRAMES_ERROR;
    if (frames->head_len == 2 && !second_byte_right(frames)) return ED_FRAMES_ERROR;
    if (frames->head_len < head_size(frames)) continue;
    return begin(frames) ? payload(frames, at, len, true, piece) : ED_FRAMES_ERROR;
  }
  return ED_FRAMES_MORE;
}

size_t ed_frames_cut(struct ed_span bytes, size_t most) {
  if (bytes.len <= most) return bytes.len;
  size_t cut = ed_wire_frame_len(bytes.at);
  while (cut < bytes.len) {
    size_t next = cut + ed_wire_frame_len(bytes.at + cut);
    if (next > most) break;
    cut = next;
  }
  return cut;
}

size_t ed_frames_left(struct ed_span bytes, size_t sent) {
  size_t at = 0;
  while (at < sent) at += ed_wire_frame_len(bytes.at + at);
  return at - sent;
}

size_t ed_frame_control(enum ed_op op, struct ed_span payload, uint8_t out[2 + ED_FRAME_CONTROL_MAX]) {
  out[0] = (uint8_t)(FIN | op);
  out[1] = (uint8_t)payload.len;
  if (payload.len) memcpy(out + 2, payload.at, payload.len);
  return 2 + payload.len;
}

size_t ed_frame_close(unsigned code, const char *why, uint8_t out[2 + ED_FRAME_CONTROL_MAX]) {
  uint8_t payload[ED_FRAME_CONTROL_MAX];
  if (!code) return ed_frame_control(ED_OP_CLOSE, ed_span(NULL, 0), out);
  payload[0] = (uint8_t)(code >> 8);
  payload[1] = (uint8_t)code;
  size_t len = why ? strlen(why) : 0;
  if (len > sizeof payload - 2) len = sizeof payload - 2;
  if (len) memcpy(payload + 2, why, len);
  return ed_frame_control(ED_OP_CLOSE, ed_span(payload, 2 + len), out);
}

unsigned ed_frame_close_answer(struct ed_span payload) {
  if (payload.len == 0) return 0;
  if (payload.len == 1) return 1002;
  unsigned code = (unsigned)big_endian(payload.at, 2);
  bool defined = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
  return defined || (code >= 3000 && code <= 4999) ? code : 1002;
}
