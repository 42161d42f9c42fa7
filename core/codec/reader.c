#include "codec/reader_private.h"

void ed_reader_init(struct ed_reader *reader, enum ed_encoding encoding, struct ed_span bytes, unsigned depth_max) {
  reader->fault.code = ED_FAULT_NONE;
  reader->encoding = encoding;
  reader->cursor = ed_cursor(bytes, depth_max, &reader->fault);
  reader->level = 0;
  reader->fresh = reader->done = reader->value_due = false;
  reader->pieces_of = 0;
  reader->place = ED_PLACE_TOP;
  reader->first = false;
}

int ed_reader_next(struct ed_reader *reader, struct ed_token *token) {
  return reader->encoding == ED_JSON ? ed_reader_next_json(reader, token) : ed_reader_next_cbor(reader, token);
}
