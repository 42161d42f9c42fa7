/* Plugins inside the host; for the files of this folder. */
#ifndef ED_HOST_PLUGIN_PRIVATE_H
#define ED_HOST_PLUGIN_PRIVATE_H

#include <pthread.h>

#include "host/plugin.h"
#include "room/keeper.h"
#include "room/room.h"

struct ed_plugin_file {
  void *handle; /* dlopen */
  char *path;
  struct eddy_plugin table; /* what the plugin has of it; the rest is zero. Its texts are in the shared object */
};

struct ed_post {
  struct ed_post *next;
  void (*fn)(void *arg);
  void *arg;
};

struct eddy_core { /* one loaded plugin */
  struct ed_plugins *plugins;
  size_t index; /* in plugins->cores, and of its data in room->plugged */
  struct ed_plugin_spec spec;
  const struct eddy_plugin *table; /* of the file */
  void *self;
  bool loaded;               /* load went well, unload has not been called */
  bool leaving;              /* unload has begun: nothing is posted any more. Under plugins->lock */
  struct eddy_timer *timers; /* utlist */
};

struct ed_plugins {
  struct ed_hub *hub;
  const struct ed_log *log;
  struct ed_counters *counters;
  struct ed_spaces (*spaces)(void *arg);
  void *spaces_arg;
  void (*wake)(void *arg);
  void *wake_arg;
  struct eddy_core *cores;
  size_t cores_len;
  struct eddy_core *keeper;           /* NULL: none */
  bool watches;                       /* one of them wants to see pushes or commits */
  unsigned quiet;                     /* inside of callbacks that may not push */
  struct ed_room *loading;            /* what room_load restores into; NULL outside of it */
  const struct ed_gate_ops *next_ops; /* the gate behind the plugins', the policy's; NULL: none */
  void *next;
  struct ed_keeper_ops keeper_ops; /* of what any of them cares for */
  pthread_mutex_t lock;            /* of what follows */
  struct ed_post *posts, *posts_last;
};

/* The table that plugins are given. */
extern const struct eddy_host ed_plugin_host;

/* plugin_room.c: what ed_plugin_host has of rooms. */
struct eddy_text ed_plugin_room_name(struct eddy_core *core, const struct eddy_room *room);
const char *ed_plugin_room_policy(struct eddy_core *core, const struct eddy_room *room);
uint64_t ed_plugin_room_seq(struct eddy_core *core, const struct eddy_room *room);
uint64_t ed_plugin_room_mark(struct eddy_core *core, const struct eddy_room *room);
int64_t ed_plugin_room_expires_ms(struct eddy_core *core, const struct eddy_room *room);
void *ed_plugin_room_data(struct eddy_core *core, const struct eddy_room *room);
void ed_plugin_room_set_data(struct eddy_core *core, struct eddy_room *room, void *data);
struct eddy_room *ed_plugin_room_find(struct eddy_core *core, struct eddy_text name);
int ed_plugin_rooms_each(struct eddy_core *core, int (*fn)(void *arg, struct eddy_room *room), void *arg);
int ed_plugin_room_each(struct eddy_core *core, const struct eddy_room *room,
                        int (*fn)(void *arg, const struct eddy_change *message), void *arg);
int ed_plugin_room_push(struct eddy_core *core, struct eddy_room *room, enum eddy_action action, struct eddy_text key,
                        const struct eddy_value *value, uint64_t compact_seq, const void *origin);
int ed_plugin_restore_message(struct eddy_core *core, struct eddy_room *room, struct eddy_text key, uint64_t seq,
                              int64_t time_ms, int is_base, const struct eddy_value *value);
int ed_plugin_restore_room(struct eddy_core *core, struct eddy_room *room, uint64_t seq, const char *policy);
void ed_plugin_room_outbox(struct eddy_core *core, struct eddy_room *room, uint64_t mark);

/* Whether a room could be restored with it: 0 or -EINVAL. */
int ed_plugin_message_check(struct eddy_core *core, struct eddy_text key, const struct eddy_value *value);

/* plugin_page.c: 0, or -EINVAL with `why` where the paths of its own are not such as a plugin may have. */
int ed_plugin_paths_check(const struct eddy_plugin *table, char why[256]);

/* chain.c: the gate and keeper_ops of the hub, for the plugins; and both as they were. */
void ed_chain_attach(struct ed_plugins *plugins);
void ed_chain_detach(struct ed_plugins *plugins);

/* What each side calls the same thing. */
static inline struct eddy_room *ed_plugin_room(const struct ed_room *room) {
  return (struct eddy_room *)(uintptr_t)room;
}
static inline struct ed_room *ed_plugin_room_of(const struct eddy_room *room) {
  return (struct ed_room *)(uintptr_t)room;
}
static inline struct eddy_text ed_plugin_text(struct ed_span span) {
  return (struct eddy_text){.at = (const char *)span.at, .len = span.len};
}
static inline struct eddy_value ed_plugin_value(enum ed_encoding encoding, struct ed_span value) {
  return (struct eddy_value){.encoding = encoding == ED_JSON ? EDDY_JSON : EDDY_CBOR, .bytes = ed_plugin_text(value)};
}

#endif
