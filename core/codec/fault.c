#include "codec/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec/utf8.h"

static const struct row {
  const char *name;
  int status;
  const char *text;
} ROWS[] = {[ED_FAULT_NONE] = {"none", 200, "nothing is wrong"},
#define X(code, name, status, text) [ED_FAULT_##code] = {name, status, text},
            ED_FAULTS(X)
#undef X
};

const char *ed_fault_name(enum ed_fault_code code) { return ROWS[code].name; }

int ed_fault_status(enum ed_fault_code code) { return ROWS[code].status; }

/* What was cut within a character ends before it; what scripts and plugins have said may have been none. */
static void mend(char *text, bool cut) {
  for (const uint8_t *bad; (bad = ed_utf8_check(ed_span_text(text)));) {
    char *at = text + (bad - (const uint8_t *)text);
    *at = cut && strlen(at) < 4 ? 0 : '?';
  }
}

int ed_fault(struct ed_fault *fault, enum ed_fault_code code, const char *format, ...) {
  if (!fault) return -1;
  fault->code = code;
  fault->wait_s = 0;
  va_list args;
  va_start(args, format);
  if (format)
    mend(fault->text, vsnprintf(fault->text, sizeof fault->text, format, args) >= (int)sizeof fault->text);
  else
    snprintf(fault->text, sizeof fault->text, "%s", ROWS[code].text);
  va_end(args);
  return -1;
}
