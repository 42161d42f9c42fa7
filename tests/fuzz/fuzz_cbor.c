/* Any bytes as CBOR: the one-pass check and the reader (libcbor's streaming decoder) must agree, and what is valid must
 * transcode. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  enum { DEPTH = 64 };
  struct ed_span bytes = ed_span(data, len);
  enum ed_fault_code code = check(ED_CBOR, bytes, DEPTH);
  MUST(read_through(ED_CBOR, bytes, DEPTH) == code);
  if (code == ED_FAULT_NONE) there_and_back(ED_CBOR, bytes);
  return 0;
}
