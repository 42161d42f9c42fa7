/* What the sandbox costs: a call into a state, a value each way, and library functions beside Lua's own. Nanoseconds of
 * one call, the best of several rounds. Ratios hold on other machines, nanoseconds do not. */
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/wire.h"
#include "host/value.h"
#include "host/vm.h"

enum { CALLS = 4000, ROUNDS = 40 };

/* 205 bytes. */
static const char VALUE[] =
    "{\"op\":\"move\",\"id\":\"b3f1c9d2-77aa\",\"x\":412.5,\"y\":-87.25,\"points\":[1,22,333,4444,55555],\"label\":"
    "\"sticky note\","
    "\"style\":{\"fill\":\"#ffcc00\",\"width\":2,\"dash\":[]},\"on\":true,\"by\":null,\"tags\":[\"todo\",\"design\"],"
    "\"z\":17,\"r\":0}";

struct bench {
  struct ed_vm *vm;
  int ref;
  struct ed_span json, cbor;
  struct ed_buf out;
  enum ed_encoding encoding;
  bool decodes, encodes;
};

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void must(int result, const struct ed_script_error *error) {
  if (result == 0) return;
  fprintf(stderr, "%s\n", error->text);
  exit(EXIT_FAILURE);
}

struct script {
  const char *text;
  int ref;
};

static int compile(lua_State *L) {
  struct script *script = lua_touserdata(L, 1);
  ed_vm_load(L, ed_span_text(script->text), "@bench.lua");
  lua_call(L, 0, 1);
  script->ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

static int load(struct ed_vm *vm, const char *text) {
  struct script script = {text, 0};
  struct ed_script_error error;
  must(ed_vm_run(vm, compile, &script, &error), &error);
  return script.ref;
}

/* One call, as a room makes them. */
static int call(lua_State *L) {
  struct bench *bench = lua_touserdata(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, bench->ref);
  if (bench->decodes)
    ed_value_push(L, bench->encoding, bench->encoding == ED_JSON ? bench->json : bench->cbor);
  else
    lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  if (bench->encodes) {
    bench->out.len = 0;
    ed_value_read(L, -1, bench->encoding, &bench->out);
  }
  return 0;
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

static double measure(struct bench *bench, lua_CFunction fn) {
  struct ed_script_error error;
  double best = 1e18;
  for (int round = 0; round < ROUNDS; round++) {
    double begin = now_ns();
    for (int i = 0; i < CALLS; i++) must(ed_vm_run(bench->vm, fn, bench, &error), &error);
    double each = (now_ns() - begin) / CALLS;
    if (each < best) best = each;
  }
  return best;
}

static void row(const char *what, double ns) { printf("%8.0f  %s\n", ns, what); }

static void calls(struct bench *bench) {
  row("ed_vm_run of a C function that does nothing", measure(bench, nothing));
  bench->ref = load(bench->vm, "return function() end");
  row("a call of an empty Lua function", measure(bench, call));
  bench->ref = load(bench->vm, "local n = 0 return function() n = n + 1 return n end");
  row("a counter", measure(bench, call));
  bench->ref = load(bench->vm, "return function() return pcall(type, 1) end");
  row("a function that calls pcall(type, 1)", measure(bench, call));
  bench->ref = load(bench->vm, "return function() for i = 1, 1000 do end end");
  row("a loop of 1,000", measure(bench, call));
}

static void values(struct bench *bench) {
  int identity = load(bench->vm, "return function(v) return v end");
  int change = load(bench->vm, "return function(v) v.x = v.x + 1 return v end");
  for (bench->encoding = ED_JSON; bench->encoding <= ED_CBOR; bench->encoding++) {
    const char *name = bench->encoding == ED_JSON ? "JSON" : "CBOR";
    char what[64];
    bench->ref = identity;
    bench->decodes = true;
    bench->encodes = false;
    snprintf(what, sizeof what, "%s: decode %zu bytes", name,
             (bench->encoding == ED_JSON ? bench->json : bench->cbor).len);
    row(what, measure(bench, call));
    bench->ref = change;
    bench->encodes = true;
    snprintf(what, sizeof what, "%s: decode, change, encode", name);
    row(what, measure(bench, call));
  }
  bench->decodes = bench->encodes = false;
}

/* ---- library functions, beside Lua's own in a state without anything around ---- */

static double stock(const char *text) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_dostring(L, "jit.off()") != 0 || luaL_dostring(L, text) != 0) exit(EXIT_FAILURE);
  double best = 1e18;
  for (int round = 0; round < ROUNDS; round++) {
    double begin = now_ns();
    lua_pushvalue(L, -1);
    lua_call(L, 0, 0);
    double each = now_ns() - begin;
    if (each < best) best = each;
  }
  lua_close(L);
  return best;
}

static void library(struct bench *bench) {
  static const struct {
    const char *what, *text; /* does it 1,000 times */
  } rows[] = {
      {"pcall(type, 1)", "return function() for i = 1, 1000 do pcall(type, 1) end end"},
      {"find a word in 200 characters",
       "local s = ('lorem ipsum '):rep(17) .. 'x1' return function() for i = 1, 1000 do s:find('%a%d') end end"},
      {"gsub of 6 words",
       "local s = ('lorem ipsum '):rep(3) return function() for i = 1, 1000 do s:gsub('%a+', 'x') end end"},
      {"format('%s %d', 'x', 5)", "return function() for i = 1, 1000 do ('%s %d'):format('x', 5) end end"},
      {"upper of 10 characters", "return function() for i = 1, 1000 do ('helloworld'):upper() end end"},
      {"insert at the end", "return function() local t = {} for i = 1, 1000 do table.insert(t, i) end end"},
      {"sort of 10 numbers",
       "return function() for i = 1, 1000 do table.sort { 5, 3, 9, 1, 7, 2, 8, 4, 6, 10 } end end"},
      {"concat of 5 texts",
       "local t = { 'a', 'b', 'c', 'd', 'e' } return function() for i = 1, 1000 do table.concat(t, ',') end end"},
  };
  printf("\n    ours     stock (ns each, in a loop)\n");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ed_script_error error;
    double best = 1e18;
    bench->ref = load(bench->vm, rows[i].text);
    for (int round = 0; round < ROUNDS; round++) {
      double begin = now_ns();
      must(ed_vm_run(bench->vm, call, bench, &error), &error);
      double each = now_ns() - begin;
      if (each < best) best = each;
    }
    printf("%8.0f  %8.0f  %s\n", best / 1000, stock(rows[i].text) / 1000, rows[i].what);
  }
}

static void states(const struct ed_vm_limits *limits) {
  enum { STATES = 200 };
  static struct ed_vm *vms[STATES];
  double begin = now_ns();
  for (int i = 0; i < STATES; i++)
    if (ed_vm_open(&vms[i], limits) < 0) exit(EXIT_FAILURE);
  printf("\n%8.1f  us to open a state\n", (now_ns() - begin) / STATES / 1e3);
  printf("%8.1f  KiB that an empty one holds\n", (double)ed_vm_memory(vms[0]) / 1024);
  for (int i = 0; i < STATES; i++) ed_vm_close(vms[i]);
}

int main(void) {
  static const struct ed_vm_limits limits = {5000000, 10000, 64 << 20, 1 << 20, 64 << 20, 250};
  struct bench bench = {.json = ED_LIT(VALUE)};
  struct ed_buf cbor = {0};
  ed_wire_transcode(ED_JSON, bench.json, &cbor);
  bench.cbor = ed_buf_span(&cbor);
  if (ed_vm_open(&bench.vm, &limits) < 0) return EXIT_FAILURE;
  printf("      ns  (hook every %u)\n", limits.hook_every);
  calls(&bench);
  values(&bench);
  library(&bench);
  ed_vm_close(bench.vm);
  states(&limits);
  ed_buf_deinit(&bench.out);
  ed_buf_deinit(&cbor);
  return EXIT_SUCCESS;
}
