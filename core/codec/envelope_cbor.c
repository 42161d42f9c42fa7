#include "codec/cbor.h"
#include "codec/envelope.h"

static struct ed_span since(const struct ed_cursor *c, const uint8_t *at) { return ed_span(at, (size_t)(c->at - at)); }

struct ed_field ed_field_cbor(struct ed_span item) {
  struct ed_cursor c = ed_cursor(item, 0, NULL);
  struct ed_field slot = {.kind = ED_FIELD_OTHER, .span = item};
  struct ed_cbor_head head;
  if (ed_cbor_head(&c, &head) < 0) return slot; /* never: it was checked */
  if (head.major == ED_CBOR_TEXT) {
    slot.kind = ED_FIELD_TEXT;
    slot.pieces = head.info == 31;
    if (slot.pieces) return slot;
    slot.head_len = (uint8_t)(c.at - item.at);
    slot.span = ed_span(c.at, ed_cursor_left(&c));
  } else if (head.major == ED_CBOR_UINT || head.major == ED_CBOR_NINT ||
             (head.major == ED_CBOR_SIMPLE && head.info >= 25 && head.info <= 27)) {
    slot.kind = ED_FIELD_NUMBER;
  } else if (*item.at == ED_CBOR_NULL) {
    slot.kind = ED_FIELD_NULL;
  } else if (*item.at == ED_CBOR_UNDEFINED) {
    slot.kind = ED_FIELD_ABSENT; /* what JavaScript's encoders make of a member that has no value */
  }
  return slot;
}

static struct ed_field *find(struct ed_envelope *envelope, struct ed_span key, bool in_action) {
  struct ed_field name = ed_field_cbor(key);
  if (name.kind != ED_FIELD_TEXT) return NULL;
  if (!name.pieces) return ed_envelope_field(envelope, name.span, in_action);
  envelope->scratch->len = 0;
  ed_cbor_join(name.span, envelope->scratch);
  return ed_envelope_field(envelope, ed_buf_span(envelope->scratch), in_action);
}

static int members(struct ed_cursor *c, struct ed_envelope *envelope, bool in_action, unsigned level);

static int value(struct ed_cursor *c, struct ed_envelope *envelope, struct ed_field *slot, unsigned level) {
  const uint8_t *at = c->at;
  if (slot == &envelope->members[ED_MEMBER_ACTION] && at < c->end && *at >> 5 == ED_CBOR_MAP) {
    envelope->action_type = envelope->action_seq = (struct ed_field){.kind = ED_FIELD_ABSENT};
    *slot = (struct ed_field){.kind = ED_FIELD_MAP};
    return members(c, envelope, true, level + 1);
  }
  if (ed_cbor_skip(c, level) < 0) return -1;
  *slot = ed_field_cbor(since(c, at));
  /* the value of a push may be anything, undefined too */
  if (slot == &envelope->members[ED_MEMBER_VALUE]) *slot = (struct ed_field){.kind = ED_FIELD_OTHER, .span = since(c, at)};
  return 0;
}

/* The map at the cursor, the message or its action, itself at `level`. */
static int members(struct ed_cursor *c, struct ed_envelope *envelope, bool in_action, unsigned level) {
  if (level > c->depth_max) return ed_cursor_too_deep(c);
  struct ed_cbor_head head;
  if (ed_cbor_head(c, &head) < 0) return -1;
  const bool indefinite = head.info == 31;
  for (uint64_t i = 0; indefinite || i < head.argument; i++) {
    const uint8_t *at = c->at;
    if (indefinite && at < c->end && *at == ED_CBOR_BREAK) {
      c->at++;
      break;
    }
    if (ed_cbor_skip(c, level) < 0) return -1;
    struct ed_field *slot = find(envelope, since(c, at), in_action);
    if ((slot ? value(c, envelope, slot, level) : ed_cbor_skip(c, level)) < 0) return -1;
  }
  return 0;
}

int ed_envelope_cbor(struct ed_cursor *c, struct ed_envelope *envelope) {
  unsigned level = 1; /* of the map; each tag before it (55799 says "this is CBOR") is one more */
  for (; c->at < c->end && *c->at >> 5 == ED_CBOR_TAG; level++) {
    struct ed_cbor_head tag;
    if (level > c->depth_max) return ed_cursor_too_deep(c);
    if (ed_cbor_head(c, &tag) < 0) return -1;
  }
  if (c->at < c->end && *c->at >> 5 == ED_CBOR_MAP) {
    if (members(c, envelope, false, level) < 0) return -1;
  } else {
    if (ed_cbor_skip(c, level - 1) < 0) return -1;
    return ed_fault(c->fault, ED_FAULT_MALFORMED, "the message must be a CBOR map");
  }
  return c->at == c->end ? 0 : ed_cursor_fail(c, c->at, "invalid CBOR: more follows its end");
}
