#include "main/scope.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/mem.h"
#include "main/nearest.h"

#define HOMES 2

/* The name of a knob within the scope's table, or NULL where it does not stand directly in it. */
static const char *local_name(const struct ed_scope *scope, const struct ed_knob *knob) {
  size_t len = strlen(scope->prefix);
  bool home = false;
  for (size_t i = 0; i < HOMES; i++) home = home || (scope->homes[i].at && scope->homes[i].home == knob->home);
  if (!home || strncmp(knob->name, scope->prefix, len) != 0 || strchr(knob->name + len, '.')) return NULL;
  return knob->name + len;
}

/* The knob of another table that has this very name: "limits.depth" for "depth". */
static const char *elsewhere(const char *name) {
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) {
    const char *dot = strrchr(ED_KNOBS[i].name, '.');
    if (strcmp(dot ? dot + 1 : ED_KNOBS[i].name, name) == 0) return ED_KNOBS[i].name;
  }
  return NULL;
}

static void unknown(const struct ed_scope *scope, const struct ed_node *node, const struct ed_report *report) {
  const char **names = ed_alloc((ED_KNOBS_LEN + scope->sections_len) * sizeof *names);
  size_t len = 0;
  for (size_t i = 0; i < ED_KNOBS_LEN; i++)
    if (local_name(scope, &ED_KNOBS[i])) names[len++] = local_name(scope, &ED_KNOBS[i]);
  for (size_t i = 0; i < scope->sections_len; i++) names[len++] = scope->sections[i];
  const char *near = node->name ? elsewhere(node->name) : NULL;
  if (near || !node->name) {
    ed_report_unknown(report, node, near);
  } else if ((near = ed_nearest(node->name, names, len))) {
    char *table = ed_node_path(node->parent);
    struct ed_buf path = {0};
    ed_buf_printf(&path, "%s%s%s", table, *table ? "." : "", near);
    ed_buf_add_byte(&path, 0);
    ed_report_unknown(report, node, (const char *)path.at);
    ed_buf_deinit(&path);
    free(table);
  } else {
    ed_report_unknown(report, node, NULL);
  }
  free(names);
}

static bool is_section(const struct ed_scope *scope, const char *name) {
  for (size_t i = 0; i < scope->sections_len; i++)
    if (strcmp(scope->sections[i], name) == 0) return true;
  return false;
}

static void set_child(const struct ed_scope *scope, const struct ed_node *node, const struct ed_report *report) {
  for (size_t i = 0; i < HOMES && node->name; i++) {
    if (!scope->homes[i].at) continue;
    const struct ed_knob *knob = ed_knob_find(scope->homes[i].home, scope->prefix, node->name);
    if (!knob || !local_name(scope, knob)) continue;
    ed_knob_set(knob, scope->homes[i].at, node, report);
    return;
  }
  if (!node->name || !is_section(scope, node->name)) unknown(scope, node, report);
}

void ed_scope_set(const struct ed_scope *scope, const struct ed_node *table, const struct ed_report *report) {
  if (table->kind != ED_NODE_TABLE) {
    ed_report(report, table, "expected a table, { NAME = VALUE, ... }");
    return;
  }
  const struct ed_node *node;
  DL_FOREACH(table->children, node) set_child(scope, node, report);
}
