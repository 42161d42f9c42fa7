#include <math.h>

#include "codec/cbor.h"
#include "codec/envelope.h"
#include "codec/json.h"
#include "codec/wire.h"

/* One message while it is judged. */
struct decoding {
  enum ed_encoding encoding;
  const struct ed_wire_limits *limits;
  struct ed_buf *scratch;
  struct ed_request *request;
  struct ed_fault *fault;
};

static int malformed(const struct decoding *d, const char *what) {
  return ed_fault(d->fault, ED_FAULT_MALFORMED, "%s", what);
}

/* What a text says; where it had to be put together, in the scratch buffer, until the next one. */
static struct ed_span text_of(const struct decoding *d, const struct ed_field *slot) {
  if (!slot->pieces) return slot->span;
  d->scratch->len = 0;
  if (d->encoding == ED_JSON)
    ed_json_unescape(slot->span, d->scratch);
  else
    ed_cbor_join(slot->span, d->scratch);
  return ed_buf_span(d->scratch);
}

/* Which of `names` a text is, or -1. */
static int pick(const struct decoding *d, const struct ed_field *slot, const char *const *names, int count) {
  struct ed_span text = text_of(d, slot);
  for (int i = 0; i < count; i++) {
    if (ed_span_equal(text, ed_span_text(names[i]))) return i;
  }
  return -1;
}

/* A double that is a whole number from 0 on and fits. */
static bool whole(double number, uint64_t *out) {
  if (!(number >= 0 && number < 0x1p64) || number != floor(number)) return false;
  *out = (uint64_t)number;
  return true;
}

static bool cbor_whole(struct ed_span item, uint64_t *out) {
  struct ed_cursor c = ed_cursor(item, 0, NULL);
  struct ed_cbor_head head;
  if (ed_cbor_head(&c, &head) < 0 || head.major == ED_CBOR_NINT) return false;
  if (head.major == ED_CBOR_UINT) {
    *out = head.argument;
    return true;
  }
  return whole(ed_cbor_float(&head), out);
}

static bool json_whole(struct ed_span text, uint64_t *out) {
  double number;
  switch (ed_json_parse_number(text, out, &number)) {
    case ED_NUMBER_UINT: return true;
    case ED_NUMBER_DOUBLE: return whole(number, out);
    default: return false;
  }
}

/* A number that is whole, not negative and of 64 bits at most, however it is written. */
static bool count_of(const struct decoding *d, const struct ed_field *slot, uint64_t *out) {
  if (slot->kind != ED_FIELD_NUMBER) return false;
  return d->encoding == ED_JSON ? json_whole(slot->span, out) : cbor_whole(slot->span, out);
}

static int decode_key(const struct decoding *d, const struct ed_field *slot) {
  if (slot->kind == ED_FIELD_ABSENT) return malformed(d, "\"key\" is missing");
  if (slot->kind != ED_FIELD_TEXT) return malformed(d, "\"key\" must be a string");
  d->request->key = text_of(d, slot);
  if (d->request->key.len <= d->limits->key) return 0;
  return ed_fault(d->fault, ED_FAULT_TOO_LARGE, "the key is longer than limits.key (%zu bytes)", d->limits->key);
}

static int decode_action(const struct decoding *d, const struct ed_envelope *envelope) {
  static const char *const names[] = {
      [ED_RELAY] = "relay", [ED_APPEND] = "append", [ED_REPLACE] = "replace", [ED_COMPACT] = "compact"};
  const struct ed_field *action = &envelope->members[ED_MEMBER_ACTION];
  if (action->kind == ED_FIELD_ABSENT) return malformed(d, "push needs an \"action\"");
  if (action->kind != ED_FIELD_MAP) return malformed(d, "\"action\" must be a map with a \"type\"");
  if (envelope->action_type.kind == ED_FIELD_ABSENT) return malformed(d, "\"action\" needs a \"type\"");
  int found = -1;
  if (envelope->action_type.kind == ED_FIELD_TEXT) found = pick(d, &envelope->action_type, names, 4);
  if (found < 0)
    return malformed(d, "the type of \"action\" must be \"relay\", \"append\", \"replace\" or \"compact\"");
  d->request->action = (enum ed_action)found;
  if (found != ED_COMPACT) return 0;
  if (envelope->action_seq.kind == ED_FIELD_ABSENT) return malformed(d, "compact needs a \"seq\"");
  if (count_of(d, &envelope->action_seq, &d->request->seq)) return 0;
  return malformed(d, "\"seq\" of compact must be a whole number, not negative");
}

static int decode_push(const struct decoding *d, const struct ed_envelope *envelope) {
  if (decode_action(d, envelope) < 0) return -1;
  const struct ed_field *value = &envelope->members[ED_MEMBER_VALUE];
  if (value->kind == ED_FIELD_ABSENT) return malformed(d, "push needs a \"value\"");
  d->request->value = value->span;
  return decode_key(d, &envelope->members[ED_MEMBER_KEY]);
}

static int decode_get(const struct decoding *d, const struct ed_envelope *envelope) {
  const struct ed_field *seq = &envelope->members[ED_MEMBER_SEQ];
  d->request->subscribe_only = seq->kind == ED_FIELD_NULL;
  if (seq->kind != ED_FIELD_ABSENT && seq->kind != ED_FIELD_NULL && !count_of(d, seq, &d->request->seq)) {
    return malformed(d, "\"seq\" of get must be null or a whole number, not negative");
  }
  return decode_key(d, &envelope->members[ED_MEMBER_KEY]);
}

static int decode_ping(const struct decoding *d, const struct ed_envelope *envelope) {
  const struct ed_field *nonce = &envelope->members[ED_MEMBER_NONCE];
  d->request->has_nonce = nonce->kind != ED_FIELD_ABSENT && nonce->kind != ED_FIELD_NULL;
  if (!d->request->has_nonce || count_of(d, nonce, &d->request->nonce)) return 0;
  return malformed(d, "\"nonce\" must be null or a whole number, not negative");
}

static int judge(const struct decoding *d, const struct ed_envelope *envelope) {
  static const char *const names[] = {[ED_REQUEST_PUSH] = "push",
                                      [ED_REQUEST_GET] = "get",
                                      [ED_REQUEST_PING] = "ping",
                                      [ED_REQUEST_UNSUBSCRIBE] = "unsubscribe"};
  const struct ed_field *type = &envelope->members[ED_MEMBER_TYPE];
  if (type->kind == ED_FIELD_ABSENT) return malformed(d, "\"type\" is missing");
  if (type->kind != ED_FIELD_TEXT) return malformed(d, "\"type\" must be a string");
  int found = pick(d, type, names, 4);
  if (found >= 0) d->request->type = (enum ed_request_type)found;
  switch (found) {
    case ED_REQUEST_PUSH: return decode_push(d, envelope);
    case ED_REQUEST_GET: return decode_get(d, envelope);
    case ED_REQUEST_PING: return decode_ping(d, envelope);
    case ED_REQUEST_UNSUBSCRIBE: return decode_key(d, &envelope->members[ED_MEMBER_KEY]);
    default: return malformed(d, "\"type\" must be \"push\", \"get\", \"ping\" or \"unsubscribe\"");
  }
}

int ed_wire_decode(enum ed_encoding encoding, struct ed_span bytes, const struct ed_wire_limits *limits,
                   struct ed_buf *scratch, struct ed_request *request, struct ed_fault *fault) {
  struct ed_cursor c = ed_cursor(bytes, limits->depth, fault);
  struct ed_envelope envelope = {.scratch = scratch};
  struct decoding d = {encoding, limits, scratch, request, fault};
  scratch->len = 0;
  *request = (struct ed_request){.encoding = encoding};
  if ((encoding == ED_JSON ? ed_envelope_json(&c, &envelope) : ed_envelope_cbor(&c, &envelope)) < 0) return -1;
  return judge(&d, &envelope);
}
