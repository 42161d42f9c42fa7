/* All plugins of a server: load and unload, posts. */
#include "host/plugin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "host/plugin_private.h"

/* ---- posts ---- */

void ed_plugins_work(struct ed_plugins *plugins) {
  pthread_mutex_lock(&plugins->lock);
  struct ed_post *post = plugins->posts; /* those that come meanwhile have their own wake */
  plugins->posts = plugins->posts_last = NULL;
  pthread_mutex_unlock(&plugins->lock);
  while (post) {
    struct ed_post *next = post->next;
    post->fn(post->arg);
    free(post);
    post = next;
  }
}

/* ---- load and unload ---- */

/* What it has posted is called before it is told to end, so that nothing that a post owns is lost. */
static void unload(struct eddy_core *core) {
  struct ed_plugins *plugins = core->plugins;
  pthread_mutex_lock(&plugins->lock);
  core->leaving = true;
  pthread_mutex_unlock(&plugins->lock);
  ed_plugins_work(plugins);
  if (core->loaded && core->table->unload) core->table->unload(core->self);
  core->loaded = false;
  while (core->timers) ed_plugin_host.timer_stop(core, core->timers);
  ed_counters_drop(plugins->counters, core);
}

/* Who keeps rooms, whether anybody wants to see pushes, and that no two want the same page. */
static int survey(struct ed_plugins *plugins) {
  for (size_t i = 0; i < plugins->cores_len; i++) {
    struct eddy_core *core = &plugins->cores[i];
    char why[512];
    for (size_t k = 0; k < i; k++) {
      if (!ed_plugin_files_clash(plugins->cores[k].spec.file, core->spec.file, why)) continue;
      ed_log(plugins->log, ED_LOG_ERROR, "host", "%s", why);
      return -EINVAL;
    }
    plugins->watches |= core->table->push || core->table->commit;
    if (core->table->room_load && plugins->keeper) {
      ed_log(plugins->log, ED_LOG_ERROR, "host", "the plugins %s and %s both keep rooms: there can be one only",
             plugins->keeper->table->name, core->table->name);
      return -EINVAL;
    }
    if (core->table->room_load) plugins->keeper = core;
  }
  return 0;
}

static int load(struct eddy_core *core) {
  const struct ed_log *log = core->plugins->log;
  int rc = core->table->load ? core->table->load(&ed_plugin_host, core, &core->self) : 0;
  if (rc < 0) {
    ed_log(
        log, ED_LOG_ERROR, "host",
        "plugin %s did not load: %s. Its options are plugins.%s of the configuration; leave that out to go without it",
        core->table->name, strerror(-rc), core->table->name);
    return rc;
  }
  core->loaded = true;
  ed_log(log, ED_LOG_INFO, "host", "plugin %s loaded from %s", core->table->name, core->spec.file->path);
  return 0;
}

int ed_plugins_new(struct ed_plugins **out, const struct ed_plugins_options *options) {
  struct ed_plugins *plugins = ed_zalloc(sizeof *plugins);
  plugins->hub = options->hub;
  plugins->log = options->log;
  plugins->counters = options->counters;
  plugins->spaces = options->spaces;
  plugins->spaces_arg = options->spaces_arg;
  plugins->wake = options->wake;
  plugins->wake_arg = options->wake_arg;
  pthread_mutex_init(&plugins->lock, NULL);
  plugins->cores = ed_zalloc((options->specs_len + 1) * sizeof *plugins->cores);
  plugins->cores_len = options->specs_len;
  for (size_t i = 0; i < plugins->cores_len; i++)
    plugins->cores[i] = (struct eddy_core){
        .plugins = plugins, .index = i, .spec = options->specs[i], .table = &options->specs[i].file->table};
  int rc = survey(plugins);
  ed_chain_attach(plugins);
  for (size_t i = 0; i < plugins->cores_len && rc == 0; i++) rc = load(&plugins->cores[i]);
  if (rc)
    ed_plugins_free(plugins);
  else
    *out = plugins;
  return rc;
}

void ed_plugins_free(struct ed_plugins *plugins) {
  if (!plugins) return;
  for (size_t i = plugins->cores_len; i-- > 0;) unload(&plugins->cores[i]);
  ed_chain_detach(plugins);
  pthread_mutex_destroy(&plugins->lock);
  free(plugins->cores);
  free(plugins);
}
