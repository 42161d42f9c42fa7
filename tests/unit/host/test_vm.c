/* The state, its environment, its limits, and what is said when something goes wrong. */

#include "base/buf.h"
#include "main.h"
#include "sandbox.h"

static struct ed_vm *vm;

static void setup(void) { vm = sandbox_open(); }

static void teardown(void) { ed_vm_close(vm); }

/* ---- the environment ---- */

/* All of it, in order: whatever comes to it shows here. */
static const char GLOBALS[] =
    "assert bit error getmetatable ipairs math next pairs pcall rawequal rawget select setmetatable string table "
    "tonumber "
    "tostring type unpack xpcall ";
static const char LIBRARIES[] =
    "bit.arshift bit.band bit.bnot bit.bor bit.bswap bit.bxor bit.lshift bit.rol bit.ror bit.rshift bit.tobit "
    "bit.tohex "
    "math.abs math.acos math.asin math.atan math.atan2 math.ceil math.cos math.cosh math.deg math.exp math.floor "
    "math.fmod "
    "math.frexp math.huge math.ldexp math.log math.log10 math.max math.min math.modf math.pi math.pow math.rad "
    "math.random math.sin math.sinh math.sqrt math.tan math.tanh "
    "string.byte string.char string.find string.format string.gmatch string.gsub string.len string.lower string.match "
    "string.rep string.reverse string.sub string.upper "
    "table.concat table.insert table.remove table.sort ";

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Adds the sorted names of the table on top. */
static void add_names(lua_State *L, const char *prefix, struct ed_buf *out) {
  const char *names[200];
  size_t len = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) names[len++] = lua_tostring(L, -2);
  qsort(names, len, sizeof *names, compare);
  for (size_t i = 0; i < len; i++) ed_buf_printf(out, "%s%s ", prefix, names[i]);
}

static int list_environment(lua_State *L) {
  struct ed_buf *out = lua_touserdata(L, 1);
  static const char *const libraries[] = {"bit", "math", "string", "table"};
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs[ED_REF_GLOBALS]);
  add_names(L, "", out);
  ed_buf_add_byte(out, '\n');
  for (size_t i = 0; i < 4; i++) {
    char prefix[16];
    snprintf(prefix, sizeof prefix, "%s.", libraries[i]);
    lua_getfield(L, -1, libraries[i]);
    lua_getmetatable(L, -1);
    lua_getfield(L, -1, "__index");
    add_names(L, prefix, out);
    lua_pop(L, 3);
  }
  return 0;
}

START_TEST(test_environment) {
  struct ed_buf found = {0}, wanted = {0};
  struct ed_script_error error;
  ck_assert_int_eq(ed_vm_run(vm, list_environment, &found, &error), 0);
  ed_buf_printf(&wanted, "%s\n%s", GLOBALS, LIBRARIES);
  ed_buf_add_byte(&wanted, 0);
  ed_buf_add_byte(&found, 0);
  ck_assert_str_eq((char *)found.at, (char *)wanted.at);
  ed_buf_deinit(&found);
  ed_buf_deinit(&wanted);
}
END_TEST

struct row {
  const char *script;
  const char *says;
};

static const struct row SCRIPTS[] = {
    /* globals */
    {"x = 1", "ERROR: test.lua:1: 'x' is a global, which scripts cannot set: write 'local x'"},
    {"\nfunction f() end", "ERROR: test.lua:2: 'f' is a global, which scripts cannot set: write 'local f'"},
    {"pcall = 1", "ERROR: test.lua:1: 'pcall' is a global, which scripts cannot set: write 'local pcall'"},
    {"return x", "nil"},
    {"string.x = 1", "ERROR: test.lua:1: string cannot be changed by scripts"},
    {"table.insert(math, 1)", "ERROR: test.lua:1: bad argument #1 to 'insert' (this table cannot be changed)"},
    {"return tostring(getmetatable(string)) .. tostring(getmetatable(''))", "falsefalse"},
    {"setmetatable(bit, {})", "ERROR: test.lua:1: cannot change a protected metatable"},
    {"local s = ('x').upper return s == string.upper", "true"},
    /* loading */
    {"return 1 +", "ERROR: test.lua:1: unexpected symbol near '<eof>'"},
    {"\x1bLJ\x02", "ERROR: attempt to load chunk with wrong mode"},
    {"return 42LL", "ERROR: test.lua:1: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"\n\nreturn 0x1uLl", "ERROR: test.lua:3: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"return 2i", "ERROR: test.lua:1: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"return .5I", "ERROR: test.lua:1: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"return 1e+5i", "ERROR: test.lua:1: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"--[[x\n]] return 1LL",
     "ERROR: test.lua:2: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"return '\\'' .. 1LL", "ERROR: test.lua:1: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"local a = [==[ ]] ]=] ]==] return 1LL",
     "ERROR: test.lua:1: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"#! 1LL '\nreturn 1LL",
     "ERROR: test.lua:2: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"--[=x '\nreturn 1LL", "ERROR: test.lua:2: numbers of 64 bits (42LL) and imaginary ones (2i) are not for scripts"},
    {"-- 42LL\nlocal x42LL, i = '42LL', [[ 42LL ]] --[==[ 42LL ]] 2i ]==]\nreturn x42LL .. i .. 0xfe .. 1e+2 .. "
     "\"2i\\\"3i\"",
     "42LL 42LL 2541002i\"3i"},
    {"return 5 .. 5", "55"},
    {"return ({ 7 })[1] - -1 --[[]] ", "8"},
    /* library functions of ours, where they differ from the stock ones or might */
    {"return ('aBc-1\\255'):upper() .. ('aBc'):lower() .. ('abc'):reverse()", "ABC-1\377abccba"},
    {"return ('ab'):rep(3) .. ('ab'):rep(2, '-') .. ('x'):rep(0) .. ('x'):rep(-1) .. ('x'):rep(1, '-')",
     "abababab-abx"},
    {"local x = ('x'):rep(2^20)", "ERROR: a text or table gets larger than 1024 KiB"}, /* with its header it is */
    {"local x = ('x'):rep(2^20 + 1)", "ERROR: test.lua:1: this text gets longer than 1024 KiB"},
    {"return #('x'):rep(2^20 - 100)", "1048476"},
    {"return ('%5.1f|%-5d|%05d|%x|%s|%5s|%q|%c|%%|%g|%i'):format(1.5, 3, 7, 255, 'a', 'b', 'c\\n', 65, 0.1, 9)",
     "  1.5|3    |00007|ff|a|    b|\"c\\\n\"|A|%|0.1|9"},
    {"return ('%s%s%s%s'):format(nil, true, 1, setmetatable({}, { __tostring = function() return 'T' end }))",
     "niltrue1T"},
    {"local x = ('%s'):format(setmetatable({}, { __tostring = function() return {} end }))",
     "ERROR: test.lua:1: 'tostring' must return a string"},
    {"local x = ('%d'):format()", "ERROR: test.lua:1: bad argument #1 to 'format' (no value)"},
    {"local x = ('%s %d'):format(1, 'x')",
     "ERROR: test.lua:1: bad argument #2 to 'format' (number expected, got string)"},
    {"local x = ('%123d'):format(1)", "ERROR: test.lua:1: invalid format (width or precision too long)"},
    {"local x = ('%y'):format(1)", "ERROR: test.lua:1: invalid option '%y' to 'format'"},
    {"local x = ('x%'):format(1)", "ERROR: test.lua:1: invalid option '% ' to 'format'"},
    {"return ('a\\0b%s'):format('c\\0d') == 'a\\0bc\\0d'", "true"},
    {"local t = { 1, 2 } table.insert(t, 3) table.insert(t, 1, 0) table.insert(t, 5, 4) return table.concat(t, ',')",
     "0,1,2,3,4"},
    {"table.insert({ 1 }, 3, 1)", "ERROR: test.lua:1: bad argument #2 to 'insert' (position out of bounds)"},
    {"table.insert({ 1 }, 0, 1)", "ERROR: test.lua:1: bad argument #2 to 'insert' (position out of bounds)"},
    {"table.insert({ 1 })", "ERROR: test.lua:1: wrong number of arguments to 'insert'"},
    {"return table.concat({ 1, 'b', 3 }, '-', 2, 3) .. table.concat({}) .. table.concat({ 'x' }, '-')", "b-3x"},
    {"local x = table.concat({ 1, {}, 3 })",
     "ERROR: test.lua:1: invalid value (a table) at index 2 in table for 'concat'"},
    {"return table.remove({ 1, 2, 3 }, 1) .. table.remove({ 1, 2, 3 }) .. select('#', table.remove({}))", "130"},
    {"return tonumber('10') + tonumber('ff', 16) + tonumber('0x10')", "281"},
    {"return tostring(tonumber('x')) .. tostring(tonumber({}))", "nilnil"},
    {"return math.random() == math.random()", "false"},
    {"return #unpack({ 'abc' })", "3"},
};

START_TEST(test_scripts) { ck_assert_str_eq(sandbox_run(vm, SCRIPTS[_i].script, NULL), SCRIPTS[_i].says); }
END_TEST

START_TEST(test_sort) {
  static const char script[] =
      "local seed = 1\n"
      "local function random(n) seed = seed * 16807 % 2147483647 return seed % n end\n"
      "for n = 0, 70 do\n"
      "  local t, count = {}, {}\n"
      "  for i = 1, n do t[i] = { key = random(10), place = i } end\n"
      "  table.sort(t, function(a, b) return a.key < b.key end)\n"
      "  for i = 1, n do count[t[i].place] = true end\n"
      "  for i = 1, n do assert(count[i], 'lost') end\n"
      "  for i = 2, n do\n"
      "    local a, b = t[i - 1], t[i]\n"
      "    assert(a.key < b.key or (a.key == b.key and a.place < b.place), 'out of order')\n"
      "  end\n"
      "end\n"
      "local t = { 3, 1, 2 }\n"
      "table.sort(t)\n"
      "assert(table.concat(t) == '123')\n"
      "t = { 'b', 'a' }\n"
      "table.sort(t, function(a, b) return a > b end)\n"
      "assert(table.concat(t) == 'ba')\n"
      "t = { 3, 2, 1 }\n"
      "local ok = pcall(table.sort, t, function() error('no') end)\n"
      "assert(not ok and table.concat(t) == '321')\n"
      "return select(2, pcall(table.sort, { 1, 'x' }))";
  ck_assert_str_eq(sandbox_run(vm, script, NULL), "table.sort:2: attempt to compare string with number");
}
END_TEST

/* Each state draws its own random numbers. */
START_TEST(test_random) {
  struct ed_vm *other = sandbox_open();
  char first[600];
  snprintf(first, sizeof first, "%s", sandbox_run(vm, "return math.random(2^31)", NULL));
  ck_assert_str_ne(first, sandbox_run(other, "return math.random(2^31)", NULL));
  ed_vm_close(other);
}
END_TEST

/* ---- errors ---- */

START_TEST(test_traceback) {
  struct ed_script_error error;
  static const char script[] =
      "local function inner(t)\n"
      "  return t.x.y\n"
      "end\n"
      "local function middle(t)\n"
      "  local ok, text = ('x'):gsub('x', function() local x = inner(t) return x end)\n"
      "  return ok\n"
      "end\n"
      "local result = middle({})";
  sandbox_run(vm, script, &error);
  ck_assert_int_eq(error.kind, ED_SCRIPT_ERROR);
  ck_assert_str_eq(error.text,
                   "test.lua:2: attempt to index field 'x' (a nil value)\n"
                   "  in inner (test.lua:2)\n"
                   "  in the function of line 5 (test.lua:5)\n"
                   "  in middle (test.lua:5)\n"
                   "  in the file itself (test.lua:8)");
}
END_TEST

static const struct row THROWN[] = {
    {"error('plain', 0)", "plain\n  in the file itself (test.lua:1)"},
    {"error(5)", "test.lua:1: 5\n  in the file itself (test.lua:1)"},
    {"error()", "test.lua:1: a nil was thrown that is no text\n  in the file itself (test.lua:1)"},
    {"error(setmetatable({}, { __tostring = function() return 'called' end }))",
     "test.lua:1: a table was thrown that is no text\n  in the file itself (test.lua:1)"},
    {"error('\\255\\254', 0)", "??\n  in the file itself (test.lua:1)"},
    {"assert(false, 'so')", "test.lua:1: so\n  in the file itself (test.lua:1)"},
};

START_TEST(test_thrown) {
  struct ed_script_error error;
  sandbox_run(vm, THROWN[_i].script, &error);
  ck_assert_str_eq(error.text, THROWN[_i].says);
}
END_TEST

/* A text of 4 KB is cut, at the end of a character, and terminated. */
START_TEST(test_long_message) {
  struct ed_script_error error;
  sandbox_run(vm, "error(('\\195\\164'):rep(2000), 0)", &error);
  ck_assert_uint_gt(strlen(error.text), 250);
  ck_assert_uint_lt(strlen(error.text), sizeof error.text);
  ck_assert(strncmp(error.text, "\xc3\xa4\xc3\xa4", 4) == 0);
}
END_TEST

/* ---- calls ---- */

static int one_instruction_loop(lua_State *L) {
  const uint64_t *steps = lua_touserdata(L, 1);
  for (uint64_t i = 0; i < *steps; i++) ed_vm_charge(L, 1);
  return 0;
}

START_TEST(test_charge) {
  struct ed_script_error error;
  uint64_t steps = SANDBOX_LIMITS.instructions - 1000;
  vm->limits.call_ms = 5000;
  ck_assert_int_eq(ed_vm_run(vm, one_instruction_loop, &steps, &error), 0);
  steps = SANDBOX_LIMITS.instructions + 1000;
  ck_assert_int_eq(ed_vm_run(vm, one_instruction_loop, &steps, &error), -1);
  ck_assert_int_eq(error.kind, ED_SCRIPT_BUDGET);
  ck_assert_str_eq(error.text, "this takes more than 5000000 instructions");
}
END_TEST

/* What C functions do for a script counts, in proportion. */
static const struct {
  const char *script;
  uint64_t least;
} COUNTED[] = {
    {"('x'):rep(100000)", 50000},
    {"('xxxxxxxxxx'):rep(10000)", 15000},
    {"local s = ('xxxxxxxxxx'):rep(10000) s:upper()", 40000},
    {"local s = ('xxxxxxxxxx'):rep(10000) s:lower()", 40000},
    {"local s = ('xxxxxxxxxx'):rep(10000) s:reverse()", 40000},
    {"local s = ('xxxxxxxxxx'):rep(10000) s:find('y', 1, true)", 20000},
    {"local s = ('xxxxxxxxxx'):rep(10000) s:find('x*y')", 100000},
    {"local s = ('xxxxxxxxxx'):rep(10000) s:gsub('^y', '')", 40000},
    {"local s = ('1111111111'):rep(10000) tonumber(s)", 110000},
    {"local s = ('xxxxxxxxxx'):rep(10000) local t = ('%s'):format(s)", 40000},
    {"for i = 1, 100 do ('%99.99f'):format(1e300) end", 4000},
    {"local t = {} for i = 1, 100 do t[i] = 'x' end for i = 1, 100 do table.concat(t) end", 40000},
    {"local t = {} for i = 1, 1000 do t[i] = 0 end for i = 1, 100 do table.insert(t, 1, 0) end", 50000},
};

START_TEST(test_counted) {
  struct ed_script_error error;
  sandbox_run(vm, COUNTED[_i].script, &error);
  ck_assert_uint_ge(vm->used, COUNTED[_i].least);
}
END_TEST

static int nested(lua_State *L) {
  int *depth = lua_touserdata(L, 1);
  struct ed_script_error error;
  if (--*depth == 0) return 0;
  int result = ed_vm_run(vm, nested, depth, &error);
  if (result < 0) return luaL_error(L, "%s", error.text);
  return 0;
}

static int nested_loop(lua_State *L) {
  struct ed_script_error error;
  sandbox_run(vm, "for i = 1, 1e6 do end", &error);
  sandbox_run(vm, "for i = 1, 1e6 do end", &error);
  if (lua_touserdata(L, 1)) *(uint64_t *)lua_touserdata(L, 1) = vm->used;
  return 0;
}

/* A call within a call shares its budget, and the C stack has a bound. */
START_TEST(test_nested) {
  struct ed_script_error error;
  uint64_t used = 0;
  vm->limits.call_ms = 5000;
  ck_assert_int_eq(ed_vm_run(vm, nested_loop, &used, &error), 0);
  ck_assert_uint_gt(used, 1900000);
  int depth = ED_VM_DEPTH_MAX - 1;
  ck_assert_int_eq(ed_vm_run(vm, nested, &depth, &error), 0);
  depth = ED_VM_DEPTH_MAX + 50;
  ck_assert_int_eq(ed_vm_run(vm, nested, &depth, &error), -1);
  ck_assert_int_eq(lua_gettop(vm->L), 0);
  ck_assert_uint_eq(vm->runs, 0);
  ck_assert_str_eq(sandbox_run(vm, "return 1", NULL), "1");
}
END_TEST

static int set_global(lua_State *L) {
  lua_pushnumber(L, 42);
  ed_vm_set_global(L, "answer");
  return 0;
}

START_TEST(test_set_global) {
  struct ed_script_error error;
  ck_assert_int_eq(ed_vm_run(vm, set_global, NULL, &error), 0);
  ck_assert_str_eq(sandbox_run(vm, "return answer", NULL), "42");
  ck_assert_str_eq(sandbox_run(vm, "answer = 1", NULL),
                   "ERROR: test.lua:1: 'answer' is a global, which scripts cannot set: write 'local answer'");
}
END_TEST

/* ---- memory ---- */

START_TEST(test_over_cap) {
  ck_assert(!ed_vm_over_cap(vm));
  size_t empty = ed_vm_memory(vm);
  struct ed_script_error error;
  sandbox_run(vm, "local t = {} while true do t = { t } end", &error);
  ck_assert(error.kind != ED_SCRIPT_ERROR);
  ck_assert(!ed_vm_over_cap(vm)); /* nobody holds it */
  sandbox_collect(vm);
  ck_assert_uint_lt(ed_vm_memory(vm), empty + 4096);
}
END_TEST

static int grab(lua_State *L) {
  for (int i = 0; i < 4; i++) lua_newuserdata(L, 500000);
  return 0;
}

/* No way around it, between two looks of the hook neither. */
START_TEST(test_cap_is_hard) {
  struct ed_script_error error;
  vm->cap = vm->limits.memory = 1 << 20;
  ck_assert_int_eq(ed_vm_run(vm, grab, NULL, &error), -1);
  ck_assert_int_eq(error.kind, ED_SCRIPT_MEMORY);
  ck_assert_str_eq(error.text, "not enough memory: a state may hold 1024 KiB");
  ck_assert_uint_le(ed_vm_memory(vm), vm->cap);
  ck_assert_str_eq(sandbox_run(vm, "return 1", NULL), "1");
}
END_TEST

static int hold(lua_State *L) {
  ed_vm_load(
      L,
      ED_LIT(
          "local t, s = {}, ('xxxxxxxxxx'):rep(1000) return function() for i = 1, 200 do t[#t + 1] = s .. #t end end"),
      "@hold.lua");
  lua_call(L, 0, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "hold");
  return 0;
}

static int hold_more(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "hold");
  lua_call(L, 0, 0);
  return 0;
}

START_TEST(test_stays_over_cap) {
  struct ed_script_error error;
  vm->limits.call_ms = 5000;
  ck_assert_int_eq(ed_vm_run(vm, hold, NULL, &error), 0);
  int calls = 0;
  while (ed_vm_run(vm, hold_more, NULL, &error) == 0) ck_assert_int_lt(++calls, 100);
  ck_assert_int_ge(calls, 6); /* of 16 MB, by 2 MB each */
  ck_assert_int_eq(error.kind, ED_SCRIPT_MEMORY);
  ck_assert_str_eq(
      error.text,
      "hold.lua:1: not enough memory: a state may hold 16384 KiB\n  in the function of line 1 (hold.lua:1)");
  ck_assert(ed_vm_over_cap(vm));
  ck_assert_uint_le(ed_vm_memory(vm), SANDBOX_LIMITS.memory);
  ck_assert_str_eq(sandbox_run(vm, "return 1", NULL), "1"); /* what is small still works */
}
END_TEST

/* Garbage alone never fills a state, however large what lives in it. */
START_TEST(test_garbage_is_collected) {
  struct ed_script_error error;
  vm->limits.call_ms = 5000;
  ck_assert_int_eq(ed_vm_run(vm, hold, NULL, &error), 0);
  for (int i = 0; i < 5; i++) ck_assert_int_eq(ed_vm_run(vm, hold_more, NULL, &error), 0); /* 10 MB of 16 */
  for (int i = 0; i < 300; i++) {
    const char *said =
        sandbox_run(vm, "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100) .. i end return #t", NULL);
    ck_assert_str_eq(said, "1000");
  }
}
END_TEST

static const char HOLD_SMALL[] =
    "local all = {}\n"
    "return function()\n"
    "  local part = {}\n"
    "  for i = 1, 20000 do part[i] = { i } end\n"
    "  all[#all + 1] = part\n"
    "end\n";

static int hold_small(lua_State *L) {
  ed_vm_load(L, ED_LIT(HOLD_SMALL), "@hold.lua");
  lua_call(L, 0, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "hold");
  return 0;
}

/* In a large state, nearly full, a collection takes longer than a call may; so no call waits for the end of one. */
START_TEST(test_collects_in_steps) {
  struct ed_script_error error;
  struct ed_vm *large;
  struct ed_vm_limits limits = SANDBOX_LIMITS;
  limits.memory = 128 << 20;
  limits.call_ms = 5000;
  ck_assert_int_eq(ed_vm_open(&large, &limits), 0);
  ck_assert_int_eq(ed_vm_run(large, hold_small, NULL, &error), 0);
  while (ed_vm_memory(large) < limits.memory / 8 * 6) ck_assert_int_eq(ed_vm_run(large, hold_more, NULL, &error), 0);
  large->limits.call_ms = SANDBOX_LIMITS.call_ms;
  for (int i = 0; i < 30; i++) {
    double begin = sandbox_cpu_ms();
    sandbox_run(large, "for i = 1, 1e9 do local t = { i } end", &error);
    ck_assert_double_lt(sandbox_cpu_ms() - begin, 2.0 * (double)SANDBOX_LIMITS.call_ms * ED_SLOWDOWN);
  }
  ed_vm_close(large);
}
END_TEST

START_TEST(test_thousand_failures) {
  sandbox_run(vm, "local t = {} for i = 1, 100 do t[i] = i .. 'x' end error('x')", NULL);
  sandbox_collect(vm);
  size_t before = ed_vm_memory(vm);
  for (int i = 0; i < 1000; i++) sandbox_run(vm, "local t = {} for i = 1, 100 do t[i] = i .. 'x' end error('x')", NULL);
  sandbox_collect(vm);
  ck_assert_uint_le(ed_vm_memory(vm), before + 1024);
}
END_TEST

/* The larger the largest block, the more often the hook looks; and less often again when it has gone. */
START_TEST(test_hook_for_large) {
  ck_assert_uint_eq(vm->armed, SANDBOX_LIMITS.hook_every);
  vm->limits.call_ms = 5000;
  ck_assert_str_eq(sandbox_run(vm, "local s = ('xxxxxxxx'):rep(2^16) local t = s .. 'a' return #t", NULL), "524289");
  ck_assert_uint_eq(vm->armed, 4);                 /* a buffer of 1 MB has come and gone */
  for (int i = 0; i < 8; i++) sandbox_collect(vm); /* each collection halves the buffer */
  sandbox_run(vm, "return 1", NULL);
  ck_assert_uint_eq(vm->armed, SANDBOX_LIMITS.hook_every);
}
END_TEST

static void add_cases(TCase *tcase) {
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, test_environment);
  tcase_add_loop_test(tcase, test_scripts, 0, (int)(sizeof SCRIPTS / sizeof *SCRIPTS));
  tcase_add_test(tcase, test_sort);
  tcase_add_test(tcase, test_random);
  tcase_add_test(tcase, test_traceback);
  tcase_add_loop_test(tcase, test_thrown, 0, (int)(sizeof THROWN / sizeof *THROWN));
  tcase_add_test(tcase, test_long_message);
  tcase_add_test(tcase, test_charge);
  tcase_add_loop_test(tcase, test_counted, 0, (int)(sizeof COUNTED / sizeof *COUNTED));
  tcase_add_test(tcase, test_nested);
  tcase_add_test(tcase, test_set_global);
  tcase_add_test(tcase, test_over_cap);
  tcase_add_test(tcase, test_cap_is_hard);
  tcase_add_test(tcase, test_stays_over_cap);
  tcase_add_test(tcase, test_garbage_is_collected);
  tcase_add_test(tcase, test_collects_in_steps);
  tcase_add_test(tcase, test_thousand_failures);
  tcase_add_test(tcase, test_hook_for_large);
}

static Suite *suite(void) {
  Suite *suite = suite_create("vm");
  TCase *tcase = tcase_create("vm");
  add_cases(tcase);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
