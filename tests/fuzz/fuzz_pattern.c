/* Patterns, ours against the stock matcher of LuaJIT: the same results, the same errors. The input is three texts with
 * 0xff between them (subject, pattern, replacement) after one byte that says where to begin. */
#include <lualib.h>

#include "fuzz.h"
#include "host/pattern.h"
#include "host/vm.h"

#define STEPS_MAX 100000 /* of ours; what takes more is not asked of the stock one, which knows no end */

struct input {
  struct ed_span subject, pattern, replacement;
  int init;
};

static const struct {
  const char *name;
  lua_CFunction ours;
} FUNCTIONS[] = {{"find", ed_pattern_find}, {"match", ed_pattern_match}, {"gsub", ed_pattern_gsub}};

static struct ed_span cut(struct ed_span *rest) {
  const uint8_t *end = rest->len ? memchr(rest->at, 0xff, rest->len) : NULL;
  size_t len = end ? (size_t)(end - rest->at) : rest->len;
  struct ed_span part = ed_span(rest->at, len);
  *rest = ed_span(rest->at + len + (end != NULL), rest->len - len - (end != NULL));
  return part;
}

static void push(lua_State *L, struct ed_span text) {
  lua_pushlstring(L, text.len ? (const char *)text.at : "", text.len);
}

/* Calls what is on top; leaves its results (or its error) above `base`. */
static int call(lua_State *L, const struct input *input, bool substitutes) {
  push(L, input->subject);
  push(L, input->pattern);
  if (substitutes) push(L, input->replacement);
  lua_pushinteger(L, input->init);
  return lua_pcall(L, substitutes ? 4 : 3, LUA_MULTRET, 0);
}

static int compare(lua_State *L) {
  const struct input *input = lua_touserdata(L, 1);
  for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++) {
    bool substitutes = i == 2;
    lua_settop(L, 1);
    lua_pushcfunction(L, FUNCTIONS[i].ours);
    int ours = call(L, input, substitutes);
    if (ed_vm_of(L)->trip) return 0;
    int count = lua_gettop(L) - 1;
    lua_getglobal(L, "string");
    lua_getfield(L, -1, FUNCTIONS[i].name);
    lua_remove(L, -2);
    int stock = call(L, input, substitutes);
    MUST(ours == stock);
    MUST(lua_gettop(L) - 1 == 2 * count);
    for (int n = 2; n < 2 + count; n++) MUST(lua_rawequal(L, n, n + count));
  }
  return 0;
}

static int open_stock(lua_State *L) {
  luaL_openlibs(L);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static const struct ed_vm_limits limits = {STEPS_MAX, 10000, SIZE_MAX / 2, 1 << 20, SIZE_MAX / 2, 1000};
  static struct ed_vm *vm; /* outlives the inputs */
  struct ed_script_error error;
  if (len < 1 || len > 300) return 0;
  if (!vm) {
    MUST(ed_vm_open(&vm, &limits) == 0);
    MUST(ed_vm_run(vm, open_stock, NULL, &error) == 0);
  }
  struct ed_span rest = ed_span(data + 1, len - 1);
  struct input input = {.init = (int8_t)data[0] / 4};
  input.subject = cut(&rest);
  input.pattern = cut(&rest);
  input.replacement = rest;
  int result = ed_vm_run(vm, compare, &input, &error);
  MUST(result == 0 || error.kind != ED_SCRIPT_ERROR);
  return 0;
}
