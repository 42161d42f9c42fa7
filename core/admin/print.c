#include "admin/print.h"

#include <inttypes.h>

#include "codec/json.h"

/* A value ends with neither of the brackets that open, so the byte before says whether this is the first one. */
static void begin(struct ed_buf *out, const char *name) {
  uint8_t last = out->len ? out->at[out->len - 1] : '[';
  if (last != '{' && last != '[') ed_buf_add_byte(out, ',');
  if (!name) return;
  ed_json_add_string(out, ed_span_text(name));
  ed_buf_add_byte(out, ':');
}

void ed_print_open(struct ed_buf *out, const char *name, char bracket) {
  begin(out, name);
  ed_buf_add_byte(out, (uint8_t)bracket);
}

void ed_print_close(struct ed_buf *out, char bracket) { ed_buf_add_byte(out, (uint8_t)bracket); }

void ed_print_raw(struct ed_buf *out, const char *name, struct ed_span json) {
  begin(out, name);
  ed_buf_add_span(out, json);
}

void ed_print_span(struct ed_buf *out, const char *name, struct ed_span text) {
  begin(out, name);
  ed_json_add_string(out, text);
}

void ed_print_text(struct ed_buf *out, const char *name, const char *text) {
  if (text)
    ed_print_span(out, name, ed_span_text(text));
  else
    ed_print_raw(out, name, ED_LIT("null"));
}

void ed_print_count(struct ed_buf *out, const char *name, uint64_t number) {
  begin(out, name);
  ed_buf_add_u64(out, number);
}

void ed_print_time(struct ed_buf *out, const char *name, int64_t ms) {
  begin(out, name);
  ed_buf_printf(out, "%" PRId64, ms);
}

void ed_print_number(struct ed_buf *out, const char *name, double number) {
  begin(out, name);
  ed_json_add_double(out, number);
}

void ed_print_bool(struct ed_buf *out, const char *name, bool truth) {
  begin(out, name);
  ed_buf_add_text(out, truth ? "true" : "false");
}
