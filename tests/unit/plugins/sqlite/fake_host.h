/* A host that is turned by hand: rooms that tell what they are told to, posts that are called when a test says so, a
 * clock that stands still. Each `world` is one start of the daemon on a database. */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <pthread.h>
#include <stdbool.h>

#include "eddy/plugin.h"

#define PATIENCE 30000 /* naps of a millisecond, for a writer to have done something: the machine may be busy */

struct fake_message {
  char key[32];
  uint64_t seq;
  int64_t time_ms;
  int is_base;
  enum eddy_encoding encoding;
  char value[64];
  size_t value_len;
};

struct fake_lost {
  char key[32];
  uint64_t seq;
};

struct eddy_room {
  char name[64];
  char policy[32];
  uint64_t seq, mark, outbox;
  int64_t expires_ms;
  void *data;
  uint64_t epoch; /* restored; or as many rooms as there were before */
  struct fake_lost lost[8];
  size_t lost_len;
  uint64_t lost_others;
  bool lost_known; /* it was told when the room was loaded */
  bool loading;
  struct fake_message *messages; /* retained */
  size_t len, cap;
};

struct fake_post {
  struct fake_post *next;
  void (*fn)(void *arg);
  void *arg;
};

struct eddy_core {
  const char *path, *durability; /* options */
  uint64_t interval_ms, queue, max_rooms, max_bytes, min_free;
  int64_t time_ms;
  int64_t jumped_ms;        /* of these, what has not passed: the clock was set */
  void (*sweep)(void *arg); /* the timer's */
  void *sweep_arg;
  pthread_mutex_t lock;
  struct fake_post *posts, **posts_end;
  bool leaving;
  char log[4096]; /* the last lines */
  void *self;
  int refused; /* of the last room_create */
};

/* Loads the plugin; its result. */
int world_start(struct eddy_core *world, const char *path, const char *durability);
void world_stop(struct eddy_core *world);
void world_work(struct eddy_core *world); /* calls what was posted */

/* As the hub does it. NULL: it was refused, `refused` says why. */
struct eddy_room *room_create(struct eddy_core *world, const char *name);
int room_get(struct eddy_core *world, const char *name, struct eddy_room **room); /* as room_load */
void room_leave(struct eddy_core *world, struct eddy_room *room, bool for_good);  /* closes and frees */

/* A push, carried out on what the room retains and told. Result as room_number's; then nothing has changed. */
int room_do(struct eddy_core *world, struct eddy_room *room, enum eddy_change_kind kind, const char *key, uint64_t seq,
            const char *value);
void room_turn(struct eddy_core *world);
/* Works until its outbox stands open. */
bool room_safe(struct eddy_core *world, struct eddy_room *room);

/* Of a key, as the host knows it. */
uint64_t room_lost_of(const struct eddy_room *room, const char *key);
bool rooms_equal(const struct eddy_room *a, const struct eddy_room *b); /* in what they retain */

#endif
