#include "main/spaces.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "codec/utf8.h"
#include "main/knobs.h"
#include "main/scope.h"

static struct ed_space *space_add(struct ed_config *config, const char *name, const struct ed_report *report) {
  struct ed_space *space = ed_zalloc(sizeof *space);
  space->name = ed_strdup(name);
  space->limits = config->limits;
  ed_knobs_default(ED_HOME_SPACE, space, report);
  config->spaces = ed_grow(config->spaces, sizeof *config->spaces, config->spaces_len, &config->spaces_cap);
  config->spaces[config->spaces_len++] = space;
  return space;
}

static bool identifier(const char *name) {
  if (!isalpha((unsigned char)*name) && *name != '_') return false;
  for (; *name; name++)
    if (!isalnum((unsigned char)*name) && *name != '_') return false;
  return true;
}

/* What a text of the command line stands for: true, false, a number, or itself. */
static void guess(struct ed_policy_knob *knob, const char *text) {
  char *end;
  double number = strtod(text, &end);
  bool digits = *text && !*end && strspn(text, "0123456789.eE+-") == strlen(text);
  bool truth = strcmp(text, "true") == 0;
  if (truth || strcmp(text, "false") == 0) {
    knob->kind = ED_KNOB_BOOL;
    knob->truth = truth;
  } else if (digits) {
    knob->kind = ED_KNOB_NUMBER;
    knob->number = number;
  } else {
    knob->kind = ED_KNOB_TEXT;
    knob->text = ed_strdup(text);
  }
}

/* Fills `knob`; false, with a report, where the value is no knob's. */
static bool policy_knob(struct ed_policy_knob *knob, const struct ed_node *node, const struct ed_report *report) {
  if (!node->name || !identifier(node->name)) {
    ed_report(report, node, "a knob has a name of letters, digits and _, not beginning with a digit");
    return false;
  }
  if (node->kind == ED_NODE_TEXT && ed_utf8_check(ed_span_text(node->text))) {
    ed_report(report, node, "the text is not in UTF-8");
    return false;
  }
  if (node->kind == ED_NODE_TABLE || node->kind == ED_NODE_OTHER) {
    ed_report(report, node, "expected a number, a text, true or false");
    return false;
  }
  if (node->kind == ED_NODE_NUMBER) {
    knob->kind = ED_KNOB_NUMBER;
    knob->number = node->number;
  } else if (node->kind == ED_NODE_BOOL) {
    knob->kind = ED_KNOB_BOOL;
    knob->truth = node->flag;
  } else if (node->origin) {
    guess(knob, node->text);
  } else {
    knob->kind = ED_KNOB_TEXT;
    knob->text = ed_strdup(node->text);
  }
  knob->name = ed_strdup(node->name);
  return true;
}

static void set_policy_knobs(struct ed_space *space, const struct ed_node *table, const struct ed_report *report) {
  if (table->kind != ED_NODE_TABLE) {
    ed_report(report, table, "expected a table, { NAME = VALUE, ... }");
    return;
  }
  const struct ed_node *node;
  size_t len = 0;
  DL_COUNT(table->children, node, len);
  struct ed_policy_knob *knobs = ed_zalloc(len * sizeof *knobs);
  space->knobs = knobs;
  DL_FOREACH(table->children, node) {
    if (policy_knob(&knobs[space->knobs_len], node, report)) space->knobs_len++;
  }
}

static void set_space(struct ed_space *space, const struct ed_node *table, const struct ed_report *report) {
  static const char *const sections[] = {"limits", "knobs"};
  const struct ed_scope top = {
      .homes = {{ED_HOME_SPACE, space}}, .prefix = "namespaces.NAME.", .sections = sections, .sections_len = 2};
  const struct ed_scope limits = {.homes = {{ED_HOME_LIMITS, &space->limits}}, .prefix = "limits."};
  const struct ed_node *node;
  ed_scope_set(&top, table, report);
  if (table->kind != ED_NODE_TABLE) return;
  if ((node = ed_node_find(table, "limits"))) ed_scope_set(&limits, node, report);
  if ((node = ed_node_find(table, "knobs"))) set_policy_knobs(space, node, report);
}

void ed_spaces_set(struct ed_config *config, const struct ed_node *namespaces, const struct ed_report *report) {
  struct ed_space *first = space_add(config, "default", report);
  if (!namespaces) return;
  if (namespaces->kind != ED_NODE_TABLE) {
    ed_report(report, namespaces, "expected a table of namespaces, NAME = { ... }");
    return;
  }
  const struct ed_node *node;
  DL_FOREACH(namespaces->children, node) {
    if (!node->name || !ed_knob_name_valid(node->name))
      ed_report(report, node, "the name of a namespace is 1 to 64 of A-Z a-z 0-9 _ -");
    else
      set_space(strcmp(node->name, "default") == 0 ? first : space_add(config, node->name, report), node, report);
  }
}

static void space_free(struct ed_space *space) {
  struct ed_policy_knob *knobs = (struct ed_policy_knob *)space->knobs; /* ours: const is for readers */
  for (size_t i = 0; i < space->knobs_len; i++) {
    free((char *)knobs[i].name);
    free((char *)knobs[i].text);
  }
  free(knobs);
  ed_knobs_release(ED_HOME_SPACE, space);
  free((char *)space->name);
  free(space);
}

void ed_spaces_release(struct ed_config *config) {
  for (size_t i = 0; i < config->spaces_len; i++) space_free((struct ed_space *)config->spaces[i]);
  for (size_t i = 0; i < config->retired_len; i++) space_free((struct ed_space *)config->retired[i]);
  free(config->spaces);
  free(config->retired);
}
