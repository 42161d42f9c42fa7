/* The table of functions that plugins are given. */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "host/plugin_private.h"

static void log_line(struct eddy_core *core, enum eddy_log_level level, const char *text) {
  if ((unsigned)level <= EDDY_LOG_DEBUG)
    ed_log(core->plugins->log, (enum ed_log_level)level, core->table->name, "%s", text);
}

/* ---- options ---- */

static const struct ed_plugin_setting *setting(const struct eddy_core *core, const char *name) {
  for (size_t i = 0; i < core->spec.settings_len; i++)
    if (strcmp(core->spec.settings[i].name, name) == 0) return &core->spec.settings[i];
  return NULL;
}

static const char *option_text(struct eddy_core *core, const char *name) {
  const struct ed_plugin_setting *found = setting(core, name);
  return found ? found->text : NULL;
}

static uint64_t option_number(struct eddy_core *core, const char *name) {
  const struct ed_plugin_setting *found = setting(core, name);
  return found ? found->number : 0;
}

/* ---- time ---- */

static uint64_t now_ms(struct eddy_core *core) { return core->plugins->hub->timers->now_ms; }

static int64_t time_ms(struct eddy_core *core) { return ed_timers_wall(core->plugins->hub->timers); }

struct eddy_timer {
  struct ed_timer timer; /* first */
  struct eddy_core *core;
  uint64_t every_ms; /* 0: once */
  void (*fn)(void *arg);
  void *arg;
  struct eddy_timer *next, *prev; /* of the plugin's */
};

static void timer_stop(struct eddy_core *core, struct eddy_timer *timer) {
  if (!timer) return;
  ed_timer_stop(core->plugins->hub->timers, &timer->timer);
  DL_DELETE(core->timers, timer);
  free(timer);
}

/* The callback comes last: it may stop the timer. */
static void timer_due(struct ed_timer *due) {
  struct eddy_timer *timer = (struct eddy_timer *)due;
  void (*fn)(void *arg) = timer->fn;
  void *arg = timer->arg;
  if (timer->every_ms)
    ed_timer_start(timer->core->plugins->hub->timers, due, timer->every_ms, timer_due);
  else
    timer_stop(timer->core, timer);
  fn(arg);
}

static struct eddy_timer *timer_start(struct eddy_core *core, uint64_t after_ms, int repeats, void (*fn)(void *arg),
                                      void *arg) {
  struct eddy_timer *timer = ed_zalloc(sizeof *timer);
  timer->core = core;
  timer->every_ms = !repeats ? 0 : after_ms ? after_ms : 1;
  timer->fn = fn;
  timer->arg = arg;
  DL_APPEND(core->timers, timer);
  ed_timer_start(core->plugins->hub->timers, &timer->timer, repeats ? timer->every_ms : after_ms, timer_due);
  return timer;
}

/* ---- from other threads ---- */

static int post(struct eddy_core *core, void (*fn)(void *arg), void *arg) {
  struct ed_plugins *plugins = core->plugins;
  struct ed_post *entry = ed_alloc(sizeof *entry);
  *entry = (struct ed_post){.fn = fn, .arg = arg};
  pthread_mutex_lock(&plugins->lock);
  bool leaving = core->leaving, first = !plugins->posts;
  if (!leaving) {
    if (first)
      plugins->posts = entry;
    else
      plugins->posts_last->next = entry;
    plugins->posts_last = entry;
  }
  pthread_mutex_unlock(&plugins->lock);
  if (leaving) free(entry);
  if (!leaving && first && plugins->wake) plugins->wake(plugins->wake_arg);
  return leaving ? -ECANCELED : 0;
}

/* ---- counters ---- */

/* eddy_NAME_...: so that no two plugins, nor the daemon, ever have the same. */
static bool own_name(const struct eddy_core *core, const char *name) {
  size_t len = strlen(core->table->name);
  return strncmp(name, "eddy_", 5) == 0 && strncmp(name + 5, core->table->name, len) == 0 && name[5 + len] == '_';
}

static struct eddy_counter *counter(struct eddy_core *core, enum eddy_counter_kind kind, const char *name,
                                    const char *labels, const char *help) {
  if (!own_name(core, name) || kind == EDDY_HISTOGRAM) return NULL;
  return ed_counters_add(core->plugins->counters, core, kind, name, labels, help);
}

static struct eddy_counter *histogram(struct eddy_core *core, const char *name, const char *labels, const char *help,
                                      const double *bounds, size_t bounds_len) {
  if (!own_name(core, name)) return NULL;
  return ed_counters_add_histogram(core->plugins->counters, core, name, labels, help, bounds, bounds_len);
}

static void counter_add(struct eddy_core *core, struct eddy_counter *counter, double more) {
  (void)core;
  if (counter) ed_counter_add(counter, more);
}

static void counter_set(struct eddy_core *core, struct eddy_counter *counter, double value) {
  (void)core;
  if (counter) ed_counter_set(counter, value);
}

static void counters_each(struct eddy_core *core, void (*fn)(void *arg, const struct eddy_sample *sample), void *arg) {
  ed_counters_each(core->plugins->counters, fn, arg);
}

/* ---- the configuration ---- */

static int spaces_each(struct eddy_core *core, int (*fn)(void *arg, const struct eddy_space *space), void *arg) {
  const struct ed_plugins *plugins = core->plugins;
  struct ed_spaces spaces = plugins->spaces ? plugins->spaces(plugins->spaces_arg) : (struct ed_spaces){0};
  int rc = 0;
  for (size_t i = 0; i < spaces.len && rc == 0; i++) {
    const struct eddy_space space = {
        .size = sizeof space, .name = spaces.list[i]->name, .policy = spaces.list[i]->policy};
    rc = fn(arg, &space);
  }
  return rc;
}

const struct eddy_host ed_plugin_host = {
    .abi = EDDY_ABI,
    .size = sizeof ed_plugin_host,
    .log = log_line,
    .option_text = option_text,
    .option_number = option_number,
    .now_ms = now_ms,
    .time_ms = time_ms,
    .timer_start = timer_start,
    .timer_stop = timer_stop,
    .post = post,
    .room_name = ed_plugin_room_name,
    .room_policy = ed_plugin_room_policy,
    .room_seq = ed_plugin_room_seq,
    .room_mark = ed_plugin_room_mark,
    .room_expires_ms = ed_plugin_room_expires_ms,
    .room_data = ed_plugin_room_data,
    .room_set_data = ed_plugin_room_set_data,
    .room_find = ed_plugin_room_find,
    .rooms_each = ed_plugin_rooms_each,
    .room_each = ed_plugin_room_each,
    .room_push = ed_plugin_room_push,
    .restore_message = ed_plugin_restore_message,
    .restore_room = ed_plugin_restore_room,
    .room_outbox = ed_plugin_room_outbox,
    .counter = counter,
    .histogram = histogram,
    .counter_add = counter_add,
    .counter_set = counter_set,
    .counters_each = counters_each,
    .version = EDDY_VERSION,
    .spaces_each = spaces_each,
};
