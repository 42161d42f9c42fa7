#include "main/reload.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "main/knobs.h"

/* ---- what is said ---- */

static void say(struct ed_texts *texts, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct ed_texts *texts, const char *format, ...) {
  char line[600];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  texts->list = ed_grow(texts->list, sizeof *texts->list, texts->len, &texts->cap);
  texts->list[texts->len++] = ed_strdup(line);
}

static void say_knob(struct ed_texts *texts, const struct ed_knob *knob, const char *name, const void *before,
                     const void *now) {
  char from[200], to[200];
  ed_knob_text(knob, before, from);
  ed_knob_text(knob, now, to);
  say(texts, "%s: %s -> %s", name, from, to);
}

static void texts_deinit(struct ed_texts *texts) {
  for (size_t i = 0; i < texts->len; i++) free((char *)texts->list[i]);
  free(texts->list);
}

void ed_reload_deinit(struct ed_reload *reload) {
  texts_deinit(&reload->changed);
  texts_deinit(&reload->restart);
  free(reload->spaces);
  *reload = (struct ed_reload){0};
}

/* ---- knobs of the server ---- */

static void merge_knobs(enum ed_home home, void *fresh, void *running, struct ed_reload *reload) {
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) {
    const struct ed_knob *knob = &ED_KNOBS[i];
    if (knob->home != home) continue;
    bool same = ed_knob_same(knob, fresh, running);
    if (!same) say_knob(knob->restart ? &reload->restart : &reload->changed, knob, knob->name, running, fresh);
    if (knob->restart) ed_knob_swap(knob, fresh, running); /* even where it is the same: others point to the text */
  }
}

/* ---- plugins ---- */

static const struct ed_plugin_spec *plugin_of(const struct ed_config *config, const char *name) {
  for (size_t i = 0; i < config->plugins_len; i++)
    if (strcmp(ed_plugin_file_name(config->plugins[i].file), name) == 0) return &config->plugins[i];
  return NULL;
}

static bool setting_same(const struct ed_plugin_setting *a, const struct ed_plugin_setting *b) {
  if (!a->text || !b->text) return a->text == b->text && a->number == b->number;
  return strcmp(a->text, b->text) == 0;
}

/* Its options are in the order of its own table, which is the same file's as long as it is loaded. */
static void compare_plugin(const struct ed_plugin_spec *fresh, const struct ed_plugin_spec *running,
                           struct ed_reload *reload) {
  const char *name = ed_plugin_file_name(fresh->file);
  for (size_t i = 0; i < fresh->settings_len && i < running->settings_len; i++)
    if (!setting_same(&fresh->settings[i], &running->settings[i]))
      say(&reload->restart, "plugins.%s.%s: changed", name, fresh->settings[i].name);
}

static void merge_plugins(struct ed_config *fresh, struct ed_config *running, struct ed_reload *reload) {
  for (size_t i = 0; i < fresh->plugins_len; i++) {
    const char *name = ed_plugin_file_name(fresh->plugins[i].file);
    const struct ed_plugin_spec *before = plugin_of(running, name);
    if (before)
      compare_plugin(&fresh->plugins[i], before, reload);
    else
      say(&reload->restart, "plugins.%s: new", name);
  }
  for (size_t i = 0; i < running->plugins_len; i++) {
    const char *name = ed_plugin_file_name(running->plugins[i].file);
    if (!plugin_of(fresh, name)) say(&reload->restart, "plugins.%s: taken out", name);
  }
  struct ed_plugin_spec *plugins = fresh->plugins;
  size_t len = fresh->plugins_len, cap = fresh->plugins_cap;
  fresh->plugins = running->plugins;
  fresh->plugins_len = running->plugins_len;
  fresh->plugins_cap = running->plugins_cap;
  running->plugins = plugins;
  running->plugins_len = len;
  running->plugins_cap = cap;
}

/* ---- namespaces ---- */

static bool policy_knob_same(const struct ed_policy_knob *a, const struct ed_policy_knob *b) {
  if (strcmp(a->name, b->name) != 0 || a->kind != b->kind) return false;
  switch (a->kind) {
    case ED_KNOB_NUMBER: return a->number == b->number;
    case ED_KNOB_BOOL: return a->truth == b->truth;
    case ED_KNOB_TEXT: return strcmp(a->text, b->text) == 0;
  }
  return false;
}

/* In whatever order: a table has none. */
static bool policy_knobs_same(const struct ed_space *a, const struct ed_space *b) {
  if (a->knobs_len != b->knobs_len) return false;
  for (size_t i = 0; i < a->knobs_len; i++) {
    bool found = false;
    for (size_t j = 0; j < b->knobs_len && !found; j++) found = policy_knob_same(&a->knobs[i], &b->knobs[j]);
    if (!found) return false;
  }
  return true;
}

/* What a namespace has from the server's limits is said of those. */
static bool inherited(const struct ed_knob *knob, const struct ed_space *space, const struct ed_config *config) {
  return knob->home == ED_HOME_LIMITS && ed_knob_same(knob, &space->limits, &config->limits);
}

static bool compare_knobs(const struct ed_space *fresh, const struct ed_space *before, const struct ed_config *config,
                          const struct ed_config *running, struct ed_reload *reload) {
  bool changed = false;
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) {
    const struct ed_knob *knob = &ED_KNOBS[i];
    if (knob->home != ED_HOME_SPACE && knob->home != ED_HOME_LIMITS) continue;
    const void *now = knob->home == ED_HOME_SPACE ? (const void *)fresh : &fresh->limits;
    const void *old = knob->home == ED_HOME_SPACE ? (const void *)before : &before->limits;
    if (ed_knob_same(knob, now, old)) continue;
    changed = true;
    if (inherited(knob, fresh, config) && inherited(knob, before, running)) continue;
    char name[200];
    const char *own = knob->home == ED_HOME_SPACE ? knob->name + strlen("namespaces.NAME.") : knob->name;
    snprintf(name, sizeof name, "namespaces.%s.%s", fresh->name, own);
    say_knob(&reload->changed, knob, name, old, now);
  }
  return changed;
}

static void note_space(struct ed_reload *reload, const struct ed_space *space, uint64_t idle_ms, bool knobs) {
  reload->spaces = ed_grow(reload->spaces, sizeof *reload->spaces, reload->spaces_len, &reload->spaces_cap);
  reload->spaces[reload->spaces_len++] = (struct ed_reloaded_space){.space = space, .idle_ms = idle_ms, .knobs = knobs};
}

/* Where the struct is that rooms of this namespace point to, in a list; NULL: in none. */
static const struct ed_space **find(const struct ed_space **list, size_t len, const char *name) {
  for (size_t i = 0; i < len; i++)
    if (strcmp(list[i]->name, name) == 0) return &list[i];
  return NULL;
}

/* Puts what `*fresh` says where `*old` is, in both configurations: the first has it then, the second what it said. */
static void exchange(const struct ed_space **fresh, const struct ed_space **old) {
  struct ed_space *stays = (struct ed_space *)*old, *goes = (struct ed_space *)*fresh; /* main owns both */
  struct ed_space said = *goes;
  *goes = *stays;
  *stays = said;
  *old = goes;
  *fresh = stays;
}

static void retire(struct ed_config *fresh, const struct ed_space *space) {
  fresh->retired = ed_grow(fresh->retired, sizeof(const struct ed_space *), fresh->retired_len, &fresh->retired_cap);
  fresh->retired[fresh->retired_len++] = space;
}

static void merge_space(struct ed_config *fresh, size_t i, struct ed_config *running, struct ed_reload *reload) {
  const char *name = fresh->spaces[i]->name;
  const struct ed_space **old = find(running->spaces, running->spaces_len, name);
  bool known = old != NULL;
  if (!known) old = find(running->retired, running->retired_len, name);
  if (!known) say(&reload->changed, "namespaces.%s: new", name);
  if (!old) return;
  bool knobs = !policy_knobs_same(fresh->spaces[i], *old);
  bool changed = compare_knobs(fresh->spaces[i], *old, fresh, running, reload) || knobs;
  if (knobs) say(&reload->changed, "namespaces.%s.knobs: changed", name);
  uint64_t idle_ms = (*old)->idle_ms;
  exchange(&fresh->spaces[i], old);
  if (changed) note_space(reload, fresh->spaces[i], idle_ms, knobs);
}

/* Those that no fresh one has the name of go over as they are: rooms may be theirs. */
static void keep_rest(struct ed_config *fresh, const struct ed_space **list, size_t *len, bool leaving,
                      struct ed_reload *reload) {
  size_t left = 0;
  for (size_t i = 0; i < *len; i++) {
    if (find(fresh->spaces, fresh->spaces_len, list[i]->name)) {
      list[left++] = list[i];
      continue;
    }
    if (leaving)
      say(&reload->changed, "namespaces.%s: taken out; who is in a room of it stays, nobody new comes in",
          list[i]->name);
    retire(fresh, list[i]);
  }
  *len = left;
}

static void merge_spaces(struct ed_config *fresh, struct ed_config *running, struct ed_reload *reload) {
  for (size_t i = 0; i < fresh->spaces_len; i++) merge_space(fresh, i, running, reload);
  keep_rest(fresh, running->spaces, &running->spaces_len, true, reload);
  keep_rest(fresh, running->retired, &running->retired_len, false, reload);
}

void ed_reload_merge(struct ed_config *fresh, struct ed_config *running, struct ed_reload *reload) {
  merge_knobs(ED_HOME_CONFIG, fresh, running, reload);
  merge_spaces(fresh, running, reload); /* while the limits that they began with are still as they were */
  merge_knobs(ED_HOME_LIMITS, &fresh->limits, &running->limits, reload);
  merge_plugins(fresh, running, reload);
}
