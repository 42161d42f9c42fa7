/* Any bytes as JSON: the one-pass check, the reader and jansson must agree, and what is valid must transcode. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  enum { DEPTH = 64 };
  struct ed_span bytes = ed_span(data, len);
  enum ed_fault_code code = check(ED_JSON, bytes, DEPTH);
  MUST(read_through(ED_JSON, bytes, DEPTH) == code);
  ask_jansson(bytes, code);
  if (code == ED_FAULT_NONE) there_and_back(ED_JSON, bytes);
  return 0;
}
