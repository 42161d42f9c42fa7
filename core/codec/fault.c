#include "codec/fault.h"

#include <stdarg.h>
#include <stdio.h>

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

int ed_fault(struct ed_fault *fault, enum ed_fault_code code, const char *format, ...) {
  if (!fault) return -1;
  fault->code = code;
  fault->wait_s = 0;
  va_list args;
  va_start(args, format);
  if (format)
    vsnprintf(fault->text, sizeof fault->text, format, args);
  else
    snprintf(fault->text, sizeof fault->text, "%s", ROWS[code].text);
  va_end(args);
  return -1;
}
