/* Patterns, against the stock matcher of the same LuaJIT: known cases, and random ones. */
#include <lualib.h>

#include "host/pattern.h"
#include "main.h"
#include "sandbox.h"

/* A state with both: find, match, gmatch, gsub in `ours` and in `stock`; and same(subject, pattern, replacement, init),
 * which throws where they differ, in results or in whether they throw. */
static const char SAME[] =
    "local function show(ok, ...)\n"
    "  local out = { tostring(ok) }\n"
    "  for i = 1, select('#', ...) do out[#out + 1] = type(select(i, ...)) .. ':' .. tostring((select(i, ...))) end\n"
    "  return table.concat(out, ' | ')\n"
    "end\n"
    "local function gmatch_all(library, s, p)\n"
    "  local out, n = {}, 0\n"
    "  for a, b, c in library.gmatch(s, p) do\n"
    "    n = n + 1\n"
    "    out[#out + 1] = tostring(a) .. ',' .. tostring(b) .. ',' .. tostring(c)\n"
    "    if n > 50 then break end\n"
    "  end\n"
    "  return table.concat(out, ';')\n"
    "end\n"
    "local function run(library, s, p, r, init)\n"
    "  return table.concat({\n"
    "    show(pcall(library.find, s, p, init)), show(pcall(library.find, s, p, init, true)),\n"
    "    show(pcall(library.match, s, p, init)), show(pcall(library.gsub, s, p, r)), show(pcall(library.gsub, s, p, r, "
    "init)),\n"
    "    show(pcall(library.gsub, s, p, { a = 'A', [''] = false, b = 5 })),\n"
    "    show(pcall(library.gsub, s, p, function(...) return (select('#', ...) > 1 and select(2, ...)) or nil end)),\n"
    "    show(pcall(gmatch_all, library, s, p)) }, '\\n')\n"
    "end\n"
    "function same(s, p, r, init)\n"
    "  local a, b = run(ours, s, p, r, init), run(stock, s, p, r, init)\n"
    "  if a ~= b then\n"
    "    error(('%q %q %q %s\\nours:\\n%s\\nstock:\\n%s'):format(s, p, r, tostring(init), a, b), 0)\n"
    "  end\n"
    "end\n";

static void add(lua_State *L, const char *name, lua_CFunction fn) {
  lua_pushcfunction(L, fn);
  lua_setfield(L, -2, name);
}

/* In the vm, so that ed_vm_of works; but with Lua's own libraries, which only a test may do. */
static int open_both(lua_State *L) {
  luaL_openlibs(L);
  lua_newtable(L);
  add(L, "find", ed_pattern_find);
  add(L, "match", ed_pattern_match);
  add(L, "gmatch", ed_pattern_gmatch);
  add(L, "gsub", ed_pattern_gsub);
  lua_setglobal(L, "ours");
  lua_getglobal(L, "string");
  lua_setglobal(L, "stock");
  if (luaL_dostring(L, SAME) != 0) return lua_error(L);
  return 0;
}

struct both {
  const char *subject, *pattern, *replacement;
  size_t subject_len, pattern_len, replacement_len;
  int init;
};

static int compare(lua_State *L) {
  const struct both *both = lua_touserdata(L, 1);
  lua_getglobal(L, "same");
  lua_pushlstring(L, both->subject, both->subject_len);
  lua_pushlstring(L, both->pattern, both->pattern_len);
  lua_pushlstring(L, both->replacement, both->replacement_len);
  if (both->init)
    lua_pushinteger(L, both->init);
  else
    lua_pushnil(L);
  lua_call(L, 4, 0);
  return 0;
}

static struct ed_vm *vm;

static void setup(void) {
  struct ed_script_error error;
  vm = sandbox_open();
  vm->limits.instructions = UINT64_MAX;
  vm->limits.call_ms = 60000;
  ck_assert_msg(ed_vm_run(vm, open_both, NULL, &error) == 0, "%s", error.text);
}

static void teardown(void) { ed_vm_close(vm); }

static void check(const struct both *both) {
  struct ed_script_error error;
  ck_assert_msg(ed_vm_run(vm, compare, (void *)both, &error) == 0, "%s", error.text);
}

static const char *const PATTERNS[] = {
    "",
    "^",
    "$",
    "^$",
    "a",
    "^a",
    "a$",
    "^a$",
    ".",
    "..",
    "a*",
    "a+",
    "a-",
    "a?",
    "a-b",
    "^a-$",
    "(a)",
    "(a)(b)",
    "()",
    "()a()",
    "(a*)%1",
    "(a)%1",
    "%1",
    "(%1)",
    "()%1",
    "(()%1)",
    "((a)(b))",
    "(a",
    "a)",
    ")",
    "(",
    "%",
    "%a",
    "%A",
    "%d+",
    "%w*",
    "%W",
    "%s",
    "%S+",
    "%p",
    "%c",
    "%C",
    "%l",
    "%u",
    "%x",
    "%z",
    "%Z",
    "%g",
    "%G",
    "%b()",
    "%bab",
    "%b",
    "%ba",
    "%b((",
    "%f[%w]",
    "%f[%W]",
    "%f[a]b",
    "%f",
    "%fa",
    "%f[",
    "%f[^%z]",
    "[a]",
    "[^a]",
    "[a-c]",
    "[^a-c]+",
    "[%a]",
    "[%w_]+",
    "[%-a]",
    "[a-]",
    "[-a]",
    "[]]",
    "[^]]",
    "[]",
    "[^]",
    "[a",
    "[%",
    "[%a",
    "[a-%]",
    "[a-%a]",
    "[%a-z]",
    "[]-a]",
    "[%]]",
    "%.",
    "%%",
    "%-",
    "a.-b",
    "a.*b",
    ".-",
    ".*",
    "^.*$",
    "^(.-)%s*$",
    "(%w+)=(%w*)",
    "a?b?c?",
    "(a?)(b?)",
    "[[]",
    "[^%s]+",
    "x*y-z?",
    "*",
    "+",
    "-",
    "?",
    "a**",
    "a+?",
    "^*",
    "^^",
    "$$",
    "a$b",
    "(^a)",
    "%$",
    "(a$)",
    "%0",
    "%9",
    "((((((((((((((((((((((((((((((((()",
    "(.)(.)(.)%3%2%1",
};

static const char *const SUBJECTS[] = {
    "",
    "a",
    "b",
    "ab",
    "aab",
    "aaa",
    "abcabc",
    "hello world",
    "THE (quick) fox",
    "key = value",
    "a(b(c)d)e)",
    "x==y, y=z",
    "  trim  ",
    "aXb%c-d.e",
    "\t\n\v ",
    "[[x]]",
    "abccba",
    "_1a2B3_",
    "\xc3\xa4\xff\x80",
    "(((",
    "ababab",
    "]^-%",
    "a$b^c",
};

static const char *const REPLACEMENTS[] = {"", "x", "%0", "%1", "<%1%2>", "%%", "%", "%a", "%9", "%0%0"};

START_TEST(test_known) {
  const char *pattern = PATTERNS[_i];
  for (size_t s = 0; s < sizeof SUBJECTS / sizeof *SUBJECTS; s++)
    for (size_t r = 0; r < sizeof REPLACEMENTS / sizeof *REPLACEMENTS; r++) {
      struct both both = {SUBJECTS[s],         pattern,         REPLACEMENTS[r],
                          strlen(SUBJECTS[s]), strlen(pattern), strlen(REPLACEMENTS[r]),
                          (int)(s + r) % 9 - 4};
      check(&both);
    }
}
END_TEST

/* NUL in all places: it ends a pattern of the stock matcher, too, but not a plain one. */
START_TEST(test_nul) {
  static const struct both rows[] = {
      {"a\0b", "\0", "x", 3, 1, 1, 0},      {"a\0b", "a\0b", "x", 3, 3, 1, 0},   {"a\0b", ".\0b", "x", 3, 3, 1, 0},
      {"a\0b", "%z", "x", 3, 2, 1, 0},      {"a\0b", "[%z]", "\0", 3, 4, 1, 0},  {"a\0b", "[^\0]", "x", 3, 4, 1, 0},
      {"a\0b", ".-b", "%\0", 3, 3, 2, 0},   {"a\0b", "%f[%z]", "x", 3, 6, 1, 0}, {"ab", "b%f[%z]", "x", 2, 7, 1, 0},
      {"\0\0", "(.)%1", "%1x", 2, 5, 3, 0}, {"a\0(", "\0(", "x", 3, 2, 1, 0},    {"ab\0", "b\0*", "x", 3, 3, 1, 0},
      {"a\0b", "a%\0b", "x", 3, 4, 1, 0},
  };
  check(&rows[_i]);
}
END_TEST

static uint32_t state;

static uint32_t draw(uint32_t n) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % n;
}

static size_t draw_text(char *out, const char *const *words, uint32_t words_len, uint32_t most) {
  size_t len = 0;
  for (uint32_t n = draw(most); n > 0; n--) {
    const char *word = words[draw(words_len)];
    memcpy(out + len, word, strlen(word));
    len += strlen(word);
  }
  return len;
}

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

START_TEST(test_random) {
  static const char *const pieces[] = {
      "a", "b",  "c",  ".",  "%a", "%d", "%w", "%s", "%b()", "%f[a]", "%f[^%w]", "[ab]", "[^a]", "[a-c]", "[%w_]", "(",
      ")", "()", "%1", "%2", "*",  "+",  "-",  "?",  "^",    "$",     "%",       "[",    "]",    "%.",    "1",     "x"};
  static const char *const letters[] = {"a", "b", "c", "1", " ", "(", ")", "x", "ab", ".", "A"};
  static const char *const replacements[] = {"%0", "%1", "%2", "x", "%%", "%", "ab"};
  char subject[64], pattern[128], replacement[64];
  state = 2463534242u + (uint32_t)_i;
  for (int i = 0; i < 4000; i++) {
    struct both both = {.subject = subject, .pattern = pattern, .replacement = replacement};
    both.subject_len = draw_text(subject, letters, COUNT(letters), 12);
    both.pattern_len = draw_text(pattern, pieces, COUNT(pieces), 8);
    both.replacement_len = draw_text(replacement, replacements, COUNT(replacements), 4);
    both.init = (int)draw(13) - 6;
    check(&both);
  }
}
END_TEST

/* What it is for: the steps are counted. */
START_TEST(test_counted) {
  struct ed_vm *own = sandbox_open();
  struct ed_script_error error;
  own->limits.call_ms = 60000;
  sandbox_run(own, "(('a'):rep(5000)):find(('.*'):rep(20) .. 'x')", &error);
  ck_assert_int_eq(error.kind, ED_SCRIPT_BUDGET);
  ck_assert_str_eq(sandbox_run(own, "return (('a'):rep(1000)):find('.-b')", NULL), "nil");
  ed_vm_close(own);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("pattern");
  TCase *tcase = tcase_create("pattern");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, test_known, 0, (int)COUNT(PATTERNS));
  tcase_add_loop_test(tcase, test_nul, 0, 13);
  tcase_add_loop_test(tcase, test_random, 0, 4);
  tcase_add_test(tcase, test_counted);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
