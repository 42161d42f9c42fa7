#include "codec/envelope.h"

#include "codec/cbor.h"
#include "codec/json.h"

#define NAME(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }
static const struct ed_span names[ED_MEMBER_COUNT] = {
    [ED_MEMBER_TYPE] = NAME("type"),     [ED_MEMBER_SEQ] = NAME("seq"),     [ED_MEMBER_KEY] = NAME("key"),
    [ED_MEMBER_ACTION] = NAME("action"), [ED_MEMBER_VALUE] = NAME("value"), [ED_MEMBER_NONCE] = NAME("nonce"),
};
static const struct ed_span v1_names[ED_V1_COUNT] = {
    [ED_V1_ID] = NAME("id"),
    [ED_V1_EPOCH] = NAME("epoch"),
    [ED_V1_KEYS] = NAME("keys"),
    [ED_V1_SUBSCRIBE] = NAME("subscribe"),
};
#undef NAME

struct ed_field *ed_envelope_field(struct ed_envelope *envelope, struct ed_span name, bool in_action) {
  for (size_t i = 0; i < ED_MEMBER_COUNT; i++) {
    if (!ed_span_equal(names[i], name)) continue;
    if (!in_action) return &envelope->members[i];
    return i == ED_MEMBER_TYPE ? &envelope->action_type : i == ED_MEMBER_SEQ ? &envelope->action_seq : NULL;
  }
  if (!envelope->v1 || in_action) return NULL;
  for (size_t i = 0; i < ED_V1_COUNT; i++)
    if (ed_span_equal(v1_names[i], name)) return &envelope->v1[i];
  return NULL;
}

struct ed_span ed_field_text(enum ed_encoding encoding, const struct ed_field *field, struct ed_buf *scratch) {
  if (!field->pieces) return field->span;
  scratch->len = 0;
  if (encoding == ED_JSON)
    ed_json_unescape(field->span, scratch);
  else
    ed_cbor_join(field->span, scratch);
  return ed_buf_span(scratch);
}
