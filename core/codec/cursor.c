#include "codec/cursor.h"

void ed_cursor_malformed(const struct ed_cursor *c, const uint8_t *where, const char *what) {
  ed_fault(c->fault, ED_FAULT_MALFORMED, "%s at byte %zu", what, (size_t)(where - c->start));
}

void ed_cursor_deep(const struct ed_cursor *c) {
  ed_fault(c->fault, ED_FAULT_TOO_DEEP, "nested deeper than limits.depth (%u) at byte %zu", c->depth_max,
           (size_t)(c->at - c->start));
}
