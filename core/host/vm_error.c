/* From what was thrown to what a person can use: the message, with its place, and the script's own frames. */
#include <stdio.h>

#include "codec/utf8.h"
#include "host/vm_private.h"

#define FRAMES_MAX 12
#define LEVELS_MAX 200 /* that are looked at for them */

void ed_vm_trip_text(const struct ed_vm *vm, char *out) {
  const struct ed_vm_limits *limits = &vm->limits;
  switch (vm->trip) {
    case ED_TRIP_INSTRUCTIONS:
      snprintf(out, 200, "this takes more than %llu instructions", (unsigned long long)limits->instructions);
      break;
    case ED_TRIP_TIME: snprintf(out, 200, "this takes more than %llu ms", (unsigned long long)limits->call_ms); break;
    case ED_TRIP_CALL_BYTES:
      snprintf(out, 200, "this allocates more than %zu KiB in one call", limits->call_bytes >> 10);
      break;
    case ED_TRIP_MEMORY: snprintf(out, 200, "not enough memory: a state may hold %zu KiB", limits->memory >> 10); break;
    case ED_TRIP_ALLOCATION:
      snprintf(out, 200, "a text or table gets larger than %zu KiB", limits->allocation >> 10);
      break;
    case ED_TRIP_NONE: out[0] = 0; break;
  }
}

struct writer {
  char *text;
  size_t len, cap;
};

static void add(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct writer *w, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(w->text + w->len, w->cap - w->len, format, args);
  va_end(args);
  if (len < 0) return;
  w->len = (size_t)len < w->cap - w->len ? w->len + (size_t)len : w->cap - 1;
}

/* A frame of a script, which has a file: not C, and not what this folder has written in Lua. */
static bool frame(lua_State *L, int level, lua_Debug *at) {
  return lua_getinfo(L, "nSl", at) && at->currentline > 0 && at->source[0] == '@' && level >= 0;
}

/* The place where it happened, for what was thrown without one. */
static void add_place(lua_State *L, struct writer *w) {
  lua_Debug at;
  for (int level = 1; level < LEVELS_MAX && lua_getstack(L, level, &at); level++) {
    if (!frame(L, level, &at)) continue;
    add(w, "%.100s:%d: ", at.source + 1, at.currentline);
    return;
  }
}

static void add_frames(lua_State *L, struct writer *w) {
  lua_Debug at;
  int frames = 0;
  for (int level = 1; level < LEVELS_MAX && frames < FRAMES_MAX && lua_getstack(L, level, &at); level++) {
    if (!frame(L, level, &at)) continue;
    frames++;
    if (at.what[0] == 'm')
      add(w, "\n  in the file itself");
    else if (at.name)
      add(w, "\n  in %.60s", at.name);
    else
      add(w, "\n  in the function of line %d", at.linedefined);
    add(w, " (%.100s:%d)", at.source + 1, at.currentline);
  }
}

static void add_value(lua_State *L, struct writer *w) {
  switch (lua_type(L, 1)) {
    case LUA_TSTRING: add(w, "%.300s", lua_tostring(L, 1)); break;
    case LUA_TNUMBER:
      add_place(L, w);
      add(w, "%.14g", lua_tonumber(L, 1));
      break;
    default: /* its __tostring is the script's, and not to be called here */
      add_place(L, w);
      add(w, "a %s was thrown that is no text", luaL_typename(L, 1));
  }
}

/* A log and an answer in JSON have no use for what is not UTF-8: the end of a text that was cut, too. */
static void mend(char *text) {
  for (const uint8_t *bad; (bad = ed_utf8_check(ed_span_text(text)));) text[bad - (const uint8_t *)text] = '?';
}

/* Allocates nothing and calls nothing of the script's: both could fail again. */
int ed_vm_describe(lua_State *L) {
  struct ed_vm *vm = ed_vm_of(L);
  if (!vm->error) return 1;
  struct writer w = {.text = vm->error->text, .cap = sizeof vm->error->text};
  if (vm->trip) {
    char text[200];
    ed_vm_trip_text(vm, text);
    add_place(L, &w);
    add(&w, "%s", text);
  } else {
    add_value(L, &w);
  }
  add_frames(L, &w);
  mend(w.text);
  return 1;
}
