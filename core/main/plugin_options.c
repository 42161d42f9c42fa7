#include "main/plugin_options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/mem.h"
#include "main/knobs.h"
#include "main/nearest.h"

/* ---- one option ---- */

static const struct eddy_option *option_find(const struct eddy_option *options, const char *name) {
  for (; options->name; options++)
    if (strcmp(options->name, name) == 0) return options;
  return NULL;
}

/* Whether `text` is one of the words of `list`, which are parted by spaces. */
static bool one_of(const char *text, const char *list) {
  size_t len = strlen(text);
  for (const char *word = list; *word;) {
    size_t word_len = strcspn(word, " ");
    if (word_len == len && memcmp(word, text, len) == 0) return true;
    word += word_len;
    word += strspn(word, " ");
  }
  return false;
}

static void set_text(struct ed_plugin_setting *setting, const struct eddy_option *option, const struct ed_node *node,
                     const struct ed_report *report) {
  if (node->kind != ED_NODE_TEXT) {
    ed_report(report, node, "expected a text");
  } else if (option->one_of && !one_of(node->text, option->one_of)) {
    ed_report(report, node, "\"%s\" is none of: %s", node->text, option->one_of);
  } else {
    free((char *)setting->text);
    setting->text = ed_strdup(node->text);
  }
}

/* As any knob of the daemon's own. */
static void set(struct ed_plugin_setting *setting, const struct eddy_option *option, const struct ed_node *node,
                const struct ed_report *report) {
  static const enum ed_kind kinds[] = {[EDDY_OPTION_DURATION] = ED_KIND_DURATION,
                                       [EDDY_OPTION_SIZE] = ED_KIND_SIZE,
                                       [EDDY_OPTION_COUNT] = ED_KIND_COUNT,
                                       [EDDY_OPTION_BOOL] = ED_KIND_BOOL};
  if (option->kind == EDDY_OPTION_TEXT) {
    set_text(setting, option, node, report);
    return;
  }
  const struct ed_knob knob = {.name = option->name,
                               .kind = kinds[option->kind],
                               .min = option->min,
                               .max = option->max ? option->max : (uint64_t)1 << 53};
  bool truth = setting->number;
  ed_knob_set(&knob, option->kind == EDDY_OPTION_BOOL ? (void *)&truth : &setting->number, node, report);
  if (option->kind == EDDY_OPTION_BOOL) setting->number = truth;
}

static void set_default(struct ed_plugin_setting *setting, const struct eddy_option *option,
                        const struct ed_node *plugin, const struct ed_report *report) {
  struct ed_node *node = ed_node_new(NULL, option->name, ED_NODE_TEXT);
  size_t before = report->problems->len;
  node->text = ed_strdup(option->standard);
  node->origin = ed_strdup("default"); /* as on the command line, a text stands for any kind */
  setting->name = option->name;
  set(setting, option, node, report);
  if (report->problems->len > before) ed_report(report, plugin, "the default of its option %s is wrong", option->name);
  ed_node_free(node);
}

static void unknown(const struct eddy_option *options, const struct ed_node *node, const struct ed_report *report) {
  const char *names[64];
  size_t len = 0;
  for (; options->name && len < 64; options++) names[len++] = options->name;
  const char *near = node->name ? ed_nearest(node->name, names, len) : NULL;
  struct ed_buf path = {0};
  if (near) {
    char *table = ed_node_path(node->parent);
    ed_buf_printf(&path, "%s.%s", table, near);
    ed_buf_add_byte(&path, 0);
    free(table);
  }
  ed_report_unknown(report, node, near ? (const char *)path.at : NULL);
  ed_buf_deinit(&path);
}

/* ---- one plugin ---- */

static void spec_release(struct ed_plugin_spec *spec) {
  struct ed_plugin_setting *settings = (struct ed_plugin_setting *)spec->settings; /* ours: const is for readers */
  for (size_t i = 0; i < spec->settings_len; i++) free((char *)settings[i].text);
  free(settings);
  ed_plugin_file_close(spec->file);
}

static void set_options(struct ed_plugin_spec *spec, const struct ed_node *plugin, const struct ed_report *report) {
  const struct eddy_option *options = ed_plugin_file_options(spec->file);
  size_t len = 0;
  while (options[len].name) len++;
  struct ed_plugin_setting *settings = ed_zalloc((len + 1) * sizeof *settings);
  spec->settings = settings;
  spec->settings_len = len;
  for (size_t i = 0; i < len; i++) set_default(&settings[i], &options[i], plugin, report);
  const struct ed_node *node;
  DL_FOREACH(plugin->children, node) {
    const struct eddy_option *option = node->name ? option_find(options, node->name) : NULL;
    if (option)
      set(&settings[option - options], option, node, report);
    else
      unknown(options, node, report);
  }
}

/* Says so where it cannot be together with one that is there already. */
static void check_together(const struct ed_config *config, const struct ed_plugin_file *file,
                           const struct ed_node *plugin, const struct ed_report *report) {
  char why[512];
  for (size_t i = 0; i < config->plugins_len; i++)
    if (ed_plugin_files_clash(config->plugins[i].file, file, why)) ed_report(report, plugin, "%s", why);
}

static void add(struct ed_config *config, const struct ed_node *plugin, const struct ed_report *report) {
  struct ed_plugin_spec spec = {0};
  char why[512];
  int rc = 0;
  if (!plugin->name || plugin->kind != ED_NODE_TABLE) {
    ed_report(report, plugin, "expected a plugin and its options, PLUGIN = { NAME = VALUE, ... }");
  } else if ((rc = ed_plugin_file_open(&spec.file, plugin->name, config->plugin_path, why)) != 0) {
    ed_report(report, plugin, "%s%s", why, rc == -ENOENT ? "; plugin_path names another folder" : "");
  } else {
    set_options(&spec, plugin, report);
    check_together(config, spec.file, plugin, report);
    config->plugins = ed_grow(config->plugins, sizeof *config->plugins, config->plugins_len, &config->plugins_cap);
    config->plugins[config->plugins_len++] = spec;
  }
}

/* ---- all of them ---- */

static int line_of(const struct ed_node *plugin, const struct ed_report *report) {
  char *path = ed_node_path(plugin);
  int line = plugin->origin ? 0 : ed_lines_find(report->lines, path);
  free(path);
  return line ? line : INT_MAX; /* those of the command line alone come last */
}

void ed_plugin_options_set(struct ed_config *config, const struct ed_node *plugins, const struct ed_report *report) {
  if (plugins->kind != ED_NODE_TABLE) {
    ed_report(report, plugins, "expected a table of plugins, PLUGIN = { ... }");
    return;
  }
  const struct ed_node *node;
  size_t len = 0;
  DL_FOREACH(plugins->children, node) len++;
  const struct ed_node **sorted = ed_alloc((len + 1) * sizeof *sorted);
  size_t used = 0;
  DL_FOREACH(plugins->children, node) { /* few: each moves up past those of later lines */
    size_t at = used++;
    for (; at && line_of(sorted[at - 1], report) > line_of(node, report); at--) sorted[at] = sorted[at - 1];
    sorted[at] = node;
  }
  for (size_t i = 0; i < used; i++) add(config, sorted[i], report);
  free(sorted);
}

void ed_plugin_options_release(struct ed_config *config) {
  for (size_t i = 0; i < config->plugins_len; i++) spec_release(&config->plugins[i]);
  free(config->plugins);
}
