#include "codec/envelope.h"
#include "codec/json.h"
#include "codec/json_scan.h"

/* A known name can be spelt with an escape per letter, of six bytes each; what is longer is no known name. */
static struct ed_field *find(struct ed_envelope *envelope, struct ed_span raw, bool escaped, bool in_action) {
  if (!escaped) return ed_envelope_field(envelope, raw, in_action);
  if (raw.len > ED_MEMBER_NAME_MAX * 6) return NULL;
  envelope->scratch->len = 0;
  ed_json_unescape(raw, envelope->scratch);
  return ed_envelope_field(envelope, ed_buf_span(envelope->scratch), in_action);
}

static int members(struct ed_cursor *c, struct ed_envelope *envelope, bool in_action);

static int value(struct ed_cursor *c, struct ed_envelope *envelope, struct ed_field *slot, unsigned level) {
  uint8_t first = ed_json_peek(c);
  const uint8_t *at = c->at;
  *slot = (struct ed_field){.kind = ED_FIELD_OTHER};
  if (first == '"' && slot != &envelope->members[ED_MEMBER_VALUE]) {
    slot->kind = ED_FIELD_TEXT;
    return ed_json_string(c, &slot->span, &slot->pieces);
  }
  if (slot == &envelope->members[ED_MEMBER_ACTION] && first == '{') {
    envelope->action_type = envelope->action_seq = (struct ed_field){.kind = ED_FIELD_ABSENT};
    slot->kind = ED_FIELD_MAP;
    return members(c, envelope, true);
  }
  if (first == 'n') slot->kind = ED_FIELD_NULL;
  if (first == '-' || (first >= '0' && first <= '9')) slot->kind = ED_FIELD_NUMBER;
  if (ed_json_skip(c, level) < 0) return -1;
  slot->span = ed_span(at, (size_t)(c->at - at));
  return 0;
}

/* The object at the cursor: the message, or its action. */
static int members(struct ed_cursor *c, struct ed_envelope *envelope, bool in_action) {
  const unsigned level = in_action ? 2 : 1;
  if (level > c->depth_max) return ed_cursor_too_deep(c);
  c->at++;
  if (ed_json_peek(c) == '}') {
    c->at++;
    return 0;
  }
  for (;;) {
    struct ed_span raw;
    bool escaped;
    if (ed_json_key(c, &raw, &escaped) < 0) return -1;
    struct ed_field *slot = find(envelope, raw, escaped, in_action);
    if ((slot ? value(c, envelope, slot, level) : ed_json_skip(c, level)) < 0) return -1;
    uint8_t next = ed_json_peek(c);
    if (next != ',' && next != '}') {
      return ed_cursor_fail(c, c->at, "invalid JSON: a comma or the end of what is open is missing");
    }
    c->at++;
    if (next == '}') return 0;
  }
}

int ed_envelope_json(struct ed_cursor *c, struct ed_envelope *envelope) {
  if (ed_json_peek(c) == '{') {
    if (members(c, envelope, false) < 0) return -1;
  } else {
    if (ed_json_skip(c, 0) < 0) return -1;
    return ed_fault(c->fault, ED_FAULT_MALFORMED, "the message must be a JSON object");
  }
  ed_json_peek(c);
  return c->at == c->end ? 0 : ed_cursor_fail(c, c->at, "invalid JSON: more follows its end");
}
