#include <endian.h>
#include <inttypes.h>

#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/json_scan.h"
#include "codec/wire.h"

/* Longest header of an unmasked frame (RFC 6455, 5.2), and the first byte of a whole one: FIN and the opcode. */
enum { HEADER_MAX = 10, TEXT_FRAME = 0x81, BINARY_FRAME = 0x82 };

static size_t header_len(size_t payload_len) { return payload_len < 126 ? 2 : payload_len <= UINT16_MAX ? 4 : 10; }

/* Writes the header, and returns where the payload begins. */
static uint8_t *put_header(uint8_t *at, enum ed_encoding encoding, size_t payload_len) {
  *at++ = encoding == ED_JSON ? TEXT_FRAME : BINARY_FRAME;
  if (payload_len < 126) {
    *at++ = (uint8_t)payload_len;
  } else if (payload_len <= UINT16_MAX) {
    uint16_t len = htobe16((uint16_t)payload_len);
    *at++ = 126;
    memcpy(at, &len, sizeof len);
    at += sizeof len;
  } else {
    uint64_t len = htobe64(payload_len);
    *at++ = 127;
    memcpy(at, &len, sizeof len);
    at += sizeof len;
  }
  return at;
}

size_t ed_wire_frame_len(const uint8_t *at) {
  uint16_t medium;
  uint64_t large;
  switch (at[1]) {
    case 126: memcpy(&medium, at + 2, sizeof medium); return 4 + (size_t)be16toh(medium);
    case 127: memcpy(&large, at + 2, sizeof large); return 10 + (size_t)be64toh(large);
    default: return 2u + at[1];
  }
}

struct ed_span ed_wire_payload(struct ed_span frame) {
  size_t skip = frame.at[1] == 127 ? 10 : frame.at[1] == 126 ? 4 : 2;
  return ed_span(frame.at + skip, frame.len - skip);
}

static inline uint8_t *put(uint8_t *at, struct ed_span span) {
  if (span.len) memcpy(at, span.at, span.len);
  return at + span.len;
}

/* The hot way: the length first, and then straight through. */

#define PUSH_JSON "{\"type\":\"push\",\"key\":"
#define PUSH_CBOR "\xa4\x64type\x64push\x63key"

static void push_json(struct ed_buf *out, struct ed_span key, struct ed_span value, uint64_t seq) {
  const struct ed_span a = ED_LIT(PUSH_JSON), b = ED_LIT(",\"value\":"), c = ED_LIT(",\"seq\":");
  uint8_t digits[20];
  size_t digits_len = ed_json_digits(seq, digits);
  size_t key_len = ed_json_string_len(key);
  size_t len = a.len + key_len + b.len + value.len + c.len + digits_len + 1;
  uint8_t *at = ed_buf_reserve(out, header_len(len) + len);
  out->len += header_len(len) + len;
  at = put(put_header(at, ED_JSON, len), a);
  at = put(ed_json_put_string(at, key, key_len), b);
  at = put(put(at, value), c);
  at = put(at, ed_span(digits, digits_len));
  *at = '}';
}

static void push_cbor(struct ed_buf *out, struct ed_span key, struct ed_span value, uint64_t seq) {
  const struct ed_span a = ED_LIT(PUSH_CBOR), b = ED_LIT("\x65value"), c = ED_LIT("\x63seq");
  size_t len = a.len + ed_cbor_head_len(key.len) + key.len + b.len + value.len + c.len + ed_cbor_head_len(seq);
  uint8_t *at = ed_buf_reserve(out, header_len(len) + len);
  out->len += header_len(len) + len;
  at = put(put_header(at, ED_CBOR, len), a);
  at = put(ed_cbor_put_head(at, ED_CBOR_TEXT, key.len), key);
  at = put(put(put(at, b), value), c);
  ed_cbor_put_head(at, ED_CBOR_UINT, seq);
}

void ed_wire_push(struct ed_buf *out, enum ed_encoding encoding, struct ed_span key, struct ed_span value,
                  uint64_t seq) {
  (encoding == ED_JSON ? push_json : push_cbor)(out, key, value, seq);
}

struct ed_span ed_wire_push_key(struct ed_span frame) {
  const bool json = frame.at[0] == TEXT_FRAME;
  struct ed_span payload = ed_wire_payload(frame), raw;
  size_t skip = json ? sizeof PUSH_JSON - 1 : sizeof PUSH_CBOR - 1;
  struct ed_cursor c = ed_cursor(ed_span(payload.at + skip, payload.len - skip), 0, NULL);
  struct ed_cbor_head head;
  bool escaped;
  if (json) return ed_json_string(&c, &raw, &escaped) == 0 ? raw : ed_span(NULL, 0);
  return ed_cbor_head(&c, &head) == 0 ? ed_span(c.at, (size_t)head.argument) : ed_span(NULL, 0);
}

/* The others: the payload first, behind room for the longest header, and then moved to where the header ends. */

static size_t begin(struct ed_buf *out) {
  size_t start = out->len;
  ed_buf_reserve(out, HEADER_MAX);
  out->len += HEADER_MAX;
  return start;
}

static void end(struct ed_buf *out, size_t start, enum ed_encoding encoding) {
  uint8_t *frame = out->at + start;
  size_t len = out->len - start - HEADER_MAX;
  memmove(frame + header_len(len), frame + HEADER_MAX, len);
  put_header(frame, encoding, len);
  out->len = start + header_len(len) + len;
}

/* The parts of a message, in the encoding at hand. What closes has no counterpart in CBOR, whose counts come first. */

static void add_lead(struct ed_buf *out, enum ed_encoding encoding, struct ed_span json, struct ed_span cbor) {
  ed_buf_add_span(out, encoding == ED_JSON ? json : cbor);
}

static void add_text(struct ed_buf *out, enum ed_encoding encoding, struct ed_span text) {
  (encoding == ED_JSON ? ed_json_add_string : ed_cbor_add_text)(out, text);
}

static void add_count(struct ed_buf *out, enum ed_encoding encoding, uint64_t count) {
  if (encoding == ED_JSON)
    ed_buf_add_u64(out, count);
  else
    ed_cbor_add_head(out, ED_CBOR_UINT, count);
}

static void add_close(struct ed_buf *out, enum ed_encoding encoding, struct ed_span json) {
  if (encoding == ED_JSON) ed_buf_add_span(out, json);
}

void ed_wire_stream_size(struct ed_buf *out, enum ed_encoding encoding, struct ed_span key, uint64_t size) {
  size_t start = begin(out);
  add_lead(out, encoding, ED_LIT("{\"type\":\"stream_size\",\"key\":"), ED_LIT("\xa3\x64type\x6bstream_size\x63key"));
  add_text(out, encoding, key);
  add_lead(out, encoding, ED_LIT(",\"size\":"), ED_LIT("\x64size"));
  add_count(out, encoding, size);
  add_close(out, encoding, ED_LIT("}"));
  end(out, start, encoding);
}

void ed_wire_pong(struct ed_buf *out, enum ed_encoding encoding, bool has_nonce, uint64_t nonce) {
  size_t start = begin(out);
  add_lead(out, encoding, ED_LIT("{\"type\":\"pong\",\"nonce\":"), ED_LIT("\xa2\x64type\x64pong\x65nonce"));
  if (has_nonce)
    add_count(out, encoding, nonce);
  else
    add_lead(out, encoding, ED_LIT("null"), ED_LIT("\xf6"));
  add_close(out, encoding, ED_LIT("}"));
  end(out, start, encoding);
}

void ed_wire_error(struct ed_buf *out, enum ed_encoding encoding, const char *text) {
  size_t start = begin(out);
  add_lead(out, encoding, ED_LIT("{\"type\":\"error\",\"message\":"),
           ED_LIT("\xa2\x64type\x65"
                  "error\x67message"));
  add_text(out, encoding, ed_span_text(text));
  add_close(out, encoding, ED_LIT("}"));
  end(out, start, encoding);
}

const char *ed_action_name(enum ed_action action) {
  static const char *const names[] = {
      [ED_RELAY] = "relay", [ED_APPEND] = "append", [ED_REPLACE] = "replace", [ED_COMPACT] = "compact"};
  return names[action];
}

void ed_wire_tail(struct ed_buf *out, struct ed_span key, enum ed_action action, struct ed_span value, uint64_t seq,
                  int64_t time_ms, uint64_t member) {
  size_t start = begin(out);
  ed_buf_printf(out, "{\"type\":\"tail\",\"seq\":%" PRIu64 ",\"time_ms\":%" PRId64, seq, time_ms);
  ed_buf_printf(out, ",\"action\":\"%s\",\"member\":", ed_action_name(action));
  if (member)
    ed_buf_add_u64(out, member);
  else
    ed_buf_add_text(out, "null");
  ed_buf_add_text(out, ",\"key\":");
  ed_json_add_string(out, key);
  ed_buf_add_text(out, ",\"value\":");
  ed_buf_add_span(out, value);
  ed_buf_add_byte(out, '}');
  end(out, start, ED_JSON);
}

void ed_wire_init_begin(struct ed_wire_init *init, struct ed_buf *out, enum ed_encoding encoding, struct ed_span key,
                        size_t count) {
  *init = (struct ed_wire_init){.out = out, .encoding = encoding, .start = begin(out)};
  add_lead(out, encoding, ED_LIT("{\"type\":\"init\",\"key\":"), ED_LIT("\xa3\x64type\x64init\x63key"));
  add_text(out, encoding, key);
  add_lead(out, encoding, ED_LIT(",\"data\":["),
           ED_LIT("\x64"
                  "data"));
  if (encoding == ED_CBOR) ed_cbor_add_head(out, ED_CBOR_ARRAY, count);
}

void ed_wire_init_item(struct ed_wire_init *init, struct ed_span value, uint64_t seq) {
  if (init->items++ > 0) add_close(init->out, init->encoding, ED_LIT(","));
  add_lead(init->out, init->encoding, ED_LIT("{\"value\":"), ED_LIT("\xa2\x65value"));
  ed_buf_add_span(init->out, value);
  add_lead(init->out, init->encoding, ED_LIT(",\"seq\":"), ED_LIT("\x63seq"));
  add_count(init->out, init->encoding, seq);
  add_close(init->out, init->encoding, ED_LIT("}"));
}

void ed_wire_init_end(struct ed_wire_init *init) {
  add_close(init->out, init->encoding, ED_LIT("]}"));
  end(init->out, init->start, init->encoding);
}

/* ---- eddy.v1 ---- */

static void add_epoch(struct ed_buf *out, enum ed_encoding encoding, uint64_t epoch) {
  static const char digits[] = "0123456789abcdef";
  char text[16];
  for (int i = 15; i >= 0; i--, epoch >>= 4) text[i] = digits[epoch & 15];
  add_text(out, encoding, ed_span(text, sizeof text));
}

static void add_id(struct ed_buf *out, enum ed_encoding encoding, struct ed_span id) {
  if (!id.len) return;
  add_lead(out, encoding, ED_LIT(",\"id\":"), ED_LIT("\x62id"));
  ed_buf_add_span(out, id);
}

static void add_seq(struct ed_buf *out, enum ed_encoding encoding, uint64_t seq) {
  add_lead(out, encoding, ED_LIT(",\"seq\":"), ED_LIT("\x63seq"));
  add_count(out, encoding, seq);
}

void ed_wire_hello(struct ed_buf *out, enum ed_encoding encoding, uint64_t member, uint64_t epoch, uint64_t seq) {
  size_t start = begin(out);
  add_lead(out, encoding, ED_LIT("{\"type\":\"hello\",\"protocol\":\"eddy.v1\",\"member\":"),
           ED_LIT("\xa5\x64type\x65hello\x68protocol\x67"
                  "eddy.v1\x66member"));
  add_count(out, encoding, member);
  add_lead(out, encoding, ED_LIT(",\"epoch\":"),
           ED_LIT("\x65"
                  "epoch"));
  add_epoch(out, encoding, epoch);
  add_seq(out, encoding, seq);
  add_close(out, encoding, ED_LIT("}"));
  end(out, start, encoding);
}

void ed_wire_ack(struct ed_buf *out, enum ed_encoding encoding, struct ed_span id, const uint64_t *seq) {
  size_t start = begin(out);
  add_lead(out, encoding, ED_LIT("{\"type\":\"ack\""),
           ED_LIT("\xa3\x64type\x63"
                  "ack"));
  add_id(out, encoding, id);
  if (seq)
    add_seq(out, encoding, *seq);
  else
    add_lead(out, encoding, ED_LIT(",\"seq\":null"), ED_LIT("\x63seq\xf6"));
  add_close(out, encoding, ED_LIT("}"));
  end(out, start, encoding);
}

void ed_wire_fault(struct ed_buf *out, enum ed_encoding encoding, const struct ed_fault *fault, struct ed_span id) {
  size_t start = begin(out);
  if (encoding == ED_CBOR) ed_cbor_add_head(out, ED_CBOR_MAP, id.len ? 4 : 3);
  add_lead(out, encoding, ED_LIT("{\"type\":\"error\",\"message\":"),
           ED_LIT("\x64type\x65"
                  "error\x67message"));
  add_text(out, encoding, ed_span_text(fault->text));
  add_lead(out, encoding, ED_LIT(",\"code\":"),
           ED_LIT("\x64"
                  "code"));
  add_text(out, encoding, ed_span_text(ed_fault_name(fault->code)));
  add_id(out, encoding, id);
  add_close(out, encoding, ED_LIT("}"));
  end(out, start, encoding);
}

void ed_wire_presence(struct ed_buf *out, enum ed_encoding encoding, bool joins, uint64_t member) {
  size_t start = begin(out);
  add_lead(out, encoding, ED_LIT("{\"type\":"), ED_LIT("\xa2\x64type"));
  add_text(out, encoding, joins ? ED_LIT("join") : ED_LIT("leave"));
  add_lead(out, encoding, ED_LIT(",\"member\":"), ED_LIT("\x66member"));
  add_count(out, encoding, member);
  add_close(out, encoding, ED_LIT("}"));
  end(out, start, encoding);
}

void ed_wire_reconnect(struct ed_buf *out, enum ed_encoding encoding, uint64_t delay_ms, uint64_t spread_ms) {
  size_t start = begin(out);
  add_lead(out, encoding, ED_LIT("{\"type\":\"reconnect\",\"delay_ms\":"),
           ED_LIT("\xa3\x64type\x69reconnect\x68"
                  "delay_ms"));
  add_count(out, encoding, delay_ms);
  add_lead(out, encoding, ED_LIT(",\"spread_ms\":"), ED_LIT("\x69spread_ms"));
  add_count(out, encoding, spread_ms);
  add_close(out, encoding, ED_LIT("}"));
  end(out, start, encoding);
}

void ed_wire_members(struct ed_buf *out, enum ed_encoding encoding, const uint64_t *ids, size_t count) {
  size_t start = begin(out);
  add_lead(out, encoding, ED_LIT("{\"type\":\"members\",\"members\":["), ED_LIT("\xa2\x64type\x67members\x67members"));
  if (encoding == ED_CBOR) ed_cbor_add_head(out, ED_CBOR_ARRAY, count);
  for (size_t i = 0; i < count; i++) {
    if (i) add_close(out, encoding, ED_LIT(","));
    add_count(out, encoding, ids[i]);
  }
  add_close(out, encoding, ED_LIT("]}"));
  end(out, start, encoding);
}

void ed_wire_resumed_begin(struct ed_wire_init *init, struct ed_buf *out, enum ed_encoding encoding, uint64_t epoch,
                           uint64_t seq, size_t keys) {
  *init = (struct ed_wire_init){.out = out, .encoding = encoding, .start = begin(out)};
  add_lead(out, encoding, ED_LIT("{\"type\":\"resumed\",\"epoch\":"),
           ED_LIT("\xa4\x64type\x67resumed\x65"
                  "epoch"));
  add_epoch(out, encoding, epoch);
  add_seq(out, encoding, seq);
  add_lead(out, encoding, ED_LIT(",\"keys\":["), ED_LIT("\x64keys"));
  if (encoding == ED_CBOR) ed_cbor_add_head(out, ED_CBOR_ARRAY, keys);
}

void ed_wire_resumed_key(struct ed_wire_init *init, struct ed_span key, bool recovered, size_t count) {
  struct ed_buf *out = init->out;
  const enum ed_encoding encoding = init->encoding;
  if (init->keys++) add_close(out, encoding, ED_LIT("]},"));
  init->items = 0;
  add_lead(out, encoding, ED_LIT("{\"key\":"), ED_LIT("\xa3\x63key"));
  add_text(out, encoding, key);
  if (recovered)
    add_lead(out, encoding, ED_LIT(",\"recovered\":true"), ED_LIT("\x69recovered\xf5"));
  else
    add_lead(out, encoding, ED_LIT(",\"recovered\":false"), ED_LIT("\x69recovered\xf4"));
  add_lead(out, encoding, ED_LIT(",\"data\":["),
           ED_LIT("\x64"
                  "data"));
  if (encoding == ED_CBOR) ed_cbor_add_head(out, ED_CBOR_ARRAY, count);
}

void ed_wire_resumed_end(struct ed_wire_init *init) {
  if (init->keys) add_close(init->out, init->encoding, ED_LIT("]}"));
  add_close(init->out, init->encoding, ED_LIT("]}"));
  end(init->out, init->start, init->encoding);
}
