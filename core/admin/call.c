#include "admin/call.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int ed_admin_fail(struct ed_admin_call *call, int status, const char *format, ...) {
  char text[700];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  struct ed_buf *out = &call->page->answer;
  call->page->status = status;
  out->len = 0;
  ed_print_open(out, NULL, '{');
  ed_print_text(out, "error", text);
  ed_print_close(out, '}');
  return -1;
}

int ed_admin_fault(struct ed_admin_call *call, const struct ed_fault *fault) {
  return ed_admin_fail(call, ed_fault_status(fault->code), "%s", fault->text);
}

/* ---- the query ---- */

struct ed_span ed_admin_arg(const struct ed_admin_call *call, const char *name) {
  struct ed_span query = call->page->query;
  size_t name_len = strlen(name);
  for (size_t at = 0; at < query.len;) {
    const char *part = (const char *)query.at + at;
    size_t len = strlen(part);
    if (len > name_len && part[name_len] == '=' && memcmp(part, name, name_len) == 0)
      return ed_span(part + name_len + 1, len - name_len - 1);
    at += len + 1;
  }
  return ed_span(NULL, 0);
}

int ed_admin_number(struct ed_admin_call *call, const char *name, uint64_t fallback, uint64_t max, uint64_t *number) {
  struct ed_span text = ed_admin_arg(call, name);
  *number = 0;
  bool good = text.len > 0 && text.len < 20;
  for (size_t i = 0; good && i < text.len; i++) {
    good = isdigit(text.at[i]);
    *number = *number * 10 + (uint64_t)(text.at[i] - '0');
  }
  if (!text.at) *number = fallback;
  if ((good || !text.at) && *number <= max) return 0;
  return ed_admin_fail(call, 400, "%s is not a number up to %llu", name, (unsigned long long)max);
}

/* ---- the body ---- */

bool ed_admin_listed(const char *list, struct ed_span name) {
  for (const char *word = list; *word;) {
    size_t len = strcspn(word, " ");
    if (ed_span_equal(name, ed_span(word, len))) return true;
    word += len + (word[len] == ' ');
  }
  return false;
}

json_t *ed_admin_body(struct ed_admin_call *call, const char *members) {
  json_error_t error;
  struct ed_span bytes = call->page->body;
  json_t *body =
      json_loadb(bytes.len ? (const char *)bytes.at : "", bytes.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
  const char *name;
  json_t *value;
  bool known = json_is_object(body);
  if (known) json_object_foreach(body, name, value) known = known && ed_admin_listed(members, ed_span_text(name));
  if (known) return body;
  json_decref(body);
  ed_admin_fail(call, 400, "the body is not a JSON object with %s", members);
  return NULL;
}

bool ed_admin_text(struct ed_admin_call *call, const json_t *body, const char *name, struct ed_span *text) {
  const json_t *value = json_object_get(body, name);
  *text = ed_span(json_string_value(value), json_string_length(value));
  return json_is_string(value) || ed_admin_fail(call, 400, "\"%s\" is not a text", name) == 0;
}

bool ed_admin_count(struct ed_admin_call *call, const json_t *body, const char *name, uint64_t *number) {
  const json_t *value = json_object_get(body, name);
  *number = (uint64_t)json_integer_value(value);
  bool good = json_is_integer(value) && json_integer_value(value) >= 0;
  return good || ed_admin_fail(call, 400, "\"%s\" is not a number from 0 on", name) == 0;
}

/* ---- rooms ---- */

struct ed_room *ed_admin_room(struct ed_admin_call *call) {
  const struct ed_admin_options *options = &call->admin->options;
  for (size_t i = 0; i < options->spaces_len; i++) {
    if (!ed_span_equal(call->space, ed_span_text(options->spaces[i]->name))) continue;
    struct ed_fault fault;
    struct ed_room *room = ed_hub_get(call->admin->hub, options->spaces[i], call->id, &fault);
    if (!room) ed_admin_fault(call, &fault);
    return room;
  }
  ed_admin_fail(call, 404, "there is no such namespace");
  return NULL;
}

uint64_t ed_admin_queued(const struct ed_room *room) {
  uint64_t bytes = 0;
  const struct ed_member *member;
  for (size_t i = 0; (member = ed_room_member_at(room, i)); i++) bytes += member->queue.bytes;
  return bytes;
}

static bool wild(uint8_t byte) { return byte == '*' || byte == '?'; }

/* Only the last * is ever gone back to, so it takes pattern times text at most. */
bool ed_admin_match(struct ed_span pattern, struct ed_span text) {
  bool any = false;
  for (size_t i = 0; i < pattern.len; i++) any = any || wild(pattern.at[i]);
  if (!any) return pattern.len == 0 || (text.len && memmem(text.at, text.len, pattern.at, pattern.len));
  size_t p = 0, t = 0, star = SIZE_MAX, from = 0;
  while (t < text.len) {
    if (p < pattern.len && pattern.at[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.len && (pattern.at[p] == '?' || pattern.at[p] == text.at[t])) {
      p++;
      t++;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.len && pattern.at[p] == '*') p++;
  return p == pattern.len;
}
