/* room:after and room:every. A timer belongs to an instance and ends with it. */
#include <utlist.h>

#include "host/bind.h"

struct ed_script_timer {
  struct ed_timer timer;
  struct ed_instance *instance; /* NULL: it has ended */
  uint64_t every_ms;            /* 0: once */
  int self_ref;                 /* keeps the object alive while it runs; the function is in its environment */
  struct ed_script_timer *next, *prev;
};

/* The object may be collected after this, but not before the script or the caller lets go of it. */
static void end_timer(struct ed_script_timer *timer) {
  struct ed_instance *instance = timer->instance;
  if (!instance) return;
  ed_timer_stop(instance->host->hub->timers, &timer->timer);
  DL_DELETE(instance->timers, timer);
  instance->timers_len--;
  timer->instance = NULL;
}

static int run(lua_State *L) {
  struct ed_script_timer *timer = lua_touserdata(L, 1);
  struct ed_instance *instance = ed_home_current(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, timer->self_ref);
  lua_getfenv(L, -1);
  lua_rawgeti(L, -1, 1);
  if (!timer->every_ms) {
    luaL_unref(L, LUA_REGISTRYINDEX, timer->self_ref);
    end_timer(timer); /* before the call, so that a failure does not bring it back; the object is on the stack */
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance->room_ref);
  lua_call(L, 1, 0);
  return 0;
}

static void due(struct ed_timer *at) {
  struct ed_script_timer *timer = (struct ed_script_timer *)((char *)at - offsetof(struct ed_script_timer, timer));
  struct ed_instance *instance = timer->instance;
  struct ed_room *room = instance->room;
  if (timer->every_ms) ed_timer_start(instance->host->hub->timers, at, timer->every_ms, due);
  struct ed_script_error error;
  ed_room_enter(room);
  if (ed_instance_run(instance, ED_CALL_TIMER, run, timer, ed_span(NULL, 0), &error) < 0)
    ed_home_rescue(instance->home, instance, &error);
  ed_room_exit(room);
}

static int start(lua_State *L, bool repeats) {
  struct ed_instance *instance = ed_bind_room_check(L, 1)->instance;
  double seconds = ed_bind_seconds(L, 2);
  luaL_checktype(L, 3, LUA_TFUNCTION);
  if (instance->timers_len >= instance->host->options.timers_max)
    return luaL_error(L, "a room has at most %d timers", (int)instance->host->options.timers_max);
  uint64_t ms = (uint64_t)(seconds * 1000 + 0.5);
  if (ms == 0 && (repeats || seconds > 0)) ms = 1; /* who waits for a rest of 1e-13 s waits, and does not spin */

  struct ed_script_timer *timer = lua_newuserdata(L, sizeof *timer);
  *timer = (struct ed_script_timer){.every_ms = repeats ? ms : 0};
  luaL_getmetatable(L, ED_TIMER_TYPE);
  lua_setmetatable(L, -2);
  lua_createtable(L, 1, 0);
  lua_pushvalue(L, 3);
  lua_rawseti(L, -2, 1);
  lua_setfenv(L, -2);
  lua_pushvalue(L, -1);
  timer->self_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  timer->instance = instance;
  DL_APPEND(instance->timers, timer);
  instance->timers_len++;
  ed_timer_start(instance->host->hub->timers, &timer->timer, ms, due);
  return 1;
}

int ed_bind_after(lua_State *L) { return start(L, false); }
int ed_bind_every(lua_State *L) { return start(L, true); }

static int cancel(lua_State *L) {
  struct ed_script_timer *timer = luaL_checkudata(L, 1, ED_TIMER_TYPE);
  if (!timer->instance) return 0;
  luaL_unref(L, LUA_REGISTRYINDEX, timer->self_ref);
  end_timer(timer);
  return 0;
}

static const luaL_Reg METHODS[] = {{"cancel", cancel}, {NULL, NULL}};

void ed_bind_timer_open(lua_State *L) { ed_bind_type(L, ED_TIMER_TYPE, METHODS, NULL, NULL, NULL); }

static int release(lua_State *L) {
  struct ed_instance *instance = lua_touserdata(L, 1);
  while (instance->timers) {
    luaL_unref(L, LUA_REGISTRYINDEX, instance->timers->self_ref);
    end_timer(instance->timers);
  }
  return 0;
}

void ed_bind_timers_end(struct ed_instance *instance) {
  struct ed_script_error error;
  if (instance->timers) ed_vm_run(instance->home->vm, release, instance, &error);
  while (instance->timers) end_timer(instance->timers); /* whatever came of it */
}
