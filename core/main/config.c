#include "main/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/mem.h"
#include "main/eval.h"
#include "main/knobs.h"
#include "main/log_parts.h"
#include "main/plugin_options.h"
#include "main/scope.h"
#include "main/spaces.h"

/* The whole file, up to one byte more than it may have. 0, or a negative errno. */
static int read_file(const char *path, struct ed_buf *source) {
  FILE *file = fopen(path, "re");
  if (!file) return -errno;
  while (source->len <= ED_EVAL_SOURCE_MAX) {
    size_t got = fread(ed_buf_reserve(source, 4096), 1, 4096, file);
    if (!got) break;
    source->len += got;
  }
  int rc = ferror(file) ? -errno : 0;
  fclose(file);
  return rc;
}

/* The table of the file; NULL, with a problem, where there is none. */
static struct ed_node *read_tree(const char *path, struct ed_lines *lines, struct ed_problems *problems) {
  struct ed_node *root = NULL;
  struct ed_buf source = {0};
  int rc = read_file(path, &source);
  if (rc) {
    ed_problems_add(problems, path, 0, "cannot be read: %s", strerror(-rc));
  } else if (source.len > ED_EVAL_SOURCE_MAX) {
    ed_problems_add(problems, path, 0, "larger than %d bytes", ED_EVAL_SOURCE_MAX);
  } else {
    ed_lines_init(lines, (const char *)source.at, source.len);
    root = ed_eval((const char *)source.at, source.len, path, problems);
  }
  ed_buf_deinit(&source);
  return root;
}

/* "-s drain=5s": how problems call what the command line has set. */
static char *origin_of(const char *option, const char *value) {
  struct ed_buf text = {0};
  ed_buf_printf(&text, "%s %s", option, value);
  ed_buf_add_byte(&text, 0);
  return (char *)text.at;
}

static void set_text(struct ed_node *node, const char *text) { node->text = ed_strdup(text); }

/* NAME=VALUE, where NAME is one or more names with a dot between two. */
static void apply_setting(struct ed_node *root, const char *setting, struct ed_problems *problems) {
  char *origin = origin_of("-s", setting);
  char *name = ed_strdup(setting), *equals = strchr(name, '=');
  if (equals) *equals = 0;
  size_t len = strlen(name);
  if (!equals || !len || name[0] == '.' || name[len - 1] == '.' || strstr(name, ".."))
    ed_problems_add(problems, origin, 0, "this needs the form NAME=VALUE, such as limits.depth=64");
  else
    set_text(ed_node_set(root, name, ED_NODE_TEXT, origin), equals + 1);
  free(name);
  free(origin);
}

static void apply_options(struct ed_node *root, const struct ed_config_options *options, struct ed_problems *problems) {
  for (size_t i = 0; i < options->settings_len; i++) apply_setting(root, options->settings[i], problems);
  struct ed_node *listen = options->listen_len ? ed_node_set(root, "listen", ED_NODE_TABLE, "-l") : NULL;
  for (size_t i = 0; i < options->listen_len; i++) {
    struct ed_node *item = ed_node_new(listen, NULL, ED_NODE_TEXT);
    item->origin = origin_of("-l", options->listen[i]);
    set_text(item, options->listen[i]);
  }
  if (!options->log) return;
  char *origin = origin_of("--log-level", options->log);
  set_text(ed_node_set(root, "log", ED_NODE_TEXT, origin), options->log);
  free(origin);
}

/* Over TCP nobody but the key says who may. */
static void check_admin(const struct ed_config *config, const struct ed_node *admin, const struct ed_report *report) {
  const char *listen = config->admin_listen;
  bool local = !strcmp(listen, "auto") || !strcmp(listen, "off") || !strncmp(listen, "unix:", 5);
  if (config->admin_key) return;
  if (!local) ed_report(report, ed_node_find(admin, "listen"), "a TCP address needs admin.key");
  if (config->admin_public) ed_report(report, ed_node_find(admin, "public"), "this needs admin.key");
  if (config->admin_origins.len) ed_report(report, ed_node_find(admin, "origins"), "this needs admin.key");
}

/* Limits come before namespaces, as these begin with them. */
static void check_root(struct ed_config *config, const struct ed_node *root, const struct ed_report *report) {
  static const char *const sections[] = {"admin", "limits", "plugins", "policies", "namespaces", "tls"};
  const struct ed_scope top = {.homes = {{ED_HOME_CONFIG, config}},
                               .prefix = "",
                               .sections = sections,
                               .sections_len = sizeof sections / sizeof *sections};
  const struct ed_scope limits = {.homes = {{ED_HOME_CONFIG, config}, {ED_HOME_LIMITS, &config->limits}},
                                  .prefix = "limits."};
  const struct ed_scope policies = {.homes = {{ED_HOME_CONFIG, config}}, .prefix = "policies."};
  const struct ed_scope admin = {.homes = {{ED_HOME_CONFIG, config}}, .prefix = "admin."};
  const struct ed_scope tls = {.homes = {{ED_HOME_CONFIG, config}}, .prefix = "tls."};
  const struct ed_node *node;
  ed_scope_set(&top, root, report);
  if ((node = ed_node_find(root, "tls"))) {
    ed_scope_set(&tls, node, report);
    if (config->tls.listen.len && !(config->tls.certificate && config->tls.key))
      ed_report(report, node, "tls.listen needs tls.certificate and tls.key");
  }
  if ((node = ed_node_find(root, "admin"))) {
    ed_scope_set(&admin, node, report);
    if (node->kind == ED_NODE_TABLE) check_admin(config, node, report);
  }
  if ((node = ed_node_find(root, "limits"))) ed_scope_set(&limits, node, report);
  if ((node = ed_node_find(root, "policies"))) ed_scope_set(&policies, node, report);
  if ((node = ed_node_find(root, "plugins"))) ed_plugin_options_set(config, node, report);
  if ((node = ed_node_find(root, "log"))) ed_log_parts_check(config, node, report);
  ed_spaces_set(config, ed_node_find(root, "namespaces"), report);
}

/* A relative path of what belongs to the configuration is meant from where its file is. */
static void place(const char **what, const char *file) {
  const char *slash = file ? strrchr(file, '/') : NULL;
  if (!slash || !*what || (*what)[0] == '/') return;
  struct ed_buf path = {0};
  ed_buf_printf(&path, "%.*s/%s", (int)(slash - file), file, *what);
  ed_buf_add_byte(&path, 0);
  free((char *)(uintptr_t)*what);
  *what = (const char *)path.at;
}

int ed_config_load(struct ed_config **config, const struct ed_config_options *options, struct ed_problems *problems) {
  struct ed_config *made = ed_zalloc(sizeof *made);
  size_t before = problems->len;
  if (options->file) made->file = ed_strdup(options->file);
  struct ed_node *root = options->file ? read_tree(options->file, &made->lines, problems) : NULL;
  if (!root) root = ed_node_new(NULL, NULL, ED_NODE_TABLE); /* what the command line says is checked nonetheless */
  apply_options(root, options, problems);
  const struct ed_report report = {options->file ? options->file : "built-in defaults", &made->lines, problems};
  ed_knobs_default(ED_HOME_CONFIG, made, &report);
  ed_knobs_default(ED_HOME_LIMITS, &made->limits, &report);
  check_root(made, root, &report);
  ed_node_free(root);
  if (problems->len > before) {
    ed_problems_sort(problems);
    ed_config_free(made);
    return -EINVAL;
  }
  place(&made->scripts, options->file);
  place(&made->tls.certificate, options->file);
  place(&made->tls.key, options->file);
  *config = made;
  return 0;
}

void ed_config_free(struct ed_config *config) {
  if (!config) return;
  free(config->file);
  ed_lines_deinit(&config->lines);
  ed_spaces_release(config);
  ed_plugin_options_release(config);
  ed_knobs_release(ED_HOME_LIMITS, &config->limits);
  ed_knobs_release(ED_HOME_CONFIG, config);
  free(config);
}
