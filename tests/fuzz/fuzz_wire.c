/* Any bytes as a client message ('j' in front: JSON, 'J': of eddy.v1, 'C': CBOR of eddy.v1, else CBOR). What is understood is written out again in
 * the plainest way and must be understood as the same; the frames that answer it must be valid. */
#include "fuzz.h"

static struct ed_wire_limits limits = {.depth = 32, .key = 64, .keys = 16};

static const char *const types[] = {"push", "get", "ping", "unsubscribe", "resume", "members"};
static const char *const actions[] = {"relay", "append", "replace", "compact"};

/* Members of the message that is written, in either encoding. */
static void add_text(struct ed_buf *out, enum ed_encoding encoding, struct ed_span text) {
  (encoding == ED_JSON ? ed_json_add_string : ed_cbor_add_text)(out, text);
}

static void add_name(struct ed_buf *out, enum ed_encoding encoding, const char *name) {
  if (encoding == ED_JSON && out->at[out->len - 1] != '{') ed_buf_add_byte(out, ',');
  add_text(out, encoding, ed_span_text(name));
  if (encoding == ED_JSON) ed_buf_add_byte(out, ':');
}

static void add_count(struct ed_buf *out, enum ed_encoding encoding, uint64_t count) {
  if (encoding == ED_JSON)
    ed_buf_add_u64(out, count);
  else
    ed_cbor_add_head(out, ED_CBOR_UINT, count);
}

static void open_map(struct ed_buf *out, enum ed_encoding encoding) {
  ed_buf_add_byte(out, encoding == ED_JSON ? '{' : 0xbf);
}

static void close_map(struct ed_buf *out, enum ed_encoding encoding) {
  ed_buf_add_byte(out, encoding == ED_JSON ? '}' : ED_CBOR_BREAK);
}

static void write_resume(struct ed_buf *out, const struct ed_request *request) {
  enum ed_encoding encoding = request->encoding;
  struct ed_buf scratch = {0};
  struct ed_wire_keys keys;
  struct ed_span key;
  char epoch[17];
  snprintf(epoch, sizeof epoch, "%016llx", (unsigned long long)request->epoch);
  add_name(out, encoding, "epoch");
  add_text(out, encoding, ed_span_text(epoch));
  add_name(out, encoding, "seq");
  add_count(out, encoding, request->seq);
  add_name(out, encoding, "keys");
  ed_buf_add_byte(out, encoding == ED_JSON ? '[' : 0x9f);
  ed_wire_keys_begin(&keys, request);
  for (bool first = true; ed_wire_keys_next(&keys, &scratch, &key); first = false) {
    if (!first && encoding == ED_JSON) ed_buf_add_byte(out, ',');
    add_text(out, encoding, key);
  }
  ed_buf_add_byte(out, encoding == ED_JSON ? ']' : ED_CBOR_BREAK);
  ed_buf_deinit(&scratch);
}

static void write_message(struct ed_buf *out, const struct ed_request *request) {
  enum ed_encoding encoding = request->encoding;
  open_map(out, encoding);
  add_name(out, encoding, "type");
  add_text(out, encoding, ed_span_text(types[request->type]));
  if (request->type == ED_REQUEST_PUSH || request->type == ED_REQUEST_GET || request->type == ED_REQUEST_UNSUBSCRIBE) {
    add_name(out, encoding, "key");
    add_text(out, encoding, request->key);
  }
  if (request->type == ED_REQUEST_PUSH) {
    add_name(out, encoding, "action");
    open_map(out, encoding);
    add_name(out, encoding, "type");
    add_text(out, encoding, ed_span_text(actions[request->action]));
    if (request->action == ED_COMPACT) {
      add_name(out, encoding, "seq");
      add_count(out, encoding, request->seq);
    }
    close_map(out, encoding);
    add_name(out, encoding, "value");
    ed_buf_add_span(out, request->value);
  }
  if (request->type == ED_REQUEST_GET) {
    add_name(out, encoding, "seq");
    if (request->subscribe_only)
      ed_buf_add_span(out, encoding == ED_JSON ? ED_LIT("null") : ED_LIT("\xf6"));
    else
      add_count(out, encoding, request->seq);
  }
  if (request->type == ED_REQUEST_PING && request->has_nonce) {
    add_name(out, encoding, "nonce");
    add_count(out, encoding, request->nonce);
  }
  if (request->type == ED_REQUEST_RESUME) write_resume(out, request);
  if (request->type == ED_REQUEST_MEMBERS) {
    add_name(out, encoding, "subscribe");
    if (request->ends)
      ed_buf_add_span(out, encoding == ED_JSON ? ED_LIT("false") : ED_LIT("\xf4"));
    else
      ed_buf_add_span(out, encoding == ED_JSON ? ED_LIT("true") : ED_LIT("\xf5"));
  }
  if (request->id.len) {
    add_name(out, encoding, "id");
    ed_buf_add_span(out, request->id);
  }
  close_map(out, encoding);
}

static void same_keys(const struct ed_request *a, const struct ed_request *b) {
  struct ed_buf scratch = {0}, scratch_again = {0};
  struct ed_wire_keys keys, again;
  struct ed_span key, key_again;
  size_t count = 0;
  ed_wire_keys_begin(&keys, a);
  ed_wire_keys_begin(&again, b);
  while (ed_wire_keys_next(&keys, &scratch, &key)) {
    MUST(ed_wire_keys_next(&again, &scratch_again, &key_again) && ed_span_equal(key, key_again));
    MUST(key.len <= limits.key && !ed_utf8_check(key) && ++count <= limits.keys);
  }
  MUST(!ed_wire_keys_next(&again, &scratch_again, &key_again));
  ed_buf_deinit(&scratch), ed_buf_deinit(&scratch_again);
}

static void same_again(const struct ed_request *request) {
  struct ed_buf message = {0}, scratch = {0};
  struct ed_request again;
  write_message(&message, request);
  MUST(ed_wire_decode(request->encoding, ed_buf_span(&message), &limits, &scratch, &again, NULL) == 0);
  MUST(again.type == request->type && again.action == request->action);
  MUST(ed_span_equal(again.key, request->key) && ed_span_equal(again.id, request->id));
  MUST(again.seq == request->seq && again.subscribe_only == request->subscribe_only && again.nonce == request->nonce);
  if (request->type == ED_REQUEST_RESUME)
    same_keys(request, &again);
  else
    MUST(ed_span_equal(again.value, request->value));
  ed_buf_deinit(&message), ed_buf_deinit(&scratch);
}

static void check_frame(struct ed_buf *frame, enum ed_encoding encoding) {
  struct ed_span payload = ed_wire_payload(ed_buf_span(frame));
  MUST(frame->at[0] == (encoding == ED_JSON ? 0x81 : 0x82) && payload.at + payload.len == frame->at + frame->len);
  MUST(check(encoding, payload, limits.depth + 2) == ED_FAULT_NONE);
  frame->len = 0;
}

static void answer_v1(struct ed_buf *frame, enum ed_encoding encoding, const struct ed_request *request) {
  struct ed_buf other = {0};
  struct ed_span id = request->id;
  if (id.len && encoding != request->encoding) {
    ed_wire_transcode(request->encoding, id, &other);
    id = ed_buf_span(&other);
  }
  const struct ed_fault fault = {ED_FAULT_REFUSED, "no"};
  ed_wire_fault(frame, encoding, &fault, id);
  check_frame(frame, encoding);
  if (id.len) ed_wire_ack(frame, encoding, id, request->seq % 2 ? &request->seq : NULL), check_frame(frame, encoding);
  ed_buf_deinit(&other);
}

static void answer(const struct ed_request *request) {
  struct ed_buf frame = {0}, other = {0};
  const enum ed_encoding own = request->encoding;
  for (enum ed_encoding encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    ed_wire_stream_size(&frame, encoding, request->key, request->seq);
    check_frame(&frame, encoding);
    ed_wire_pong(&frame, encoding, request->has_nonce, request->nonce);
    check_frame(&frame, encoding);
    answer_v1(&frame, encoding, request);
    if (request->type != ED_REQUEST_PUSH) continue;
    if (encoding != own) ed_wire_transcode(own, request->value, &other);
    struct ed_span value = encoding == own ? request->value : ed_buf_span(&other);
    ed_wire_push(&frame, encoding, request->key, value, request->seq);
    check_frame(&frame, encoding);
    struct ed_wire_init init;
    ed_wire_init_begin(&init, &frame, encoding, request->key, 2);
    for (uint64_t i = 0; i < 2; i++) ed_wire_init_item(&init, value, i);
    ed_wire_init_end(&init);
    check_frame(&frame, encoding);
  }
  ed_buf_deinit(&frame), ed_buf_deinit(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len == 0) return 0;
  enum ed_encoding encoding = data[0] == 'j' || data[0] == 'J' ? ED_JSON : ED_CBOR;
  limits.v1 = data[0] == 'J' || data[0] == 'C';
  struct ed_span bytes = ed_span(data + 1, len - 1);
  struct ed_buf scratch = {0};
  struct ed_request request;
  struct ed_fault fault = {ED_FAULT_NONE, ""};
  if (ed_wire_decode(encoding, bytes, &limits, &scratch, &request, &fault) < 0) {
    struct ed_buf frame = {0};
    MUST(fault.code != ED_FAULT_NONE && fault.text[0]);
    ed_wire_error(&frame, encoding, fault.text);
    check_frame(&frame, encoding);
    request.type = ED_REQUEST_PING; /* of it the id counts, and no more */
    answer_v1(&frame, encoding, &request);
    ed_buf_deinit(&frame);
  } else {
    MUST(check(encoding, bytes, limits.depth) == ED_FAULT_NONE);
    MUST(request.key.len <= limits.key && !ed_utf8_check(request.key));
    MUST(request.type != ED_REQUEST_PUSH || check(encoding, request.value, limits.depth) == ED_FAULT_NONE);
    same_again(&request);
    answer(&request);
  }
  struct ed_request found; /* of what is refused unread; where there is more than it looks at, it may find another */
  struct ed_buf aside = {0};
  ed_wire_find_id(encoding, bytes, &limits, &aside, &found);
  if (fault.code == ED_FAULT_NONE && limits.v1 && bytes.len <= ED_ID_WITHIN) MUST(ed_span_equal(found.id, request.id));
  ed_buf_deinit(&aside);
  ed_buf_deinit(&scratch);
  return 0;
}
