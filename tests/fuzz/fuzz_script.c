/* Scripts made of calls of all that scripts can call, in every order, with every kind of argument, run in a state that
 * goes on from one input to the next: it keeps to its limits, and stays well. What a script returns goes to the wire
 * and back. */
#include <time.h>

#include "fuzz.h"
#include "host/value.h"
#include "host/vm.h"

#define CPU_MS_MAX 500 /* of one script with 20 ms; the sanitizers slow down what is written in C */
#define INPUTS_MAX 500 /* per state */

static const char *const FUNCTIONS[] = {
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "next",
    "pairs",
    "rawequal",
    "rawget",
    "select",
    "setmetatable",
    "tostring",
    "type",
    "unpack",
    "tonumber",
    "pcall",
    "xpcall",
    "string.byte",
    "string.char",
    "string.find",
    "string.format",
    "string.gmatch",
    "string.gsub",
    "string.len",
    "string.lower",
    "string.match",
    "string.rep",
    "string.reverse",
    "string.sub",
    "string.upper",
    "table.concat",
    "table.insert",
    "table.remove",
    "table.sort",
    "math.floor",
    "math.random",
    "math.fmod",
    "math.ldexp",
    "math.max",
    "math.modf",
    "bit.band",
    "bit.lshift",
    "bit.tohex",
    "bit.rol",
    "eddy.array",
    "eddy.is_array",
    "eddy.bytes",
    "eddy.is_bytes",
    "eddy.integer",
    "eddy.is_integer",
    "f",
    "f",
    "f",
};

static const char *const CONSTANTS[] = {
    "nil",
    "true",
    "0",
    "1",
    "-1",
    "2",
    "3",
    "10",
    "1e3",
    "1e9",
    "-2^31",
    "2^31",
    "2^53",
    "1e308",
    "0/0",
    "1/0",
    "0.5",
    "''",
    "'a'",
    "'abc'",
    "'%d'",
    "'%s'",
    "'%5.2f'",
    "'(a*(.)%w(%s*))'",
    "'.-'",
    "'%b()'",
    "'[%a-z]'",
    "'x'",
    "'12'",
    "'\\255'",
    "'%%1'",
    "'-9007199254740993'",
    "{}",
    "{1,2,3}",
    "{3,1,2}",
    "{'b','a'}",
    "{a=1}",
    "{{}}",
    "eddy.null",
    "eddy.array{}",
    "eddy.bytes'x'",
    "string",
    "table",
    "m",
    "function(...) return ... end",
    "function() return 'x' end",
    "function(a,b) return a<b end",
    "function() error'x' end",
    "setmetatable({}, m)",
    "('x'):rep(1000)",
    "('ab'):rep(30000)",
    "f",
    "type",
    "tostring",
    "pcall",
    "error",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct source {
  const uint8_t *at, *end;
  struct ed_buf text;
  unsigned values; /* v1 .. vN are there */
};

static unsigned draw(struct source *s, size_t n) { return s->at < s->end ? *s->at++ % (unsigned)n : 0; }

static void add_value(struct source *s) {
  unsigned choice = draw(s, COUNT(CONSTANTS) + 20);
  if (choice < COUNT(CONSTANTS))
    ed_buf_add_text(&s->text, CONSTANTS[choice]);
  else
    ed_buf_printf(&s->text, "v%u", 1 + (choice - (unsigned)COUNT(CONSTANTS)) % (s->values ? s->values : 1));
}

static void add_call(struct source *s) {
  const char *function = FUNCTIONS[draw(s, COUNT(FUNCTIONS))];
  unsigned arguments = draw(s, 5), guarded = draw(s, 16);
  ed_buf_printf(&s->text, guarded ? "pcall(%s" : "(%s)(", function);
  for (unsigned i = 0; i < arguments; i++) {
    if (i || guarded) ed_buf_add_text(&s->text, ", ");
    add_value(s);
  }
  ed_buf_add_text(&s->text, ")");
}

static void add_statement(struct source *s) {
  bool function = false;
  static const char *const operators[] = {"+", "..", "<", "==", "%", "^"};
  switch (draw(s, 8)) {
    case 0:
      ed_buf_printf(&s->text, "for i = 1, %u do ", 1u << draw(s, 13));
      add_call(s);
      ed_buf_add_text(&s->text, " end\n");
      return;
    case 1:
      ed_buf_add_text(&s->text, "pcall(function() m.");
      ed_buf_printf(&s->text, "%s = ",
                    ((const char *const[]){"__index", "__newindex", "__tostring", "__call", "__lt", "__add",
                                           "__metatable", "__mode", "__len", "__eq", "__concat", "__gc"})[draw(s, 12)]);
      add_value(s);
      ed_buf_add_text(&s->text, " end)\n");
      return;
    case 2:
      ed_buf_printf(&s->text, "pcall(function() v%u[", 1 + draw(s, s->values ? s->values : 1));
      add_value(s);
      ed_buf_add_text(&s->text, "] = ");
      add_value(s);
      ed_buf_add_text(&s->text, " end)\n");
      return;
    case 3:
      ed_buf_add_text(&s->text, "f = function(...) return ");
      function = true;
      break;
    case 4:
      ed_buf_add_text(&s->text, "pcall(function() local x = ");
      add_value(s);
      ed_buf_printf(&s->text, " %s ", operators[draw(s, COUNT(operators))]);
      add_value(s);
      ed_buf_add_text(&s->text, " end)\n");
      return;
    default:
      if (s->values < 20) {
        ed_buf_printf(&s->text, "local w%u, v%u = ", s->values + 1, s->values + 1);
        add_call(s);
        ed_buf_add_byte(&s->text, '\n');
        s->values++;
        return;
      }
      ed_buf_printf(&s->text, "v%u = ", 1 + draw(s, 20));
  }
  add_call(s);
  ed_buf_add_text(&s->text, function ? " end\n" : "\n");
}

static void make_script(struct source *s) {
  ed_buf_add_text(&s->text, "local m, f = {}, type\n");
  while (s->at < s->end) add_statement(s);
  ed_buf_add_text(&s->text, "return m, f");
  for (unsigned i = 1; i <= s->values; i++) ed_buf_printf(&s->text, ", v%u", i);
  ed_buf_add_byte(&s->text, '\n');
}

/* What could be encoded is valid, and the same when it comes back. */
static int check_value(lua_State *L) {
  static struct ed_buf first, second;
  first.len = second.len = 0;
  enum ed_encoding wanted = lua_toboolean(L, 2) ? ED_JSON : ED_CBOR;
  enum ed_encoding encoding = ed_value_read(L, 1, wanted, &first);
  MUST(check(encoding, ed_buf_span(&first), ED_DEPTH_MAX) == ED_FAULT_NONE);
  ed_value_push(L, encoding, ed_buf_span(&first));
  ed_value_read(L, -1, encoding, &second);
  MUST(first.len == second.len); /* maps may come in another order */
  return 0;
}

static int run(lua_State *L) {
  const struct source *s = lua_touserdata(L, 1);
  ed_vm_load(L, ed_buf_span(&s->text), "@fuzz.lua");
  lua_call(L, 0, LUA_MULTRET);
  int top = lua_gettop(L);
  for (int i = 0; i < 2 * (top - 1); i++) { /* each of them both ways; 1 is the argument */
    lua_pushcfunction(L, check_value);
    lua_pushvalue(L, 2 + i / 2);
    lua_pushboolean(L, i % 2);
    if (lua_pcall(L, 2, 0, 0) != 0 && ed_vm_of(L)->trip) return lua_error(L);
    lua_settop(L, top);
  }
  return 0;
}

static int run_healthy(lua_State *L) {
  static const char script[] =
      "local t = { 3, 1, 2 } table.sort(t) table.insert(t, 'x')\n"
      "assert(table.concat(t) == '123x' and ('%d-%s'):format(5, 'y'):upper():gsub('(%d)', '%1%1') == '55-Y')\n"
      "assert(not pcall(error) and math.floor(2.5) == 2 and bit.band(6, 3) == 2 and tostring(nil) == 'nil' and #'abc' "
      "== 3)\n"
      "assert(getmetatable('') == false and getmetatable(string) == false and next(setmetatable({}, nil)) == nil)\n";
  ed_vm_load(L, ED_LIT(script), "@healthy.lua");
  lua_call(L, 0, 0);
  return 0;
}

static int set_library(lua_State *L) {
  ed_value_library(L);
  ed_vm_freeze(L, "eddy");
  ed_vm_set_global(L, "eddy");
  return 0;
}

static double cpu_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static const struct ed_vm_limits limits = {500000, 20, 4 << 20, 256 << 10, 16 << 20, 250};
  static struct ed_vm *vm; /* outlives the inputs */
  static unsigned inputs;
  struct ed_script_error error;
  if (len > 400) return 0;
  if (inputs++ % INPUTS_MAX == 0) {
    ed_vm_close(vm);
    MUST(ed_vm_open(&vm, &limits) == 0);
    MUST(ed_vm_run(vm, set_library, NULL, &error) == 0);
  }
  struct source s = {.at = data, .end = data + len};
  make_script(&s);
  double begin = cpu_ms();
  int result = ed_vm_run(vm, run, &s, &error);
  MUST(cpu_ms() - begin < CPU_MS_MAX);
  MUST(result == 0 || error.text[0]);
  MUST(ed_vm_memory(vm) <= limits.memory);
  ed_buf_deinit(&s.text);
  if (result < 0 && error.kind == ED_SCRIPT_MEMORY) MUST(!ed_vm_over_cap(vm)); /* nobody holds what it had */
  vm->limits.call_ms = 10000;
  result = ed_vm_run(vm, run_healthy, NULL, &error);
  if (result < 0) fprintf(stderr, "%s\n", error.text);
  MUST(result == 0);
  vm->limits.call_ms = limits.call_ms;
  return 0;
}
