#include "main/ctl/view.h"

#include <stdlib.h>

#include "codec/json.h"

static struct ed_cursor cursor_at(struct ed_span text) { return ed_cursor(text, ED_DEPTH_MAX, NULL); }

static void skip_space(struct ed_cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) c->at++;
}

/* One value, without the space around it. False: there is none. */
static bool take(struct ed_cursor *c, struct ed_span *value) {
  skip_space(c);
  const uint8_t *start = c->at;
  if (ed_json_skip(c, 0) < 0) return false;
  *value = ed_span(start, (size_t)(c->at - start));
  return true;
}

static bool take_byte(struct ed_cursor *c, char byte) {
  skip_space(c);
  if (c->at == c->end || *c->at != (uint8_t)byte) return false;
  c->at++;
  return true;
}

bool ed_view_valid(struct ed_span text) {
  struct ed_cursor c = cursor_at(text);
  struct ed_span value;
  if (!take(&c, &value)) return false;
  skip_space(&c);
  return c.at == c.end;
}

struct ed_span ed_view_member(struct ed_span object, const char *name) {
  struct ed_cursor c = cursor_at(object);
  struct ed_span key, value;
  bool more = take_byte(&c, '{');
  while (more && take(&c, &key) && take_byte(&c, ':') && take(&c, &value)) {
    if (key.len == strlen(name) + 2 && memcmp(key.at + 1, name, key.len - 2) == 0) return value;
    more = take_byte(&c, ',');
  }
  return ed_span(NULL, 0);
}

bool ed_view_next(struct ed_span array, size_t *at, struct ed_span *item) {
  struct ed_cursor c = cursor_at(array);
  c.at += *at;
  bool good = take_byte(&c, *at ? ',' : '[') && take(&c, item);
  *at = (size_t)(c.at - c.start);
  return good;
}

void ed_view_text(struct ed_buf *out, struct ed_span value) {
  if (value.len >= 2 && value.at[0] == '"') {
    ed_buf_reserve(out, value.len);
    ed_json_unescape(ed_span(value.at + 1, value.len - 2), out);
  } else {
    ed_buf_add_span(out, value);
  }
}

double ed_view_number(struct ed_span value) {
  char digits[64] = "";
  if (value.len < sizeof digits && value.len) memcpy(digits, value.at, value.len);
  return strtod(digits, NULL);
}
