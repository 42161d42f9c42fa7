#include "codec/envelope.h"

static const struct ed_span names[ED_MEMBER_COUNT] = {
#define NAME(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }
    [ED_MEMBER_TYPE] = NAME("type"),     [ED_MEMBER_SEQ] = NAME("seq"),     [ED_MEMBER_KEY] = NAME("key"),
    [ED_MEMBER_ACTION] = NAME("action"), [ED_MEMBER_VALUE] = NAME("value"), [ED_MEMBER_NONCE] = NAME("nonce"),
#undef NAME
};

struct ed_field *ed_envelope_field(struct ed_envelope *envelope, struct ed_span name, bool in_action) {
  for (size_t i = 0; i < ED_MEMBER_COUNT; i++) {
    if (!ed_span_equal(names[i], name)) continue;
    if (!in_action) return &envelope->members[i];
    return i == ED_MEMBER_TYPE ? &envelope->action_type : i == ED_MEMBER_SEQ ? &envelope->action_seq : NULL;
  }
  return NULL;
}
