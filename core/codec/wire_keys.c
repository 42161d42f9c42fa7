#include "codec/wire_keys.h"

#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/json_scan.h"

bool ed_wire_list(enum ed_encoding encoding, const struct ed_field *field) {
  if (field->kind != ED_FIELD_OTHER) return false;
  return encoding == ED_JSON ? *field->span.at == '[' : *field->span.at >> 5 == ED_CBOR_ARRAY;
}

void ed_wire_keys_begin(struct ed_wire_keys *keys, const struct ed_request *request) {
  *keys = (struct ed_wire_keys){request->encoding, ed_cursor(request->keys, ED_DEPTH_MAX, NULL), 0};
  struct ed_cbor_head head;
  if (keys->encoding == ED_JSON)
    keys->at.at++;
  else if (ed_cbor_head(&keys->at, &head) == 0) /* always: it was checked */
    keys->left = head.info == 31 ? UINT64_MAX : head.argument;
}

static bool next_json(struct ed_cursor *c, struct ed_field *item) {
  uint8_t first = ed_json_peek(c);
  if (first == ',') {
    c->at++;
    first = ed_json_peek(c);
  }
  *item = (struct ed_field){.kind = first == '"' ? ED_FIELD_TEXT : ED_FIELD_OTHER};
  if (first == ']') return false;
  return (first == '"' ? ed_json_string(c, &item->span, &item->pieces) : ed_json_skip(c, 0)) == 0;
}

static bool next_cbor(struct ed_wire_keys *keys, struct ed_field *item) {
  struct ed_cursor *c = &keys->at;
  if (keys->left == 0 || (keys->left == UINT64_MAX && *c->at == ED_CBOR_BREAK)) return false;
  if (keys->left != UINT64_MAX) keys->left--;
  const uint8_t *at = c->at;
  if (ed_cbor_skip(c, 0) < 0) return false;
  *item = ed_field_cbor(ed_span(at, (size_t)(c->at - at)));
  return true;
}

static bool next(struct ed_wire_keys *keys, struct ed_field *item) {
  return keys->encoding == ED_JSON ? next_json(&keys->at, item) : next_cbor(keys, item);
}

bool ed_wire_keys_next(struct ed_wire_keys *keys, struct ed_buf *scratch, struct ed_span *key) {
  struct ed_field item;
  if (!next(keys, &item)) return false;
  *key = ed_field_text(keys->encoding, &item, scratch);
  return true;
}

int ed_wire_keys_check(const struct ed_request *request, const struct ed_wire_limits *limits, struct ed_buf *scratch,
                       struct ed_fault *fault) {
  struct ed_wire_keys keys;
  struct ed_field item;
  size_t count = 0;
  ed_wire_keys_begin(&keys, request);
  while (next(&keys, &item)) {
    if (item.kind != ED_FIELD_TEXT) return ed_fault(fault, ED_FAULT_MALFORMED, "\"keys\" must be strings");
    if (ed_field_text(keys.encoding, &item, scratch).len > limits->key)
      return ed_fault(fault, ED_FAULT_TOO_LARGE, "a key is longer than limits.key (%zu bytes)", limits->key);
    if (++count > limits->keys)
      return ed_fault(fault, ED_FAULT_TOO_LARGE, "there are more keys than limits.keys allows (%zu)", limits->keys);
  }
  return 0;
}
