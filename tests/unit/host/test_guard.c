/* pcall and xpcall: like Lua's where they may catch, and not at all where they may not. */
#include "host/guard.h"
#include "main.h"
#include "sandbox.h"

struct row {
  const char *script;
  const char *says;
};

static const struct row LIKE_LUA[] = {
    {"return select('#', pcall(type, 1))", "2"},
    {"local ok, a, b = pcall(function(...) return ... end, 1, 2) return tostring(ok) .. a .. b", "true12"},
    {"local ok, why = pcall(error, 'no') return tostring(ok) .. why", "falseno"},
    {"local ok, why = pcall(error, { 5 }) return why[1]", "5"},
    {"local ok, why = pcall(error) return tostring(ok) .. tostring(why)", "falsenil"},
    {"local ok, why = pcall(error, nil) return select('#', pcall(error, nil))", "2"},
    {"local ok, why = pcall(5) return why", "attempt to call a number value"},
    {"local ok, why = pcall(function() local x = nil + 1 end) return why",
     "test.lua:1: attempt to perform arithmetic on a nil value"},
    {"return select('#', pcall(function() end))", "1"},
    {"return select('#', pcall(unpack, {}, 1, 5000))", "5001"},
    {"local ok, a, b = xpcall(function(...) return ... end, error, 1, 2) return tostring(ok) .. a .. b", "true12"},
    {"local ok, why = xpcall(error, function(e) return e .. '!' end, 'no') return tostring(ok) .. why", "falseno!"},
    {"local ok, a, b = xpcall(error, function(e) return 1, 2 end, 'no') return tostring(ok) .. a .. b", "false12"},
    {"local ok, why = xpcall(error, function(e) error('again', 0) end, 'no') return tostring(ok) .. why", "falseagain"},
    {"return (pcall(pcall, error))", "true"},
    {"pcall()", "ERROR: test.lua:1: bad argument #1 to 'pcall' (value expected)"},
    {"xpcall(type)", "ERROR: test.lua:1: bad argument #2 to 'xpcall' (value expected)"},
    {"local ok, why = pcall(function() local function deep() return 1 + deep() end deep() end) return why:match('stack "
     "overflow')",
     "stack overflow"},
};

START_TEST(test_like_lua) {
  struct ed_vm *vm = sandbox_open();
  ck_assert_str_eq(sandbox_run(vm, LIKE_LUA[_i].script, NULL), LIKE_LUA[_i].says);
  ed_vm_close(vm);
}
END_TEST

/* The nesting of guards has an end, which is an ordinary error; and it is as deep again afterwards. */
START_TEST(test_nesting) {
  struct ed_vm *vm = sandbox_open();
  static const char script[] =
      "local function nest(n)\n"
      "  local ok, deepest = pcall(nest, n + 1)\n"
      "  return ok and deepest or n\n"
      "end\n"
      "local first, second = nest(1), nest(1)\n"
      "pcall(function() nest(1) error('x') end)\n"
      "local third = nest(1)\n"
      "return first == second and second == third and first";
  char wanted[16];
  snprintf(wanted, sizeof wanted, "%d", ED_VM_DEPTH_MAX - 1); /* ed_vm_run is one, too */
  ck_assert_str_eq(sandbox_run(vm, script, NULL), wanted);
  ck_assert_str_eq(sandbox_run(vm, script, NULL), wanted);
  ed_vm_close(vm);
}
END_TEST

struct trip {
  const char *script; /* fails inside of a guard, and shows that it went on by throwing something else */
  struct ed_vm_limits limits;
  enum ed_script_failure kind;
  const char *says;
};

#define LIMITS(steps, ms, bytes)                                                                         \
  {                                                                                                      \
    .instructions = steps, .call_ms = ms, .memory = 8 << 20, .allocation = 1 << 20, .call_bytes = bytes, \
    .hook_every = 250                                                                                    \
  }
#define ANY UINT64_MAX
#define PLENTY ((size_t)64 << 20)

static const struct trip TRIPS[] = {
    {"pcall(function() while true do end end) error('went on')", LIMITS(100000, 5000, PLENTY), ED_SCRIPT_BUDGET,
     "ERROR: test.lua:1: this takes more than 100000 instructions"},
    {"xpcall(function() while true do end end, function() error('went on') end) error('went on')",
     LIMITS(100000, 5000, PLENTY), ED_SCRIPT_BUDGET, "ERROR: test.lua:1: this takes more than 100000 instructions"},
    {"xpcall(error, function() while true do end end) error('went on')", LIMITS(100000, 5000, PLENTY), ED_SCRIPT_BUDGET,
     "ERROR: test.lua:1: this takes more than 100000 instructions"},
    {"pcall(function() while true do end end) error('went on')", LIMITS(ANY, 5, PLENTY), ED_SCRIPT_BUDGET,
     "ERROR: test.lua:1: this takes more than 5 ms"},
    {"local t = {} pcall(function() for i = 1, 1e6 do t[i % 2000] = ('xxxxxxxxxx'):rep(1000) .. i end end) error('went "
     "on')",
     LIMITS(ANY, 5000, PLENTY), ED_SCRIPT_MEMORY, "ERROR: test.lua:1: not enough memory: a state may hold 8192 KiB"},
    {"pcall(function() local t = {} for i = 1, 1e6 do t[i] = i end end) error('went on')", LIMITS(ANY, 5000, PLENTY),
     ED_SCRIPT_MEMORY, "ERROR: test.lua:1: a text or table gets larger than 1024 KiB"},
    {"pcall(function() for i = 1, 1e6 do local s = i .. '' end end) error('went on')", LIMITS(ANY, 5000, 1 << 20),
     ED_SCRIPT_BUDGET, "ERROR: test.lua:1: this allocates more than 1024 KiB in one call"},
    {"local f f = function() pcall(f) pcall(f) end f() error('went on')", LIMITS(1000000, 5000, PLENTY),
     ED_SCRIPT_BUDGET, "ERROR: test.lua:1: this takes more than 1000000 instructions"},
    {"pcall(string.gsub, 'x', 'x', function() while true do end end) error('went on')", LIMITS(100000, 5000, PLENTY),
     ED_SCRIPT_BUDGET, "ERROR: test.lua:1: this takes more than 100000 instructions"},
    {"pcall(string.find, ('a'):rep(1000), ('.*'):rep(10) .. 'x') error('went on')", LIMITS(100000, 5000, PLENTY),
     ED_SCRIPT_BUDGET, "ERROR: test.lua:1: this takes more than 100000 instructions"},
};

START_TEST(test_passes_on) {
  const struct trip *trip = &TRIPS[_i];
  struct ed_vm *vm;
  struct ed_script_error error;
  ck_assert_int_eq(ed_vm_open(&vm, &trip->limits), 0);
  for (int round = 0; round < 3; round++) { /* a budget is a call's */
    ck_assert_str_eq(sandbox_run(vm, trip->script, &error), trip->says);
    ck_assert_int_eq(error.kind, trip->kind);
    sandbox_collect(vm);
    ck_assert_str_eq(sandbox_run(vm, "return 1", NULL), "1");
  }
  ed_vm_close(vm);
}
END_TEST

/* Nothing of the caller's runs between the guard and the end of the call: not even C, where no hook can be. */
static int went_on(lua_State *L) {
  bool *went = lua_touserdata(L, 1);
  lua_pushcfunction(L, ed_guard_pcall);
  ed_vm_load(L, ED_LIT("while true do end"), "@loop.lua");
  lua_call(L, 1, 2);
  *went = true;
  return 0;
}

START_TEST(test_passes_on_in_c) {
  struct ed_vm *vm = sandbox_open();
  struct ed_script_error error;
  bool went = false;
  ck_assert_int_eq(ed_vm_run(vm, went_on, &went, &error), -1);
  ck_assert_int_eq(error.kind, ED_SCRIPT_BUDGET);
  ck_assert(!went);
  ed_vm_close(vm);
}
END_TEST

static int set_flag(lua_State *L) {
  *(bool *)lua_touserdata(L, lua_upvalueindex(1)) = true;
  return 0;
}

/* C that catches what a guard would pass on: what it calls then gets no further than one instruction. */
static int careless(lua_State *L) {
  ed_vm_load(L, ED_LIT("while true do end"), "@loop.lua");
  lua_pcall(L, 0, 0, 0);
  ed_vm_load(L, ED_LIT("local flag = ... flag()"), "@flag.lua");
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, set_flag, 1);
  lua_call(L, 1, 0);
  return 0;
}

START_TEST(test_stays_tripped) {
  struct ed_vm *vm = sandbox_open();
  struct ed_script_error error;
  bool went = false;
  ck_assert_int_eq(ed_vm_run(vm, careless, &went, &error), -1);
  ck_assert_int_eq(error.kind, ED_SCRIPT_BUDGET);
  ck_assert(!went);
  ed_vm_close(vm);
}
END_TEST

/* Where hooks could not run, the guard itself looks at the clock. */
static int late(lua_State *L) {
  lua_pushcfunction(L, ed_guard_pcall);
  lua_getfield(L, LUA_REGISTRYINDEX, "late"); /* nil, which cannot be called */
  ed_vm_of(L)->began_ns = 1; /* long ago */
  ed_vm_of(L)->limits.call_ms = 0;
  lua_call(L, 1, 2);
  *(bool *)lua_touserdata(L, 1) = true;
  return 0;
}

START_TEST(test_looks_at_the_clock) {
  struct ed_vm *vm = sandbox_open();
  struct ed_script_error error;
  bool went = false;
  ck_assert_int_eq(ed_vm_run(vm, late, &went, &error), -1);
  ck_assert_str_eq(error.text, "this takes more than 0 ms");
  ck_assert(!went);
  ed_vm_close(vm);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("guard");
  TCase *tcase = tcase_create("guard");
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, test_like_lua, 0, (int)(sizeof LIKE_LUA / sizeof *LIKE_LUA));
  tcase_add_test(tcase, test_nesting);
  tcase_add_loop_test(tcase, test_passes_on, 0, (int)(sizeof TRIPS / sizeof *TRIPS));
  tcase_add_test(tcase, test_passes_on_in_c);
  tcase_add_test(tcase, test_stays_tripped);
  tcase_add_test(tcase, test_looks_at_the_clock);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
