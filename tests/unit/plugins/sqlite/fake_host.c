#include "fake_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void put_log(struct eddy_core *world, enum eddy_log_level level, const char *text) {
  (void)level;
  size_t len = strlen(world->log);
  if (len > sizeof world->log / 2) len = 0;
  snprintf(world->log + len, sizeof world->log - len, "%s\n", text);
}

static const char *option_text(struct eddy_core *world, const char *name) {
  return strcmp(name, "path") == 0 ? world->path : strcmp(name, "durability") == 0 ? world->durability : NULL;
}

static uint64_t option_number(struct eddy_core *world, const char *name) {
  const struct {
    const char *name;
    uint64_t number;
  } options[] = {{"interval", world->interval_ms}, {"queue", world->queue},       {"max_rooms", world->max_rooms},
                 {"max_bytes", world->max_bytes},  {"min_free", world->min_free}, {"sweep", 60000}};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (strcmp(name, options[i].name) == 0) return options[i].number;
  abort();
}

static uint64_t now_ms(struct eddy_core *world) { return (uint64_t)(world->time_ms - world->jumped_ms); }
static int64_t time_ms(struct eddy_core *world) { return world->time_ms; }

static struct eddy_timer *timer_start(struct eddy_core *world, uint64_t after_ms, int repeats, void (*fn)(void *arg),
                                      void *arg) {
  (void)after_ms, (void)repeats;
  world->sweep = fn;
  world->sweep_arg = arg;
  return NULL;
}

static int post(struct eddy_core *world, void (*fn)(void *arg), void *arg) {
  pthread_mutex_lock(&world->lock);
  bool leaving = world->leaving;
  if (!leaving) {
    struct fake_post *entry = malloc(sizeof *entry);
    *entry = (struct fake_post){.fn = fn, .arg = arg};
    *world->posts_end = entry;
    world->posts_end = &entry->next;
  }
  pthread_mutex_unlock(&world->lock);
  return leaving ? -ECANCELED : 0;
}

static struct eddy_text room_name(struct eddy_core *world, const struct eddy_room *room) {
  (void)world;
  return (struct eddy_text){.at = room->name, .len = strlen(room->name)};
}

static const char *room_policy(struct eddy_core *w, const struct eddy_room *room) { return (void)w, room->policy; }
static uint64_t room_seq(struct eddy_core *w, const struct eddy_room *room) { return (void)w, room->seq; }
static uint64_t room_mark(struct eddy_core *w, const struct eddy_room *room) { return (void)w, room->mark; }
static int64_t room_expires_ms(struct eddy_core *w, const struct eddy_room *room) { return (void)w, room->expires_ms; }
static void *room_data(struct eddy_core *w, const struct eddy_room *room) { return (void)w, room->data; }
static void room_set_data(struct eddy_core *w, struct eddy_room *room, void *data) { (void)w, room->data = data; }
static void room_outbox(struct eddy_core *w, struct eddy_room *room, uint64_t mark) { (void)w, room->outbox = mark; }

static struct fake_message *message_add(struct eddy_room *room, size_t at) {
  if (room->len == room->cap) {
    room->cap = room->cap * 2 + 16;
    room->messages = realloc(room->messages, room->cap * sizeof *room->messages);
  }
  memmove(&room->messages[at + 1], &room->messages[at], (room->len - at) * sizeof *room->messages);
  room->len++;
  memset(&room->messages[at], 0, sizeof *room->messages);
  return &room->messages[at];
}

static int restore_message(struct eddy_core *world, struct eddy_room *room, struct eddy_text key, uint64_t seq,
                           int64_t time, int is_base, const struct eddy_value *value) {
  (void)world;
  if (!room->loading || key.len >= 32 || value->bytes.len > 64) return -EINVAL;
  struct fake_message *message = message_add(room, room->len);
  memcpy(message->key, key.at, key.len);
  memcpy(message->value, value->bytes.at, value->bytes.len);
  message->value_len = value->bytes.len;
  message->seq = seq;
  message->time_ms = time;
  message->is_base = is_base;
  message->encoding = value->encoding;
  if (seq > room->seq) room->seq = seq;
  return 0;
}

static int restore_room(struct eddy_core *world, struct eddy_room *room, uint64_t seq, const char *policy) {
  (void)world;
  if (!room->loading || seq < room->seq) return -EINVAL;
  room->seq = room->mark = seq;
  snprintf(room->policy, sizeof room->policy, "%s", policy);
  return 0;
}

/* ---- epoch, and what was lost ---- */

static uint64_t room_epoch(struct eddy_core *w, const struct eddy_room *room) { return (void)w, room->epoch; }

static bool retains(const struct eddy_room *room, const char *key) {
  for (size_t i = 0; room->messages && i < room->len; i++)
    if (strcmp(room->messages[i].key, key) == 0) return true;
  return false;
}

static int room_lost(struct eddy_core *w, const struct eddy_room *room,
                     int (*fn)(void *arg, struct eddy_text key, uint64_t seq), void *arg) {
  (void)w;
  uint64_t others = room->lost_others;
  for (size_t i = 0; i < room->lost_len; i++) {
    const struct fake_lost *lost = &room->lost[i];
    if (!retains(room, lost->key) && lost->seq > others) others = lost->seq;
    if (!retains(room, lost->key)) continue;
    int rc = fn(arg, (struct eddy_text){.at = lost->key, .len = strlen(lost->key)}, lost->seq);
    if (rc) return rc;
  }
  return fn(arg, (struct eddy_text){0}, others);
}

static void lose(struct eddy_room *room, const char *key, size_t len, uint64_t seq) {
  size_t i = 0;
  while (i < room->lost_len && (strlen(room->lost[i].key) != len || memcmp(room->lost[i].key, key, len) != 0)) i++;
  if (i == room->lost_len) {
    room->lost_len++;
    memset(&room->lost[i], 0, sizeof room->lost[i]);
    memcpy(room->lost[i].key, key, len);
  }
  if (seq > room->lost[i].seq) room->lost[i].seq = seq;
}

uint64_t room_lost_of(const struct eddy_room *room, const char *key) {
  for (size_t i = 0; i < room->lost_len; i++)
    if (strcmp(room->lost[i].key, key) == 0) return room->lost[i].seq;
  return retains(room, key) ? 0 : room->lost_others;
}

static int restore_epoch(struct eddy_core *w, struct eddy_room *room, uint64_t epoch) {
  (void)w;
  if (!room->loading || !epoch) return -EINVAL;
  room->epoch = epoch;
  return 0;
}

static int restore_lost(struct eddy_core *w, struct eddy_room *room, struct eddy_text key, uint64_t seq) {
  (void)w;
  if (!room->loading || seq > room->seq || key.len >= 32) return -EINVAL;
  room->lost_known = true;
  if (key.at)
    lose(room, key.at, key.len, seq);
  else
    room->lost_others = seq;
  return 0;
}

static struct eddy_counter *counter(struct eddy_core *w, enum eddy_counter_kind kind, const char *name,
                                    const char *labels, const char *help) {
  return (void)w, (void)kind, (void)name, (void)labels, (void)help, NULL;
}

static struct eddy_counter *histogram(struct eddy_core *w, const char *name, const char *labels, const char *help,
                                      const double *bounds, size_t len) {
  return (void)w, (void)name, (void)labels, (void)help, (void)bounds, (void)len, NULL;
}

static void counter_add(struct eddy_core *w, struct eddy_counter *c, double more) { (void)w, (void)c, (void)more; }

static const struct eddy_host HOST = {
    .abi = EDDY_ABI,
    .size = sizeof HOST,
    .log = put_log,
    .option_text = option_text,
    .option_number = option_number,
    .now_ms = now_ms,
    .time_ms = time_ms,
    .timer_start = timer_start,
    .post = post,
    .room_name = room_name,
    .room_policy = room_policy,
    .room_seq = room_seq,
    .room_mark = room_mark,
    .room_expires_ms = room_expires_ms,
    .room_data = room_data,
    .room_set_data = room_set_data,
    .restore_message = restore_message,
    .restore_room = restore_room,
    .room_outbox = room_outbox,
    .counter = counter,
    .histogram = histogram,
    .counter_add = counter_add,
    .counter_set = counter_add,
    .room_epoch = room_epoch,
    .room_lost = room_lost,
    .restore_epoch = restore_epoch,
    .restore_lost = restore_lost,
};

static uint64_t epochs = 1000;

int world_start(struct eddy_core *world, const char *path, const char *durability) {
  uint64_t interval_ms = world->interval_ms, queue = world->queue ? world->queue : 1 << 20;
  int64_t time = world->time_ms ? world->time_ms : 1000000;
  *world = (struct eddy_core){.path = path,
                              .durability = durability,
                              .interval_ms = interval_ms,
                              .queue = queue,
                              .max_rooms = world->max_rooms,
                              .max_bytes = world->max_bytes,
                              .min_free = world->min_free,
                              .time_ms = time};
  world->posts_end = &world->posts;
  pthread_mutex_init(&world->lock, NULL);
  return eddy_plugin.load(&HOST, world, &world->self);
}

void world_work(struct eddy_core *world) {
  pthread_mutex_lock(&world->lock);
  struct fake_post *entry = world->posts;
  world->posts = NULL;
  world->posts_end = &world->posts;
  pthread_mutex_unlock(&world->lock);
  while (entry) {
    struct fake_post *next = entry->next;
    entry->fn(entry->arg);
    free(entry);
    entry = next;
  }
}

void world_stop(struct eddy_core *world) {
  pthread_mutex_lock(&world->lock);
  world->leaving = true;
  pthread_mutex_unlock(&world->lock);
  world_work(world);
  eddy_plugin.unload(world->self);
  pthread_mutex_destroy(&world->lock);
}

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); }

struct eddy_room *room_create(struct eddy_core *world, const char *name) {
  struct eddy_room *room = calloc(1, sizeof *room);
  snprintf(room->name, sizeof room->name, "%s", name);
  strcpy(room->policy, "default");
  room->outbox = UINT64_MAX;
  room->epoch = ++epochs;
  world->refused = eddy_plugin.room_open(world->self, room, 1);
  if (world->refused == 0) return room;
  free(room);
  return NULL;
}

int room_get(struct eddy_core *world, const char *name, struct eddy_room **out) {
  struct eddy_room *room = calloc(1, sizeof *room);
  snprintf(room->name, sizeof room->name, "%s", name);
  room->outbox = UINT64_MAX;
  room->epoch = ++epochs;
  room->loading = true;
  int rc = eddy_plugin.room_load(world->self, room, room_name(world, room));
  room->loading = false;
  if (rc > 0) eddy_plugin.room_open(world->self, room, 0);
  if (rc > 0) *out = room;
  if (rc <= 0) free(room->messages), free(room);
  return rc;
}

void room_leave(struct eddy_core *world, struct eddy_room *room, bool for_good) {
  eddy_plugin.room_close(world->self, room, for_good);
  free(room->messages);
  free(room);
}

static void take_out(struct eddy_room *room, const char *key, uint64_t from, uint64_t to) {
  size_t kept = 0;
  for (size_t i = 0; i < room->len; i++) {
    struct fake_message *message = &room->messages[i];
    bool goes = strcmp(message->key, key) == 0 && message->seq >= from && message->seq <= to;
    if (goes && !message->is_base) lose(room, key, strlen(key), message->seq);
    if (!goes) room->messages[kept++] = *message;
  }
  room->len = kept;
}

/* Streams stand in the order of their keys, as they come back. */
static void put_in(struct eddy_room *room, const struct eddy_change *change) {
  size_t at = 0;
  while (at < room->len &&
         (strcmp(room->messages[at].key, change->key.at) < 0 ||
          (strcmp(room->messages[at].key, change->key.at) == 0 && room->messages[at].seq < change->seq)))
    at++;
  struct fake_message *message = message_add(room, at);
  snprintf(message->key, sizeof message->key, "%s", change->key.at);
  memcpy(message->value, change->value.bytes.at, change->value.bytes.len);
  message->value_len = change->value.bytes.len;
  message->seq = change->seq;
  message->time_ms = change->time_ms;
  message->encoding = change->value.encoding;
  message->is_base = change->kind == EDDY_CHANGE_COMPACT;
}

int room_do(struct eddy_core *world, struct eddy_room *room, enum eddy_change_kind kind, const char *key, uint64_t seq,
            const char *value) {
  bool numbered = kind == EDDY_CHANGE_NUMBER || kind == EDDY_CHANGE_APPEND || kind == EDDY_CHANGE_REPLACE;
  bool pushed = numbered || kind == EDDY_CHANGE_COMPACT;
  int rc = pushed ? eddy_plugin.room_number(world->self, room, numbered ? room->seq + 1 : 0) : 0;
  if (rc) return rc;
  struct eddy_change change = {
      .size = sizeof change, .kind = kind, .seq = numbered ? ++room->seq : seq, .mark = ++room->mark};
  if (kind != EDDY_CHANGE_NUMBER) change.key = (struct eddy_text){.at = key, .len = strlen(key)};
  if (value) {
    change.time_ms = world->time_ms;
    change.value.encoding = value[0] == '\x01' ? EDDY_CBOR : EDDY_JSON;
    change.value.bytes = (struct eddy_text){.at = value, .len = strlen(value)};
  }
  if (kind == EDDY_CHANGE_NUMBER && key) lose(room, key, strlen(key), change.seq);
  if (kind == EDDY_CHANGE_REPLACE) take_out(room, key, 0, UINT64_MAX);
  if (kind == EDDY_CHANGE_COMPACT || kind == EDDY_CHANGE_TRIM) take_out(room, key, 0, seq);
  if (kind == EDDY_CHANGE_DROP) take_out(room, key, seq, seq);
  if (value) put_in(room, &change);
  eddy_plugin.room_change(world->self, room, &change);
  return 0;
}

void room_turn(struct eddy_core *world) { eddy_plugin.turn(world->self); }

bool room_safe(struct eddy_core *world, struct eddy_room *room) {
  for (int i = 0; i < PATIENCE && room->outbox != UINT64_MAX; i++) world_work(world), nap();
  return room->outbox == UINT64_MAX;
}

bool rooms_equal(const struct eddy_room *a, const struct eddy_room *b) {
  if (a->len != b->len) return false;
  for (size_t i = 0; i < a->len; i++)
    if (memcmp(&a->messages[i], &b->messages[i], sizeof a->messages[i]) != 0) return false;
  return true;
}
