/* Every script of tests/lua/torture tries one way to harm the process. None may return: it ends with an error, soon,
 * under the cap of its state; and a healthy function in the same state goes on as if nothing had been.
 *
 * A script says in its first line how it must end: "-- ends: error", "budget" or "memory" (or several of them, where it
 * depends on the machine). Where it returns a function, that is called until it fails, a thousand times at most: for
 * what takes more than one call. */
#include <glob.h>

#include "base/mem.h"
#include "host/value.h"
#include "main.h"
#include "sandbox.h"

#define CALLS_MAX 1000
/* What is not to end by the clock gets this long at first, so that it ends by what it says. */
#define PATIENT_MS 5000
#define CALL_CPU_MS (2.0 * (double)SANDBOX_LIMITS.call_ms * ED_SLOWDOWN)

struct healthy {
  struct ed_vm *vm;
  int ref;
  unsigned calls;
};

static const char HEALTHY[] =
    "local count, seen = 0, {}\n"
    "return function()\n"
    "  count = count + 1\n"
    "  local ok, why = pcall(error, 'caught')\n"
    "  local text = ('key-%d'):format(count):gsub('%-', '/')\n"
    "  seen[#seen + 1] = text\n"
    "  if #seen > 10 then table.remove(seen, 1) end\n"
    "  table.sort(seen)\n"
    "  assert(not ok and why == 'caught' and text == 'key/' .. count and tostring(count):match('^%d+$'))\n"
    "  return count\n"
    "end\n";

/* encode(value, in CBOR or else in JSON), and decode(a text of JSON): what room:push and msg.value do. */
static int encode(lua_State *L) {
  static struct ed_buf out; /* outlives the process's one script */
  out.len = 0;
  luaL_checkany(L, 1);
  ed_value_read(L, 1, lua_toboolean(L, 2) ? ED_CBOR : ED_JSON, &out);
  lua_pushnumber(L, (lua_Number)out.len);
  return 1;
}

static int decode(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  ed_value_push(L, ED_JSON, ed_span(text, len));
  return 1;
}

static int load_healthy(lua_State *L) {
  struct healthy *healthy = lua_touserdata(L, 1);
  lua_pushcfunction(L, encode);
  ed_vm_set_global(L, "encode");
  lua_pushcfunction(L, decode);
  ed_vm_set_global(L, "decode");
  ed_value_library(L);
  ed_vm_freeze(L, "eddy");
  ed_vm_set_global(L, "eddy");
  ed_vm_load(L, ED_LIT(HEALTHY), "@healthy.lua");
  lua_call(L, 0, 1);
  healthy->ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

static int call_healthy(lua_State *L) {
  struct healthy *healthy = lua_touserdata(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, healthy->ref);
  lua_call(L, 0, 1);
  if (lua_tonumber(L, -1) != ++healthy->calls) return luaL_error(L, "the healthy one has lost count");
  ed_value_push(L, ED_JSON, ED_LIT("{\"a\":[1,2,{\"b\":null}]}"));
  struct ed_buf *out = &healthy->vm->scratch;
  out->len = 0;
  ed_value_read(L, -1, ED_JSON, out);
  if (!ed_span_equal(ed_buf_span(out), ED_LIT("{\"a\":[1,2,{\"b\":null}]}")))
    return luaL_error(L, "values have changed");
  return 0;
}

static void check_healthy(struct healthy *healthy, const char *name) {
  struct ed_script_error error;
  uint64_t call_ms = healthy->vm->limits.call_ms;
  healthy->vm->limits.call_ms = PATIENT_MS;
  int result = ed_vm_run(healthy->vm, call_healthy, healthy, &error);
  healthy->vm->limits.call_ms = call_ms;
  ck_assert_msg(result == 0, "%s: the healthy one failed: %s", name, error.text);
}

struct hostile {
  const char *name;
  struct ed_buf text;
  char ends[64];
  int ref;   /* of its chunk, or of the function that it returned */
  bool more; /* it returned one */
};

/* Apart from the run, so that no script holds for the reason that it does not compile. */
static int load_hostile(lua_State *L) {
  struct hostile *hostile = lua_touserdata(L, 1);
  ed_vm_load(L, ed_buf_span(&hostile->text), "@hostile.lua");
  hostile->ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

static int run_hostile(lua_State *L) {
  struct hostile *hostile = lua_touserdata(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, hostile->ref);
  lua_call(L, 0, 1);
  if (lua_isfunction(L, -1)) { /* what is to be called from now on */
    lua_rawseti(L, LUA_REGISTRYINDEX, hostile->ref);
    hostile->more = true;
  }
  return 0;
}

static void read_hostile(struct hostile *hostile, const char *path) {
  FILE *file = fopen(path, "re");
  ck_assert_ptr_nonnull(file);
  size_t got;
  while ((got = fread(ed_buf_reserve(&hostile->text, 4096), 1, 4096, file))) hostile->text.len += got;
  fclose(file);
  ed_buf_add_byte(&hostile->text, 0);
  hostile->text.len--;
  ck_assert_msg(sscanf((char *)hostile->text.at, "-- ends: %63[^\n]", hostile->ends) == 1, "%s: no '-- ends:'", path);
  const char *slash = strrchr(path, '/');
  hostile->name = slash + 1;
}

static void check_failure(const struct hostile *hostile, const struct ed_vm *vm, const struct ed_script_error *error) {
  static const char *const kinds[] = {"error", "budget", "memory"};
  bool late = error->kind == ED_SCRIPT_BUDGET && vm->limits.call_ms != PATIENT_MS;
  ck_assert_msg(late || strstr(hostile->ends, kinds[error->kind]) != NULL, "%s: ended with %s, not %s: %s",
                hostile->name, kinds[error->kind], hostile->ends, error->text);
  ck_assert_msg(strstr(error->text, "escaped") == NULL, "%s: %s", hostile->name, error->text);
  ck_assert_msg(error->text[0] != 0, "%s: nothing was said", hostile->name);
  ck_assert_msg(ed_vm_memory(vm) <= vm->limits.memory, "%s: %zu bytes", hostile->name, ed_vm_memory(vm));
  ck_assert_uint_eq(vm->runs, 0);
  ck_assert_int_eq(lua_gettop(vm->L), 0);
}

static void torture(const char *path, bool verbose) {
  struct healthy healthy = {0};
  struct ed_script_error error;
  ck_assert_int_eq(ed_vm_open(&healthy.vm, &SANDBOX_LIMITS), 0);
  healthy.vm->limits.call_ms = PATIENT_MS;
  ck_assert_int_eq(ed_vm_run(healthy.vm, load_healthy, &healthy, &error), 0);
  check_healthy(&healthy, path);
  struct hostile hostile = {0};
  read_hostile(&hostile, path);
  for (int round = 0; round < 2; round++) { /* what it has left behind must not help it */
    bool patient = round == 0 && !strstr(hostile.ends, "budget");
    healthy.vm->limits.call_ms = patient ? PATIENT_MS : SANDBOX_LIMITS.call_ms;
    hostile.more = false;
    ck_assert_msg(ed_vm_run(healthy.vm, load_hostile, &hostile, &error) == 0, "%s", error.text);
    double worst = 0;
    int calls = 0, result;
    do {
      double begin = sandbox_cpu_ms();
      result = ed_vm_run(healthy.vm, run_hostile, &hostile, &error);
      double took = sandbox_cpu_ms() - begin;
      if (took > worst) worst = took;
      ck_assert_msg(patient || took < CALL_CPU_MS, "%s: a call took %.1f ms: %s", hostile.name, took, error.text);
      if (result == 0) check_healthy(&healthy, hostile.name);
    } while (result == 0 && hostile.more && ++calls < CALLS_MAX);
    ck_assert_msg(result < 0, "%s: it has returned, after %d calls", hostile.name, calls);
    if (verbose)
      printf("%-34s %6.2f ms %8zu KiB  %.150s\n", hostile.name, worst, ed_vm_memory(healthy.vm) >> 10, error.text);
    check_failure(&hostile, healthy.vm, &error);
    bool over = ed_vm_over_cap(healthy.vm);
    if (over) break; /* it holds on to what it has: such a state is given up by its owner */
    check_healthy(&healthy, hostile.name);
  }
  ed_buf_deinit(&hostile.text);
  ed_vm_close(healthy.vm);
}

static glob_t scripts;

START_TEST(test_torture) { torture(scripts.gl_pathv[_i], getenv("ED_VERBOSE") != NULL); }
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("torture");
  TCase *tcase = tcase_create("torture");
  tcase_set_timeout(tcase, 20);
  if (glob(ED_TESTS_DIR "/lua/torture/*.lua", 0, NULL, &scripts) != 0 || scripts.gl_pathc < 60) {
    fprintf(stderr, "the scripts of " ED_TESTS_DIR "/lua/torture are not all there\n");
    exit(EXIT_FAILURE);
  }
  tcase_add_loop_test(tcase, test_torture, 0, (int)scripts.gl_pathc);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
