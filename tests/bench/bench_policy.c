/* What policies cost: processor time of a push through room and policy, memory of a room, and a reload of 10,000 rooms. No
 * sockets, and nobody listens. Medians of several rounds. With an argument: the scripts folder whose lib is used. Not to be
 * built with a sanitizer, whose malloc does not count. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"
#include "room/room.h"

enum { PUSHES = 2000, ROUNDS = 31, ROOMS = 10000 };

/* 213 bytes. */
static const char VALUE[] =
    "{\"op\":\"move\",\"id\":\"b3f1c9d2-77aa\",\"x\":412.5,\"y\":-87.25,\"points\":[1,22,333,4444,55555],\"label\":"
    "\"sticky note\",\"style\":{\"fill\":\"#ffcc00\",\"width\":2,\"dash\":[]},\"on\":true,\"by\":null,\"tags\":"
    "[\"todo\",\"design\"],\"z\":17,\"r\":0}";

struct policy {
  const char *name, *what, *text;
};

static const struct policy POLICIES[] = {
    {"none", "no stage for the key", "return { { key = 'other', push = function(_, msg) return msg end } }"},
    {"empty", "an empty push stage", "return { push = function(_, msg) return msg end }"},
    {"filter", "a stage that reads msg.key",
     "return { push = function(_, msg) if msg.key == 'no' then return nil end return msg end }"},
    {"count", "a counter in state", "local n = 0 return { push = function(_, msg) n = n + 1 return msg end }"},
    {"decode", "decode 213 bytes of JSON", "return { push = function(_, msg) local v = msg.value return msg end }"},
    {"change", "decode, change, encode",
     "return { push = function(_, msg) local v = msg.value v.x = v.x + 1 msg.value = v return msg end }"},
    {"reducer", "the reducer part, one small action",
     "local eddy = require 'eddy'\n"
     "return eddy.policy { eddy.on('k', eddy.reducer { initial = 0, step = function(s, a) return s + a.by end }) }"},
    {"bare", NULL, "return {}"},
};

struct bench {
  struct ed_timers timers;
  struct ed_hub hub;
  struct ed_space space;
  struct ed_host *host;
  struct ed_log log;
  char folder[64];
};

static double clock_ns(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

static void fail(const char *what, const char *why) {
  fprintf(stderr, "bench_policy: %s: %s\n", what, why);
  exit(EXIT_FAILURE);
}

static void write_policy(const struct bench *bench, const char *name, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/rooms/%s.lua", bench->folder, name);
  FILE *file = fopen(path, "we");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0) fail(path, strerror(errno));
}

/* A scripts folder of our own: the real library, and the policies above. */
static void make_folder(struct bench *bench, const char *scripts) {
  char lib[PATH_MAX], path[128];
  char *real = realpath(scripts, NULL);
  if (!real) fail(scripts, strerror(errno));
  snprintf(lib, sizeof lib, "%s/lib", real);
  free(real);
  strcpy(bench->folder, "/tmp/eddy-bench-XXXXXX");
  if (!mkdtemp(bench->folder)) fail(bench->folder, strerror(errno));
  snprintf(path, sizeof path, "%s/lib", bench->folder);
  if (symlink(lib, path) < 0) fail(path, strerror(errno));
  snprintf(path, sizeof path, "%s/rooms", bench->folder);
  if (mkdir(path, 0700) < 0) fail(path, strerror(errno));
  for (size_t i = 0; i < sizeof POLICIES / sizeof *POLICIES; i++) write_policy(bench, POLICIES[i].name, POLICIES[i].text);
}

static void remove_folder(const struct bench *bench) {
  char path[128];
  for (size_t i = 0; i < sizeof POLICIES / sizeof *POLICIES; i++) {
    snprintf(path, sizeof path, "%s/rooms/%s.lua", bench->folder, POLICIES[i].name);
    unlink(path);
  }
  snprintf(path, sizeof path, "%s/rooms", bench->folder);
  rmdir(path);
  snprintf(path, sizeof path, "%s/lib", bench->folder);
  unlink(path);
  rmdir(bench->folder);
}

static void begin(struct bench *bench, const char *scripts) {
  ed_timers_init(&bench->timers, 1000);
  ed_hub_init(&bench->hub, &bench->timers, NULL, 2 * ROOMS);
  const struct ed_host_options options = {
      .scripts = scripts,
      .vm = {.instructions = 5000000, .call_ms = 2000, .memory = 64 << 20, .allocation = 1 << 20,
             .call_bytes = 64 << 20, .hook_every = 500},
      .rooms_per_state = 1000,
      .source_max = 256 << 10,
      .timers_max = 1000,
  };
  bench->host = ed_host_new(&options, &bench->hub, &bench->log);
}

static void end(struct bench *bench) {
  ed_hub_deinit(&bench->hub);
  ed_host_free(bench->host);
  ed_timers_deinit(&bench->timers);
}

static struct ed_room *room_of(struct bench *bench, const char *policy, const char *id) {
  struct ed_fault fault = {0};
  struct ed_room *room = ed_hub_create(&bench->hub, &bench->space, ed_span_text(id), policy, &fault);
  if (!room) fail(policy ? policy : "(none)", fault.text);
  return room;
}

static void rooms_of(struct bench *bench, const char *policy) {
  char id[16];
  for (int i = 0; i < ROOMS; i++) {
    snprintf(id, sizeof id, "r%d", i);
    room_of(bench, policy, id);
  }
}

static int by_size(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

/* ---- a push ---- */

static double push_ns(struct bench *bench, struct ed_room *room, enum ed_action action, struct ed_span value) {
  double each[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    double from = cpu_ns();
    for (int i = 0; i < PUSHES; i++) {
      const struct ed_push push = {.action = action, .encoding = ED_JSON, .value = value};
      struct ed_fault fault;
      if (ed_room_push(room, ED_LIT("k"), &push, NULL, &fault) < 0) fail("push", fault.text);
    }
    each[round] = (cpu_ns() - from) / PUSHES;
    ed_hub_flush(&bench->hub);
  }
  qsort(each, ROUNDS, sizeof *each, by_size);
  return each[ROUNDS / 2];
}

static void pushes(struct bench *bench, const char *scripts) {
  begin(bench, scripts);
  const struct ed_gate_ops *ops = bench->hub.gate_ops;
  bench->hub.gate_ops = NULL;
  struct ed_room *plain = room_of(bench, "plain", "plain");
  double base = push_ns(bench, plain, ED_RELAY, ED_LIT(VALUE));
  ed_hub_remove(plain);
  bench->hub.gate_ops = ops;
  printf("      ns     above  a push\n%8.0f            a room without policies\n", base);
  for (size_t i = 0; i < sizeof POLICIES / sizeof *POLICIES; i++) {
    const struct policy *policy = &POLICIES[i];
    if (!policy->what) continue;
    bool reducer = strcmp(policy->name, "reducer") == 0;
    struct ed_room *room = room_of(bench, policy->name, policy->name);
    double ns = push_ns(bench, room, reducer ? ED_APPEND : ED_RELAY,
                        reducer ? ED_LIT("{\"apply\":{\"by\":1},\"i\":\"someone\"}") : ED_LIT(VALUE));
    printf("%8.0f  %8.0f  %s\n", ns, ns - base, policy->what);
    if (ed_host_info(room).failures) fail(policy->name, ed_host_info(room).last_failure);
  }
  end(bench);
}

/* ---- memory ---- */

/* LuaJIT takes its memory from mmap, malloc from the heap: what the process has in all tells both. */
static double resident(void) {
  unsigned long pages = 0, all = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file || fscanf(file, "%lu %lu", &all, &pages) != 2) fail("/proc/self/statm", "unreadable");
  fclose(file);
  return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double bytes_per_room(struct bench *bench, const char *scripts, const char *policy) {
  malloc_trim(0);
  begin(bench, scripts);
  const struct ed_gate_ops *ops = bench->hub.gate_ops;
  if (!policy) bench->hub.gate_ops = NULL;
  double before = resident();
  rooms_of(bench, policy);
  double bytes = (resident() - before) / ROOMS;
  ed_hub_deinit(&bench->hub);
  bench->hub.gate_ops = ops;
  end(bench);
  return bytes;
}

static void memory(struct bench *bench, const char *scripts) {
  bytes_per_room(bench, scripts, NULL); /* the process grows once */
  double base = bytes_per_room(bench, scripts, NULL);
  printf("\n   bytes     above  a room of %d, resident\n%8.0f            without policies\n", ROOMS, base);
  const char *const names[] = {"bare", "empty", "reducer", "default"};
  for (size_t i = 0; i < 4; i++) {
    double bytes = bytes_per_room(bench, i == 3 ? scripts : bench->folder, names[i]);
    printf("%8.0f  %8.0f  %s\n", bytes, bytes - base,
           i == 0 ? "return {}" : i == 1 ? "one empty push stage" : i == 2 ? "the reducer part" : "rooms/default.lua");
  }
}

/* ---- a reload ---- */

static void reload(struct bench *bench, const char *policy) {
  begin(bench, bench->folder);
  double from = cpu_ns();
  rooms_of(bench, policy);
  printf("\n%8.2f  us to open a room (%s)\n", (cpu_ns() - from) / ROOMS / 1e3, policy);
  double longest = 0, total = 0;
  unsigned slices = 0;
  write_policy(bench, policy,
               strcmp(policy, "empty") == 0
                   ? "return { push = function(_, msg) return msg end, commit = function() end }"
                   : "local eddy = require 'eddy'\nreturn eddy.policy { eddy.on('k', eddy.reducer { initial = 1, step = "
                     "function(s, a) return s + a.by end }) }");
  double wall = clock_ns(CLOCK_MONOTONIC);
  from = cpu_ns();
  ed_host_changed(bench->host, NULL);
  double first = cpu_ns() - from;
  do {
    from = cpu_ns();
    ed_timers_run(&bench->timers, bench->timers.now_ms + 1);
    double took = cpu_ns() - from;
    total += took;
    if (took > longest) longest = took;
    slices++;
  } while (ed_timers_next(&bench->timers) <= bench->timers.now_ms + 1);
  wall = clock_ns(CLOCK_MONOTONIC) - wall;
  printf("%8.2f  ms to read, load and try the new version\n", first / 1e6);
  printf("%8.2f  ms to move %d rooms over, in %u slices (%.2f ms on the wall)\n", total / 1e6, ROOMS, slices, wall / 1e6);
  printf("%8.2f  ms the longest slice\n", longest / 1e6);
  if (ed_host_counts(bench->host).states != ROOMS / 1000) fail(policy, "states are left");
  end(bench);
}

int main(int argc, char **argv) {
  const char *scripts = argc > 1 ? argv[1] : ED_SCRIPTS_DIR;
  static struct bench bench;
  bench.space = (struct ed_space){
      .name = "bench",
      .policy = "default",
      .limits = {.message = 1 << 20, .depth = 128, .key = 256, .keys = 1000, .room_messages = 100000,
                 .room_bytes = 1 << 26, .stream_messages = 10000, .stream_bytes = 1 << 24, .members = 100,
                 .queue = 1 << 20, .errors = 10},
  };
  bench.log = (struct ed_log){.out = stderr, .level = ED_LOG_ERROR};
  make_folder(&bench, scripts);
  pushes(&bench, bench.folder);
  memory(&bench, scripts);
  reload(&bench, "empty");
  reload(&bench, "reducer");
  remove_folder(&bench);
  return EXIT_SUCCESS;
}
