#include <math.h>

#include "codec/cbor.h"
#include "codec/envelope.h"
#include "codec/json.h"
#include "codec/wire_keys.h"

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
  return ed_field_text(d->encoding, slot, d->scratch);
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

/* ---- eddy.v1 ---- */

#define ID_RAW_MAX (ED_ID_MAX * 6 + 2) /* an escape for each byte, and quotes */
#define ID_NUMBER_MAX ((uint64_t)1 << 53)

/* As it was sent, with what is around it. */
static struct ed_span whole_text(const struct decoding *d, const struct ed_field *slot) {
  if (d->encoding == ED_JSON) return ed_span(slot->span.at - 1, slot->span.len + 2);
  return ed_span(slot->span.at - slot->head_len, slot->span.len + slot->head_len);
}

static int decode_id(const struct decoding *d, const struct ed_field *slot) {
  if (slot->kind == ED_FIELD_ABSENT || slot->kind == ED_FIELD_NULL) return 0;
  uint64_t number;
  struct ed_span id = slot->kind == ED_FIELD_TEXT ? whole_text(d, slot) : slot->span;
  bool fits = id.len <= ID_RAW_MAX;
  if (fits && slot->kind == ED_FIELD_TEXT) fits = text_of(d, slot).len <= ED_ID_MAX;
  if (fits && slot->kind != ED_FIELD_TEXT) fits = count_of(d, slot, &number) && number <= ID_NUMBER_MAX;
  if (!fits) return malformed(d, "\"id\" must be a string of at most 64 bytes or a whole number up to 2^53");
  d->request->id = id;
  return 0;
}

/* Sixteen hexadecimal digits. */
static bool epoch_of(const struct decoding *d, const struct ed_field *slot, uint64_t *epoch) {
  if (slot->kind != ED_FIELD_TEXT) return false; /* NOLINT(clang-analyzer-*): v1 is spoken here */
  struct ed_span text = text_of(d, slot);
  if (text.len != 16) return false;
  *epoch = 0;
  for (size_t i = 0; i < 16; i++) {
    uint8_t c = text.at[i];
    bool digit = c >= '0' && c <= '9', letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
    if (!digit && !letter) return false;
    *epoch = *epoch << 4 | (uint64_t)(digit ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return true;
}

static int decode_resume(const struct decoding *d, const struct ed_envelope *envelope) {
  const struct ed_field *keys = &envelope->v1[ED_V1_KEYS];
  if (!epoch_of(d, &envelope->v1[ED_V1_EPOCH], &d->request->epoch))
    return malformed(d, "resume needs an \"epoch\" of 16 hexadecimal digits");
  if (!count_of(d, &envelope->members[ED_MEMBER_SEQ], &d->request->seq))
    return malformed(d, "resume needs a \"seq\": a whole number, not negative");
  if (!ed_wire_list(d->encoding, keys)) return malformed(d, "resume needs \"keys\": a list");
  d->request->keys = keys->span;
  return ed_wire_keys_check(d->request, d->limits, d->scratch, d->fault);
}

static int decode_members(const struct decoding *d, const struct ed_envelope *envelope) {
  const struct ed_field *subscribe = &envelope->v1[ED_V1_SUBSCRIBE];
  const bool json = d->encoding == ED_JSON;
  if (subscribe->kind == ED_FIELD_ABSENT) return 0; /* NOLINT(clang-analyzer-*): v1 is spoken here */
  if (subscribe->kind == ED_FIELD_OTHER) {          /* and no text that reads so */
    d->request->ends = ed_span_equal(subscribe->span, json ? ED_LIT("false") : ED_LIT("\xf4"));
    if (d->request->ends || ed_span_equal(subscribe->span, json ? ED_LIT("true") : ED_LIT("\xf5"))) return 0;
  }
  return malformed(d, "\"subscribe\" of members must be true or false");
}

/* ---- all ---- */

static int judge(const struct decoding *d, const struct ed_envelope *envelope) {
  static const char *const names[] = {
      [ED_REQUEST_PUSH] = "push",     [ED_REQUEST_GET] = "get",
      [ED_REQUEST_PING] = "ping",     [ED_REQUEST_UNSUBSCRIBE] = "unsubscribe",
      [ED_REQUEST_RESUME] = "resume", [ED_REQUEST_MEMBERS] = "members",
  };
  const struct ed_field *type = &envelope->members[ED_MEMBER_TYPE];
  if (envelope->v1 && decode_id(d, &envelope->v1[ED_V1_ID]) < 0) return -1;
  if (type->kind == ED_FIELD_ABSENT) return malformed(d, "\"type\" is missing");
  if (type->kind != ED_FIELD_TEXT) return malformed(d, "\"type\" must be a string");
  int found = pick(d, type, names, envelope->v1 ? 6 : 4);
  if (found >= 0) d->request->type = (enum ed_request_type)found;
  switch (found) {
    case ED_REQUEST_PUSH: return decode_push(d, envelope);
    case ED_REQUEST_GET: return decode_get(d, envelope);
    case ED_REQUEST_PING: return decode_ping(d, envelope);
    case ED_REQUEST_UNSUBSCRIBE: return decode_key(d, &envelope->members[ED_MEMBER_KEY]);
    case ED_REQUEST_RESUME: return decode_resume(d, envelope);
    case ED_REQUEST_MEMBERS: return decode_members(d, envelope);
    default: break;
  }
  if (envelope->v1)
    return malformed(d, "\"type\" must be \"push\", \"get\", \"ping\", \"unsubscribe\", \"resume\" or \"members\"");
  return malformed(d, "\"type\" must be \"push\", \"get\", \"ping\" or \"unsubscribe\"");
}

/* 0, or -1 where the message is not valid; with `envelope` as far as it was. */
static int take_apart(const struct decoding *d, struct ed_span bytes, struct ed_envelope *envelope) {
  struct ed_cursor c = ed_cursor(bytes, d->limits->depth, d->fault);
  d->scratch->len = 0;
  *d->request = (struct ed_request){.encoding = d->encoding};
  return d->encoding == ED_JSON ? ed_envelope_json(&c, envelope) : ed_envelope_cbor(&c, envelope);
}

int ed_wire_decode(enum ed_encoding encoding, struct ed_span bytes, const struct ed_wire_limits *limits,
                   struct ed_buf *scratch, struct ed_request *request, struct ed_fault *fault) {
  struct ed_field v1[ED_V1_COUNT];
  struct ed_envelope envelope = {.scratch = scratch};
  const struct decoding d = {encoding, limits, scratch, request, fault};
  if (limits->v1) {
    memset(v1, 0, sizeof v1);
    envelope.v1 = v1;
  }
  return take_apart(&d, bytes, &envelope) < 0 ? -1 : judge(&d, &envelope);
}

void ed_wire_find_id(enum ed_encoding encoding, struct ed_span bytes, const struct ed_wire_limits *limits,
                     struct ed_buf *scratch, struct ed_request *request) {
  struct ed_field v1[ED_V1_COUNT] = {0};
  const struct ed_field *id = &v1[ED_V1_ID];
  struct ed_envelope envelope = {.scratch = scratch, .v1 = v1};
  const struct decoding d = {encoding, limits, scratch, request, NULL};
  const bool cut = bytes.len > ED_ID_WITHIN;
  if (cut) bytes.len = ED_ID_WITHIN;
  take_apart(&d, bytes, &envelope);
  /* One that goes up to where it was cut may have gone on. */
  if (id->span.at && (!cut || id->span.at + id->span.len < bytes.at + bytes.len)) decode_id(&d, id);
}
