#include "host/testing.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "host/testing_world.h"

/* Tests are the author's own, and run alone: their budget is there to end one that hangs. */
static const struct ed_vm_limits LIMITS = {
    .instructions = 2000000000,
    .call_ms = 60000,
    .memory = 256 << 20,
    .allocation = 64 << 20,
    .call_bytes = (size_t)4 << 30,
    .hook_every = 1000,
};

/* NAME of .../NAME_test.lua. */
static int policy_name(const char *file, char name[80]) {
  const char *base = strrchr(file, '/');
  base = base ? base + 1 : file;
  size_t len = strlen(base), tail = strlen("_test.lua");
  if (len <= tail || strcmp(base + len - tail, "_test.lua") != 0 || len - tail >= 80) return -1;
  memcpy(name, base, len - tail);
  name[len - tail] = 0;
  return ed_policy_name_valid(name) ? 0 : -1;
}

/* ---- loading ---- */

static int require(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  if (strcmp(name, "eddy") != 0) return luaL_error(L, "a test can require \"eddy\" alone (null, array, bytes, ...)");
  ed_value_library(L);
  return 1;
}

static void note_test(struct ed_test_run *run, const char *name, int line) {
  run->tests = ed_grow(run->tests, sizeof *run->tests, run->tests_len, &run->tests_cap);
  run->tests[run->tests_len++] = (struct ed_test_named){.name = ed_strdup(name), .line = line};
}

struct loading {
  const char *file;
  struct ed_span source;
};

static int load(lua_State *L) {
  struct ed_test_run *run = ed_test_run_of(L);
  const struct loading *loading = lua_touserdata(L, 1);
  lua_pushcfunction(L, require);
  ed_vm_set_global(L, "require");
  char name[128];
  const char *base = strrchr(loading->file, '/');
  snprintf(name, sizeof name, "@%s", base ? base + 1 : loading->file);
  ed_vm_load(L, loading->source, name);
  lua_call(L, 0, 1);
  if (!lua_istable(L, -1)) return luaL_error(L, "a test file returns a table of functions, by name");
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || !lua_isfunction(L, -1))
      return luaL_error(L, "a test file returns a table of functions, by name; it has a %s under a %s",
                        luaL_typename(L, -1), luaL_typename(L, -2));
    lua_Debug info;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &info);
    note_test(run, lua_tostring(L, -2), info.linedefined);
  }
  run->tests_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

static int by_line(const void *a, const void *b) {
  const struct ed_test_named *x = a, *y = b;
  return x->line != y->line ? (x->line > y->line) - (x->line < y->line) : strcmp(x->name, y->name);
}

static int read_file(const char *path, struct ed_buf *text) {
  FILE *file = fopen(path, "re");
  if (!file) return -errno;
  for (size_t got = 1; got;) text->len += got = fread(ed_buf_reserve(text, 4096), 1, 4096, file);
  int result = ferror(file) ? -EIO : 0;
  fclose(file);
  return result;
}

/* ---- running ---- */

static int call(lua_State *L) {
  const char *name = lua_touserdata(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, ed_test_run_of(L)->tests_ref);
  lua_getfield(L, -1, name);
  ed_test_objects(L);
  lua_call(L, 1, 0);
  return 0;
}

/* Lines of `text` but the first `skip`, each set in. */
static void print_lines(FILE *out, const char *text, unsigned skip) {
  for (const char *line = text; *line;) {
    size_t len = strcspn(line, "\n");
    if (skip)
      skip--;
    else
      fprintf(out, "    %.*s\n", (int)len, line);
    line += len;
    if (*line) line++;
  }
}

/* A test fails, too, where a script failed and the test did not ask for it (room:failure). */
static bool run_test(struct ed_test_run *run, const char *name) {
  struct ed_test_world *world = ed_zalloc(sizeof *world);
  world->serial = ++run->serial;
  ed_timers_init(&world->timers, 1000000);
  world->timers.epoch_ms = 1700000000000 - 1000000; /* the same day for every run */
  world->log = (struct ed_log){.out = open_memstream(&world->said, &world->said_len), .level = ED_LOG_INFO};
  run->world = world;
  struct ed_script_error error = {0};
  bool fine = ed_vm_run(run->vm, call, (void *)(uintptr_t)name, &error) == 0;
  if (fine && world->host && ed_host_counts(world->host).failures > world->failures_seen) {
    fine = false;
    snprintf(error.text, sizeof error.text, "the policy failed:");
  }
  run->world = NULL;
  fflush(world->log.out);
  if (fine) {
    fprintf(run->out, "ok %s\n", name);
  } else {
    fprintf(run->out, "not ok %s: %.*s\n", name, (int)strcspn(error.text, "\n"), error.text);
    print_lines(run->out, error.text, 1);
    print_lines(run->out, world->said, 0);
  }
  ed_test_world_free(world, run->policy);
  return fine;
}

int ed_host_test(const struct ed_host_options *options, const char *file, FILE *out, unsigned *passed,
                 unsigned *failed) {
  struct ed_test_run run = {.options = options, .out = out};
  if (policy_name(file, run.policy) < 0) {
    fprintf(out, "%s: the tests of a policy NAME are in a file NAME_test.lua\n", file);
    return -1;
  }
  struct ed_buf source = {0};
  struct ed_script_error error = {0};
  int result = read_file(file, &source);
  if (result < 0) {
    fprintf(out, "%s: %s\n", file, strerror(-result));
    goto out;
  }
  result = ed_vm_open(&run.vm, &LIMITS);
  if (result < 0) {
    fprintf(out, "%s: no Lua state could be made\n", file);
    goto out;
  }
  run.vm->owner = &run;
  result = ed_vm_run(run.vm, load, &(struct loading){.file = file, .source = ed_buf_span(&source)}, &error);
  if (result < 0) {
    fprintf(out, "%s\n", error.text);
    goto out;
  }
  unsigned good = 0, bad = 0;
  if (run.tests_len) qsort(run.tests, run.tests_len, sizeof *run.tests, by_line);
  for (size_t i = 0; i < run.tests_len; i++) *(run_test(&run, run.tests[i].name) ? &good : &bad) += 1;
  fprintf(out, "%u passed, %u failed\n", good, bad);
  *passed += good;
  *failed += bad;
out:
  for (size_t i = 0; i < run.tests_len; i++) free(run.tests[i].name);
  free(run.tests);
  if (run.vm) ed_vm_close(run.vm);
  ed_buf_deinit(&run.scratch);
  ed_buf_deinit(&source);
  return result < 0 ? -1 : 0;
}
