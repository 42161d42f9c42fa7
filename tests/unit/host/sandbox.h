/* Scripts run in a state of their own, for the tests of the sandbox. */
#ifndef ED_TESTS_SANDBOX_H
#define ED_TESTS_SANDBOX_H

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/vm.h"

#if defined(__SANITIZE_ADDRESS__)
#define ED_SLOWDOWN 6 /* of C code, with the sanitizers in it */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ED_SLOWDOWN 6
#endif
#endif
#ifndef ED_SLOWDOWN
#define ED_SLOWDOWN 1
#endif

static const struct ed_vm_limits SANDBOX_LIMITS = {
    .instructions = 5000000,
    .call_ms = 20,
    .memory = 16 << 20,
    .allocation = 1 << 20,
    .call_bytes = 64 << 20,
    .hook_every = 250,
};

struct sandbox_script {
  const char *text;
  size_t len;
  const char *name; /* "@..." */
  char result[512]; /* what it returned, as a text */
};

static inline int sandbox_call(lua_State *L) {
  struct sandbox_script *script = lua_touserdata(L, 1);
  ed_vm_load(L, ed_span(script->text, script->len), script->name);
  lua_call(L, 0, 1);
  switch (lua_type(L, -1)) {
    case LUA_TSTRING:
    case LUA_TNUMBER: snprintf(script->result, sizeof script->result, "%s", lua_tostring(L, -1)); break;
    case LUA_TBOOLEAN:
      snprintf(script->result, sizeof script->result, "%s", lua_toboolean(L, -1) ? "true" : "false");
      break;
    default: snprintf(script->result, sizeof script->result, "%s", luaL_typename(L, -1)); break;
  }
  return 0;
}

/* What the script returns, or "ERROR: TEXT" with its first line; valid until the next call. */
static inline const char *sandbox_run(struct ed_vm *vm, const char *text, struct ed_script_error *error) {
  static struct sandbox_script script;
  static char failure[600];
  struct ed_script_error own;
  if (!error) error = &own;
  script = (struct sandbox_script){.text = text, .len = strlen(text), .name = "@test.lua"};
  if (ed_vm_run(vm, sandbox_call, &script, error) == 0) return script.result;
  snprintf(failure, sizeof failure, "ERROR: %.*s", (int)strcspn(error->text, "\n"), error->text);
  return failure;
}

static inline struct ed_vm *sandbox_open(void) {
  struct ed_vm *vm;
  ck_assert_int_eq(ed_vm_open(&vm, &SANDBOX_LIMITS), 0);
  return vm;
}

static inline int sandbox_collect_now(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT, 0);
  return 0;
}

static inline void sandbox_collect(struct ed_vm *vm) {
  struct ed_script_error error;
  ck_assert_int_eq(ed_vm_run(vm, sandbox_collect_now, NULL, &error), 0);
}

static inline double sandbox_cpu_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

#endif
