/* A world (see unit/room/fake.h) with plugins whose tables are the test's own: no shared object is needed. */
#ifndef ED_TESTS_HOST_PLUGGED_H
#define ED_TESTS_HOST_PLUGGED_H

#include "host/plugin_private.h"
#include "room/fake.h"

#define PLUGS_MAX 4

struct plugged {
  struct world world;
  struct ed_counters *counters;
  struct ed_plugins *plugins;
  struct ed_plugin_file files[PLUGS_MAX];
  struct ed_plugin_spec specs[PLUGS_MAX];
  size_t len;
  void (*wake)(void *arg);
};

/* Adds a plugin; `load` of its table hands `self` over where it has none of its own. */
static inline void plug(struct plugged *plugged, const struct eddy_plugin *table) {
  struct ed_plugin_file *file = &plugged->files[plugged->len];
  *file = (struct ed_plugin_file){.path = (char *)"(a test)", .table = *table};
  plugged->specs[plugged->len++] = (struct ed_plugin_spec){.file = file};
}

static inline int plugged_try(struct plugged *plugged) {
  const struct ed_plugins_options options = {.specs = plugged->specs,
                                             .specs_len = plugged->len,
                                             .hub = &plugged->world.hub,
                                             .counters = plugged->counters,
                                             .wake = plugged->wake,
                                             .wake_arg = plugged};
  return ed_plugins_new(&plugged->plugins, &options);
}

/* Before any plug. No room is there yet; `ops` is what is behind the plugins, the policy's gate. */
static inline void plugged_init(struct plugged *plugged, const struct ed_gate_ops *ops, void *gate) {
  memset(plugged, 0, sizeof *plugged);
  world_init(&plugged->world);
  ed_hub_remove(plugged->world.room);
  plugged->world.room = NULL;
  plugged->world.hub.gate_ops = ops;
  plugged->world.hub.gate = gate;
  plugged->counters = ed_counters_new();
}

static inline struct ed_room *plugged_create(struct plugged *plugged, const char *id, struct ed_fault *fault) {
  return ed_hub_create(&plugged->world.hub, &plugged->world.space, ed_span_text(id), NULL, fault);
}

/* After every plug: loads them, and makes the room. */
static inline void plugged_begin(struct plugged *plugged) {
  ck_assert_int_eq(plugged_try(plugged), 0);
  plugged->world.room = plugged_create(plugged, "room", NULL);
  ck_assert_ptr_nonnull(plugged->world.room);
}

/* Every member must have left. */
static inline void plugged_deinit(struct plugged *plugged) {
  ed_hub_deinit(&plugged->world.hub);
  ed_plugins_free(plugged->plugins);
  ed_counters_free(plugged->counters);
  ck_assert_uint_eq(plugged->world.timers.len, 0);
  ed_timers_deinit(&plugged->world.timers);
}

static inline void pass_time(struct plugged *plugged, uint64_t ms) {
  ed_timers_run(&plugged->world.timers, plugged->world.timers.now_ms + ms);
}

static inline struct eddy_text text_of(const char *text) { return (struct eddy_text){text, strlen(text)}; }
static inline struct eddy_value json_of(const char *text) { return (struct eddy_value){EDDY_JSON, text_of(text)}; }

#endif
