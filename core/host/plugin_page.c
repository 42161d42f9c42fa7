/* Pages of plugins: whose a path is, and what an answer may say. */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "host/plugin_private.h"

#define PATH_MAX_LEN 32

/* ---- paths ---- */

/* What the daemon answers itself. */
static const char *const TAKEN[] = {"new", "room", "db", "healthz", "admin"};

static bool path_valid(const char *path) {
  size_t len = strlen(path);
  return len <= PATH_MAX_LEN && path[0] != '.' && strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

int ed_plugin_paths_check(const struct eddy_plugin *table, char why[256]) {
  if (table->paths && !table->http) {
    snprintf(why, 256, "it has paths of its own, but no pages");
    return -EINVAL;
  }
  for (size_t i = 0; table->paths && table->paths[i]; i++) {
    const char *path = table->paths[i];
    if (!path_valid(path)) {
      snprintf(why, 256, "a path of its own is not 1 to %d of a-z 0-9 - _ .", PATH_MAX_LEN);
      return -EINVAL;
    }
    for (size_t k = 0; k < sizeof TAKEN / sizeof *TAKEN; k++)
      if (strcmp(path, TAKEN[k]) == 0) {
        snprintf(why, 256, "it wants the path /%s, which is the daemon's", path);
        return -EINVAL;
      }
  }
  return 0;
}

/* Whether it answers to this first part of a path. */
static bool has(const struct eddy_plugin *table, struct ed_span part) {
  if (!table->http) return false;
  for (size_t i = 0; table->paths && table->paths[i]; i++)
    if (ed_span_equal(part, ed_span_text(table->paths[i]))) return true;
  return false;
}

static bool is_named(const struct eddy_plugin *table, struct ed_span part) {
  return table->http && ed_span_equal(part, ed_span_text(table->name));
}

static bool clash(const struct eddy_plugin *a, const struct eddy_plugin *b, char why[512]) {
  for (size_t i = 0; a->paths && a->paths[i]; i++) {
    struct ed_span path = ed_span_text(a->paths[i]);
    if (!has(b, path) && !is_named(b, path)) continue;
    snprintf(why, 512, "the plugins %s and %s both want the path /%s", a->name, b->name, a->paths[i]);
    return true;
  }
  return false;
}

bool ed_plugin_files_clash(const struct ed_plugin_file *a, const struct ed_plugin_file *b, char why[512]) {
  return clash(&a->table, &b->table, why) || clash(&b->table, &a->table, why);
}

/* The plugin of /NAME or /NAME/..., and what follows the name; or whose own path it is, and then that is NULL. */
static struct eddy_core *core_of(struct ed_plugins *plugins, struct ed_span path, struct ed_span *rest) {
  if (!path.len || path.at[0] != '/' || memchr(path.at, 0, path.len)) return NULL;
  const uint8_t *slash = memchr(path.at + 1, '/', path.len - 1);
  size_t len = slash ? (size_t)(slash - path.at) : path.len;
  struct ed_span part = ed_span(path.at + 1, len - 1);
  for (size_t i = 0; i < plugins->cores_len; i++) {
    struct eddy_core *core = &plugins->cores[i];
    *rest = ed_span(path.at + len, path.len - len);
    if (is_named(core->table, part)) return core;
    *rest = ed_span(NULL, 0);
    if (has(core->table, part) && (part.len || path.len == 1)) return core;
  }
  return NULL;
}

/* ---- answers ---- */

/* What stands in a header: nothing that could end it. */
static bool printable(struct eddy_text text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.at[i] < 0x20 || text.at[i] > 0x7e) return false;
  return true;
}

static bool is(struct eddy_text name, const char *other) {
  return name.len == strlen(other) && strncasecmp(name.at, other, name.len) == 0;
}

static bool field_allowed(const struct eddy_http_field *field) {
  static const char *const OURS[] = {"connection", "keep-alive", "transfer-encoding", "trailer",
                                     "upgrade",    "te",         "content-length",    "content-type"};
  struct eddy_text name = field->name;
  if (!name.len || name.len > 64 || !printable(field->value)) return false;
  for (size_t i = 0; i < name.len; i++)
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", name.at[i]) || !name.at[i])
      return false;
  for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++)
    if (is(name, OURS[i])) return false;
  return name.len < 15 || strncasecmp(name.at, "access-control-", 15) != 0;
}

static void add_fields(struct ed_plugin_page *page, const struct eddy_http_answer *answer) {
  for (size_t i = 0; i < answer->fields_len; i++) {
    const struct eddy_http_field *field = &answer->fields[i];
    if (!field_allowed(field)) continue;
    ed_buf_add(&page->fields, field->name.at, field->name.len);
    ed_buf_add_text(&page->fields, ": ");
    ed_buf_add(&page->fields, field->value.at, field->value.len);
    ed_buf_add_text(&page->fields, "\r\n");
    page->caches |= is(field->name, "cache-control");
    page->allows |= is(field->name, "allow");
  }
}

static void add_type(struct ed_plugin_page *page, struct eddy_text type) {
  if (type.len && type.len < 128 && printable(type))
    ed_buf_add(&page->type, type.at, type.len);
  else
    ed_buf_add_text(&page->type, "application/json");
  ed_buf_add_byte(&page->type, 0);
}

bool ed_plugins_page(struct ed_plugins *plugins, struct ed_plugin_page *page) {
  struct ed_span rest;
  struct eddy_core *core = core_of(plugins, page->path, &rest);
  if (!core) return false;
  const struct eddy_http_request request = {.size = sizeof request,
                                            .method = ed_plugin_text(page->method),
                                            .path = ed_plugin_text(rest),
                                            .query = ed_plugin_text(page->query),
                                            .body = ed_plugin_text(page->body),
                                            .peer = ed_plugin_text(page->peer),
                                            .own_path = ed_plugin_text(rest.at ? ed_span(NULL, 0) : page->path),
                                            .if_none_match = ed_plugin_text(page->if_none_match),
                                            .accept_encoding = ed_plugin_text(page->accept_encoding)};
  struct eddy_http_answer answer = {.size = sizeof answer};
  core->table->http(core->self, &request, &answer);
  page->status = answer.status >= 200 && answer.status <= 599 ? answer.status : 200;
  add_type(page, answer.content_type);
  add_fields(page, &answer);
  if (answer.body_done) {
    page->kept = ed_span(answer.body.at, answer.body.len);
    page->kept_done = answer.body_done;
    page->kept_arg = answer.body_arg;
  } else {
    ed_buf_add(&page->answer, answer.body.at, answer.body.len);
  }
  return true;
}
