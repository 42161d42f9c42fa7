#include "net/head.h"

#include <ctype.h>
#include <strings.h>

#define DIGITS_MAX 15 /* of a Content-Length: below 2^53 */
#define PARTS_MAX \
  63 /* marks between parts of a query: libwebsockets has places for some 90, and other headers need them, too */

size_t ed_head_find_end(const uint8_t *at, size_t len, size_t seen) {
  size_t from = seen > 3 ? seen - 3 : 0;
  const uint8_t *end = len > from ? memmem(at + from, len - from, "\r\n\r\n", 4) : NULL;
  return end ? (size_t)(end - at) + 4 : 0;
}

static bool begins(const uint8_t *at, size_t len, const char *with) {
  size_t with_len = strlen(with);
  return len >= with_len && memcmp(at, with, with_len) == 0;
}

/* libwebsockets is not shown methods that nothing here answers to: CONNECT would turn the connection into a raw one. */
static int read_method(const uint8_t *at, size_t len, struct ed_head *head, const char **why) {
  head->post = begins(at, len, "POST ");
  if (head->post || begins(at, len, "GET ") || begins(at, len, "HEAD ") || begins(at, len, "OPTIONS ")) return 0;
  size_t letters = 0;
  while (letters < len && isupper(at[letters])) letters++;
  bool method = letters > 0 && letters < len && at[letters] == ' ';
  *why = method ? "this method does not work here" : "this is not HTTP";
  return method ? 405 : 400;
}

/* The value of the header field that the line is, if it is this one; else NULL. `name` has its colon. */
static uint8_t *field(uint8_t *line, size_t len, const char *name, size_t *value_len) {
  size_t name_len = strlen(name);
  if (len < name_len || strncasecmp((const char *)line, name, name_len) != 0) return NULL;
  uint8_t *value = line + name_len, *end = line + len;
  while (value < end && (*value == ' ' || *value == '\t')) value++;
  while (end > value && (end[-1] == ' ' || end[-1] == '\t')) end--;
  *value_len = (size_t)(end - value);
  return value;
}

static bool take_number(uint8_t *digits, size_t len, uint64_t *number) {
  if (len == 0 || len > DIGITS_MAX) return false;
  *number = 0;
  for (size_t i = 0; i < len; i++) {
    if (!isdigit(digits[i])) return false;
    *number = *number * 10 + (uint64_t)(digits[i] - '0');
    digits[i] = '0';
  }
  return true;
}

/* 0 or a status. */
static int read_field(uint8_t *line, size_t len, struct ed_head *head, bool *counted, const char **why) {
  size_t value_len;
  uint8_t *value = field(line, len, "content-length:", &value_len);
  if (value) {
    if (*counted || !take_number(value, value_len, &head->body_len)) {
      *why = "the Content-Length is not one number";
      return 400;
    }
    *counted = true;
  }
  if (field(line, len, "transfer-encoding:", &value_len)) {
    *why = "a body needs a Content-Length";
    return 411;
  }
  value = field(line, len, "upgrade:", &value_len);
  if (value) {
    head->upgrade |= value_len == 9 && strncasecmp((const char *)value, "websocket", 9) == 0;
    line[0] = 'x';
  }
  if (memchr(line, 0, len)) {
    *why = "a header has a NUL in it";
    return 400;
  }
  return 0;
}

static bool is_1_1(const uint8_t *at, size_t len) {
  const uint8_t *end = memchr(at, '\r', len);
  return end && end - at > 9 && memcmp(end - 9, " HTTP/1.1", 9) == 0;
}

/* What libwebsockets would answer with a page of its own, or with nothing. NULL: nothing. */
static const char *wrong_target(struct ed_span target) {
  size_t parts = 0;
  if (!target.len || target.at[0] != '/') return "the target of the request is no path";
  for (size_t i = 0; i < target.len; i++) {
    parts += target.at[i] == '&';
    if (target.at[i] != '%') continue;
    bool fine = target.len - i > 2 && isxdigit(target.at[i + 1]) && isxdigit(target.at[i + 2]);
    if (!fine || memcmp(target.at + i + 1, "00", 2) == 0) return "the target of the request has a bad escape";
  }
  return parts > PARTS_MAX ? "the query of the request has more than 64 parts" : NULL;
}

int ed_head_read(uint8_t *at, size_t len, struct ed_head *head, const char **why) {
  *head = (struct ed_head){0};
  int status = read_method(at, len, head, why);
  bool counted = false;
  bool upgradable = begins(at, len, "GET ") && is_1_1(at, len);
  for (uint8_t *line = at, *end = at + len; !status && line < end;) {
    uint8_t *next = memchr(line, '\n', (size_t)(end - line));
    if (!next) next = end; /* not in a whole head */
    size_t line_len = (size_t)(next - line);
    if (line_len && line[line_len - 1] == '\r') line_len--;
    if (line != at && line_len && !memchr(line, ':', line_len)) {
      *why = "a header has no colon";
      return 400;
    }
    status = read_field(line, line_len, head, &counted, why);
    line = next + 1;
  }
  head->upgrade &= upgradable;
  const char *wrong = status ? NULL : wrong_target(ed_head_target(ed_span(at, len)));
  if (!wrong) return status;
  *why = wrong;
  return 400;
}

struct ed_span ed_head_target(struct ed_span head) {
  const uint8_t *end = memchr(head.at, '\r', head.len), *from = memchr(head.at, ' ', (size_t)(end - head.at));
  if (!from) return ed_span(NULL, 0);
  const uint8_t *to = memchr(from + 1, ' ', (size_t)(end - from - 1));
  return to ? ed_span(from + 1, (size_t)(to - from - 1)) : ed_span(NULL, 0);
}

void ed_head_part(struct ed_span target, struct ed_span *path, struct ed_span *query) {
  const uint8_t *mark = target.len ? memchr(target.at, '?', target.len) : NULL;
  size_t path_len = mark ? (size_t)(mark - target.at) : target.len;
  *path = ed_span(target.at, path_len);
  *query = mark ? ed_span(mark + 1, target.len - path_len - 1) : ed_span(NULL, 0);
}

/* The next field of this name at or behind `*line`, which moves on; false where there is none. */
static bool next_field(const uint8_t **line, const uint8_t *end, const char *name, struct ed_span *value) {
  while (*line < end) {
    const uint8_t *at = *line, *next = memchr(at, '\n', (size_t)(end - at));
    if (!next) next = end;
    size_t len = (size_t)(next - at), value_len;
    if (len && at[len - 1] == '\r') len--;
    *line = next + 1;
    const uint8_t *found = field((uint8_t *)(uintptr_t)at, len, name, &value_len);
    if (!found) continue;
    *value = ed_span(found, value_len);
    return true;
  }
  return false;
}

bool ed_head_field(struct ed_span head, const char *name, struct ed_span *value) {
  const uint8_t *line = head.at;
  return next_field(&line, head.at + head.len, name, value);
}

void ed_head_fields(struct ed_span head, const char *name, struct ed_buf *out) {
  const uint8_t *line = head.at;
  struct ed_span value;
  for (bool first = true; next_field(&line, head.at + head.len, name, &value); first = false) {
    if (!first) ed_buf_add_byte(out, ',');
    ed_buf_add_span(out, value);
  }
}

/* The next item of a comma-separated list, which is taken off it; false at its end. */
static bool next_item(struct ed_span *list, struct ed_span *item) {
  if (!list->at) return false;
  const uint8_t *from = list->at, *end = list->at + list->len, *comma = list->len ? memchr(from, ',', list->len) : NULL;
  const uint8_t *to = comma ? comma : end;
  *list = comma ? ed_span(comma + 1, (size_t)(end - comma) - 1) : ed_span(NULL, 0);
  while (from < to && (*from == ' ' || *from == '\t')) from++;
  while (to > from && (to[-1] == ' ' || to[-1] == '\t')) to--;
  *item = ed_span(from, (size_t)(to - from));
  return true;
}

static bool lists(struct ed_span list, const char *token, int (*compare)(const char *a, const char *b, size_t len)) {
  struct ed_span item;
  while (next_item(&list, &item))
    if (item.len == strlen(token) && compare((const char *)item.at, token, item.len) == 0) return true;
  return false;
}

bool ed_head_lists(struct ed_span list, const char *token) { return lists(list, token, strncasecmp); }

bool ed_head_offers(struct ed_span head, const char *name, const char *token) {
  const uint8_t *line = head.at;
  struct ed_span list;
  while (next_field(&line, head.at + head.len, name, &list))
    if (lists(list, token, strncmp)) return true;
  return false;
}

bool ed_head_offered(struct ed_span head, const char *name, const char *prefix, struct ed_span *rest) {
  const uint8_t *line = head.at;
  struct ed_span list, item;
  size_t len = strlen(prefix);
  while (next_field(&line, head.at + head.len, name, &list))
    while (next_item(&list, &item))
      if (item.len >= len && memcmp(item.at, prefix, len) == 0) {
        *rest = ed_span(item.at + len, item.len - len);
        return true;
      }
  return false;
}
