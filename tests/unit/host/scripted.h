/* A world (see unit/room/fake.h) whose rooms run policies, from a scripts folder of the test's own. No room is there at
 * first; `play` makes one, and members join the one that was made or chosen last. */
#ifndef ED_TESTS_HOST_SCRIPTED_H
#define ED_TESTS_HOST_SCRIPTED_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"
#include "host/policy.h"
#include "room/fake.h"

struct scripted {
  struct world world;
  struct ed_host *host;
  struct ed_host_options options; /* may be changed before scripted_begin */
  struct ed_log log;
  char *said; /* what went to the log, see said() */
  size_t said_len;
  char folder[64];
};

/* A script as lines: each argument is one, so that a test can speak of line numbers. */
#define LINES(...) lines_of((const char *const[]){__VA_ARGS__, NULL})

static inline const char *lines_of(const char *const *lines) {
  static char text[4096];
  size_t at = 0;
  text[0] = 0;
  for (; *lines; lines++) at += (size_t)snprintf(text + at, sizeof text - at, "%s\n", *lines);
  ck_assert_uint_lt(at, sizeof text);
  return text;
}

/* `name` is below the scripts folder, such as "rooms/a.lua". Valid until the next call. */
static inline const char *path_of(const struct scripted *s, const char *name) {
  static char path[200];
  snprintf(path, sizeof path, "%s/%s", s->folder, name);
  return path;
}

static inline void script(struct scripted *s, const char *name, const char *text) {
  FILE *file = fopen(path_of(s, name), "we");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(text, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

static inline void unscript(struct scripted *s, const char *name) { ck_assert_int_eq(unlink(path_of(s, name)), 0); }

static inline void scripted_init(struct scripted *s) {
  memset(s, 0, sizeof *s);
  strcpy(s->folder, "/tmp/eddy-host-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(s->folder));
  ck_assert_int_eq(mkdir(path_of(s, "lib"), 0700), 0);
  ck_assert_int_eq(mkdir(path_of(s, "rooms"), 0700), 0);
  s->options = (struct ed_host_options){
      .scripts = s->folder,
      /* By the clock a call may take long: the machine may be busy. */
      .vm = {.instructions = 5000000, .call_ms = 2000, .memory = 16 << 20, .allocation = 1 << 20, .call_bytes = 64 << 20,
             .hook_every = 500},
      .rooms_per_state = 1000,
      .source_max = 256 << 10,
      .timers_max = 100,
  };
  s->log.out = open_memstream(&s->said, &s->said_len);
  s->log.level = ED_LOG_INFO;
  world_init(&s->world);
  ed_hub_remove(s->world.room);
  s->world.room = NULL;
  s->world.hub.rooms_max = 20000;
}

static inline void scripted_begin(struct scripted *s) { s->host = ed_host_new(&s->options, &s->world.hub, &s->log); }

/* ---- rooms ---- */

static inline struct ed_room *try_play(struct scripted *s, const char *id, const char *policy, struct ed_fault *fault) {
  return ed_hub_create(&s->world.hub, &s->world.space, ed_span_text(id), policy, fault);
}

/* A room that runs the policy; members join it from now on. */
static inline struct ed_room *play(struct scripted *s, const char *id, const char *policy) {
  struct ed_fault fault = {0};
  s->world.room = try_play(s, id, policy, &fault);
  ck_assert_msg(s->world.room != NULL, "%s: %s%s", id, fault.text, (fflush(s->log.out), s->said));
  return s->world.room;
}

static inline void join_room(struct scripted *s, struct fake *fake, struct ed_room *room) {
  s->world.room = room;
  join(&s->world, fake);
}

static inline struct ed_instance *instance_of(const struct ed_room *room) { return room->host; }
static inline uint64_t version_of(const struct ed_room *room) { return ed_host_info(room).version; }

/* ---- time ---- */

/* One turn of the loop: what is due now. */
static inline void tick(struct scripted *s) {
  ed_timers_run(&s->world.timers, s->world.timers.now_ms);
  ed_hub_flush(&s->world.hub);
}

/* Until nothing is due now, and no room has a reload before it: that may take some milliseconds. */
static inline void settle(struct scripted *s) {
  for (;; s->world.timers.now_ms++) {
    do tick(s);
    while (ed_timers_next(&s->world.timers) <= s->world.timers.now_ms);
    if (!ed_timer_running(&s->host->swap_timer)) break;
  }
}

static inline void pass(struct scripted *s, uint64_t ms) {
  ed_timers_run(&s->world.timers, s->world.timers.now_ms + ms);
  settle(s);
}

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info, (void)kind, (void)at;
  return remove(path);
}

/* Every member must have left. */
static inline void scripted_deinit(struct scripted *s) {
  settle(s);
  world_deinit(&s->world); /* no script forgot its timers */
  ck_assert_uint_eq(ed_host_counts(s->host).instances, 0);
  ed_host_free(s->host);
  fclose(s->log.out);
  free(s->said);
  nftw(s->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a script, and tells the host. */
static inline void edit(struct scripted *s, const char *name, const char *text) {
  script(s, name, text);
  ed_host_changed(s->host, path_of(s, name));
}

/* ---- the log ---- */

static inline const char *said(struct scripted *s) {
  fflush(s->log.out);
  return s->said;
}

static inline unsigned times_said(struct scripted *s, const char *word) {
  unsigned n = 0;
  for (const char *at = said(s); (at = strstr(at, word)) != NULL; at++) n++;
  return n;
}

#define SAID(s, word) ck_assert_msg(strstr(said(s), word) != NULL, "no '%s' in:\n%s", word, said(s))

/* What the member has heard by the end of this turn. */
#define EXPECT_TURN(s, fake, want) \
  do {                             \
    settle(s);                     \
    EXPECT(fake, want);            \
  } while (0)

#endif
