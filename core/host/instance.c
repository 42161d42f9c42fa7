#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "host/gate.h"
#include "host/policy.h"
#include "room/keeper.h"

/* ---- from what a script returned to stages ---- */

static const char *const FIELDS[] = {"key", "name", "open", "join", "push", "commit", "leave", "close", "api"};

static void check_field(lua_State *L) {
  if (lua_type(L, -2) == LUA_TNUMBER) return;
  if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "a stage has a field that is neither a name nor a number");
  const char *name = lua_tostring(L, -2);
  for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
    if (strcmp(name, FIELDS[i]) == 0) return;
  luaL_error(L,
             "a stage has a field '%s', which means nothing (there are: open, join, push, commit, leave, close, key, "
             "name, api)",
             name);
}

/* A reference to the function `name` of the table on top. */
static int function_ref(lua_State *L, const char *name, bool *any) {
  lua_getfield(L, -1, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return LUA_NOREF;
  }
  if (!lua_isfunction(L, -1)) luaL_error(L, "'%s' of a stage must be a function, not a %s", name, luaL_typename(L, -1));
  *any = true;
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

static void add_api(lua_State *L, struct ed_instance *instance) {
  lua_getfield(L, -1, "api");
  if (!lua_isnil(L, -1)) {
    if (!lua_istable(L, -1)) luaL_error(L, "'api' of a stage must be a table of functions");
    if (instance->api_ref == LUA_NOREF) {
      lua_newtable(L);
      instance->api_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->api_ref);
    lua_pushnil(L);
    while (lua_next(L, -3)) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_settable(L, -4);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* Collects the stages of the table on top, and of those in its array part, in order. `key` is the pattern that holds
 * around it; an own one takes its place. */
static void collect(lua_State *L, struct ed_instance *instance, const char *key, int depth) {
  if (!lua_istable(L, -1)) luaL_error(L, "a policy is a table of stages, not a %s", luaL_typename(L, -1));
  if (depth > 16) luaL_error(L, "stages are nested too deeply");
  luaL_checkstack(L, 8, "stages are nested too deeply");
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) check_field(L);

  lua_getfield(L, -1, "key");
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "'key' of a stage must be a text");
    key = lua_tostring(L, -1);
  }
  lua_insert(L, -2); /* below the table, so that it stays alive: an __index may have made it for us alone */

  struct ed_stage stage = {0};
  bool any = false;
  stage.push = function_ref(L, "push", &any);
  stage.commit = function_ref(L, "commit", &any);
  stage.open = function_ref(L, "open", &any);
  stage.join = function_ref(L, "join", &any);
  stage.leave = function_ref(L, "leave", &any);
  stage.close = function_ref(L, "close", &any);
  add_api(L, instance);
  if (any) {
    if (instance->stages_len == ED_STAGES_MAX) luaL_error(L, "a policy has at most %d stages", ED_STAGES_MAX);
    stage.key = key && strcmp(key, "*") != 0 ? ed_strdup(key) : NULL;
    instance->stages[instance->stages_len++] = stage;
  }

  size_t len = lua_objlen(L, -1);
  for (size_t i = 1; i <= len; i++) {
    lua_rawgeti(L, -1, (int)i);
    collect(L, instance, key, depth + 1);
    lua_pop(L, 1);
  }
  lua_remove(L, -2); /* the key */
}

/* exact, prefix*, or NULL for all */
static bool matches(const char *pattern, struct ed_span key) {
  if (!pattern) return true;
  size_t len = strlen(pattern);
  if (len && pattern[len - 1] == '*') return key.len >= len - 1 && memcmp(key.at, pattern, len - 1) == 0;
  return ed_span_equal(key, ed_span(pattern, len));
}

/* ---- begin and end ---- */

bool ed_instance_own(const struct ed_instance *instance) {
  return strcmp(ed_policy_of(instance)->name, instance->room->space->policy) == 0;
}

static int begin(lua_State *L) {
  struct ed_instance *instance = ed_home_current(L);
  struct ed_home *home = instance->home;
  lua_newtable(L);
  instance->members_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  ed_bind_room_new(L, instance);
  instance->room_ref = luaL_ref(L, LUA_REGISTRYINDEX);

  lua_rawgeti(L, LUA_REGISTRYINDEX, home->main_ref);
  lua_call(L, 0, 1);
  if (lua_isnil(L, -1)) return luaL_error(L, "the policy returns nothing; it must return a table of stages");
  /* The array is filled in place, so what it holds is known (and freed) even where the rest fails. */
  instance->stages = ed_zalloc(ED_STAGES_MAX * sizeof *instance->stages);
  collect(L, instance, NULL, 0);
  lua_pop(L, 1);
  instance->stages =
      ed_realloc(instance->stages, (instance->stages_len ? instance->stages_len : 1) * sizeof *instance->stages);
  if (instance->room->space->knobs_len && !instance->knobs_read && ed_instance_own(instance))
    return luaL_error(L, "the namespace sets knobs (%s), but the policy has none: it does not call eddy.knobs",
                      instance->room->space->knobs[0].name);

  for (size_t i = 0; i < instance->stages_len; i++) {
    if (instance->stages[i].open == LUA_NOREF) continue;
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->stages[i].open);
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->room_ref);
    lua_call(L, 1, 0);
  }
  return 0;
}

static int end(lua_State *L) {
  struct ed_instance *instance = ed_home_current(L);
  if (instance->room_ref != LUA_NOREF) ed_bind_room_end(L, instance);
  luaL_unref(L, LUA_REGISTRYINDEX, instance->room_ref);
  luaL_unref(L, LUA_REGISTRYINDEX, instance->members_ref);
  luaL_unref(L, LUA_REGISTRYINDEX, instance->modules_ref);
  luaL_unref(L, LUA_REGISTRYINDEX, instance->api_ref);
  for (size_t i = 0; i < instance->stages_len; i++) {
    struct ed_stage *stage = &instance->stages[i];
    luaL_unref(L, LUA_REGISTRYINDEX, stage->push);
    luaL_unref(L, LUA_REGISTRYINDEX, stage->commit);
    luaL_unref(L, LUA_REGISTRYINDEX, stage->open);
    luaL_unref(L, LUA_REGISTRYINDEX, stage->join);
    luaL_unref(L, LUA_REGISTRYINDEX, stage->leave);
    luaL_unref(L, LUA_REGISTRYINDEX, stage->close);
  }
  return 0;
}

/* `*crowded`: it failed for lack of memory in a state that others had filled before. */
static struct ed_instance *try_new(struct ed_program *program, struct ed_room *room, bool solitary, bool *crowded,
                                   struct ed_script_error *error) {
  *crowded = false;
  struct ed_home *home = ed_home_for(program, solitary, error);
  if (!home) return NULL;
  struct ed_host *host = home->host;
  struct ed_instance *instance = ed_zalloc(sizeof *instance);
  instance->host = host;
  instance->room = room;
  instance->home = home;
  instance->solitary = solitary;
  instance->room_ref = instance->members_ref = instance->modules_ref = instance->api_ref = LUA_NOREF;
  DL_APPEND(home->instances, instance);
  home->count++;
  program->instances++;
  host->counts.instances++;

  bool filled = ed_vm_memory(home->vm) > host->options.vm.memory / 4;
  instance->opening = true;
  int result = ed_instance_run(instance, ED_CALL_OPEN, begin, NULL, ed_span(NULL, 0), error);
  instance->opening = false;
  if (result == 0) return instance;
  *crowded = error->kind == ED_SCRIPT_MEMORY && filled && !solitary;
  if (*crowded && ed_vm_over_cap(home->vm)) home->most = 0; /* nobody moves in any more */
  ed_instance_free(instance);
  return NULL;
}

struct ed_instance *ed_instance_new(struct ed_program *program, struct ed_room *room, bool solitary,
                                    struct ed_script_error *error) {
  bool crowded;
  struct ed_instance *instance = try_new(program, room, solitary, &crowded, error);
  /* What others have left lying about has been collected by now, or it gets another state. */
  if (crowded) instance = try_new(program, room, solitary, &crowded, error);
  return instance;
}

void ed_instance_free(struct ed_instance *instance) {
  struct ed_home *home = instance->home;
  struct ed_program *program = home->program;
  ed_instance_unswap(instance);
  ed_bind_timers_end(instance);
  struct ed_script_error ignored;
  struct ed_instance *outer = home->current;
  home->current = instance;
  ed_vm_run(home->vm, end, NULL, &ignored);
  home->current = outer == instance ? NULL : outer;

  for (size_t i = 0; i < instance->stages_len; i++) free(instance->stages[i].key);
  free(instance->stages);
  free(instance->last_failure);
  DL_DELETE(home->instances, instance);
  home->count--;
  instance->host->counts.instances--;
  free(instance);
  program->instances--;
  ed_home_settle(home);
  ed_program_settle(program);
}

/* ---- streams ---- */

void ed_stream_unresolve(struct ed_stream *stream) {
  free(stream->host);
  stream->host = NULL;
  stream->watched &= (uint8_t)~ED_WATCHED_BY_POLICY;
}

/* The references stay the instance's: a stream only lists those that concern it, once, when it begins. */
void ed_stream_resolve(struct ed_instance *instance, struct ed_stream *stream) {
  ed_stream_unresolve(stream);
  struct ed_span key = ed_stream_key(stream);
  uint32_t pushes = 0, commits = 0;
  int refs[2 * ED_STAGES_MAX];
  for (size_t i = 0; i < instance->stages_len; i++)
    if (instance->stages[i].push != LUA_NOREF && matches(instance->stages[i].key, key))
      refs[pushes++] = instance->stages[i].push;
  for (size_t i = 0; i < instance->stages_len; i++)
    if (instance->stages[i].commit != LUA_NOREF && matches(instance->stages[i].key, key))
      refs[pushes + commits++] = instance->stages[i].commit;
  if (pushes + commits == 0) return;
  struct ed_stream_stages *stages = ed_alloc(sizeof *stages + (pushes + commits) * sizeof *stages->refs);
  stages->pushes = pushes;
  stages->commits = commits;
  memcpy(stages->refs, refs, (pushes + commits) * sizeof *refs);
  stream->host = stages;
  stream->watched |= ED_WATCHED_BY_POLICY;
}

bool ed_instance_has_close(const struct ed_instance *instance) {
  for (size_t i = 0; i < instance->stages_len; i++)
    if (instance->stages[i].close != LUA_NOREF) return true;
  return false;
}

static int last_word(lua_State *L) {
  struct ed_instance *instance = ed_home_current(L);
  for (size_t i = 0; i < instance->stages_len; i++) {
    if (instance->stages[i].close == LUA_NOREF) continue;
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->stages[i].close);
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->room_ref);
    lua_call(L, 1, 0);
  }
  return 0;
}

void ed_instance_install(struct ed_instance *instance) {
  struct ed_room *room = instance->room;
  struct ed_instance *old = room->host;
  struct ed_script_error error;
  if (old && ed_instance_has_close(old)) ed_instance_run(old, ED_CALL_CLOSE, last_word, NULL, ed_span(NULL, 0), &error);
  if (old) ed_instance_free(old);
  room->host = instance;
  if (strcmp(room->policy, instance->home->program->policy->name) != 0) {
    free(room->policy);
    room->policy = ed_strdup(instance->home->program->policy->name);
    ed_room_changed(room, &(struct ed_change){.kind = ED_CHANGE_POLICY});
  }
  struct ed_stream *stream, *next;
  HASH_ITER(hh, room->streams, stream, next) ed_stream_resolve(instance, stream);
}
