#include "main/log_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/plugin.h"
#include "main/nearest.h"

/* What core/ calls ed_log with; tests/floors looks that none is missing. */
static const char *const PARTS[] = {"admin", "host", "lws", "main", "net", "policy", "room"};

struct names {
  const char **list; /* each owned */
  size_t len, cap;
};

static void add(void *arg, const char *name) {
  struct names *names = arg;
  names->list = ed_grow(names->list, sizeof *names->list, names->len, &names->cap);
  names->list[names->len++] = ed_strdup(name);
}

static bool among(const struct names *names, const char *name) {
  for (size_t i = 0; i < names->len; i++)
    if (strcmp(names->list[i], name) == 0) return true;
  return false;
}

void ed_log_parts_check(const struct ed_config *config, const struct ed_node *node, const struct ed_report *report) {
  struct names names = {0};
  if (!config->log.parts_len) return;
  for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) add(&names, PARTS[i]);
  for (size_t i = 0; i < config->plugins_len; i++) add(&names, ed_plugin_file_name(config->plugins[i].file));
  ed_plugin_files_each(config->plugin_path, add, &names);
  for (size_t i = 0; i < config->log.parts_len; i++) {
    const char *part = config->log.parts[i].name;
    if (among(&names, part)) continue;
    const char *near = ed_nearest(part, names.list, names.len);
    if (near)
      ed_report(report, node, "there is no part or plugin %s; did you mean %s?", part, near);
    else
      ed_report(report, node, "there is no part or plugin %s; parts are admin, host, lws, main, net, policy, room",
                part);
  }
  for (size_t i = 0; i < names.len; i++) free((char *)(uintptr_t)names.list[i]);
  free(names.list);
}
