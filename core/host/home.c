#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "host/policy.h"

struct ed_instance *ed_home_current(lua_State *L) {
  struct ed_home *home = ed_home_of(L);
  if (!home->current) luaL_error(L, "this can only be called while a room is at work");
  return home->current;
}

/* What a chunk is called in messages: its path below the scripts folder, short enough to be read. */
static void chunk_name(const struct ed_home *home, const struct ed_source *source, char name[128]) {
  const char *path = source->path;
  size_t len = strlen(home->host->options.scripts);
  if (strncmp(path, home->host->options.scripts, len) == 0 && path[len] == '/') path += len + 1;
  snprintf(name, 128, "@%s", path);
}

static void load(lua_State *L, struct ed_home *home, const struct ed_source *source) {
  char name[128];
  chunk_name(home, source, name);
  ed_vm_load(L, ed_buf_span(&source->text), name);
}

/* ---- require ---- */

/* A module of the library runs once per state; one of the policy's own folder once per room, so that what it keeps in
 * locals is that room's, like in the policy itself. */
static int require(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  struct ed_home *home = ed_home_of(L);
  struct ed_instance *instance = ed_home_current(L);
  lua_settop(L, 1);

  lua_rawgeti(L, LUA_REGISTRYINDEX, home->library_ref);
  lua_getfield(L, -1, name);
  if (!lua_isnil(L, -1)) return 1;
  lua_settop(L, 1);
  if (instance->modules_ref == LUA_NOREF) {
    lua_newtable(L);
    instance->modules_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance->modules_ref); /* 2 */
  lua_getfield(L, 2, name);
  if (lua_isboolean(L, -1)) return luaL_error(L, "module '%s' requires itself", name);
  if (!lua_isnil(L, -1)) return 1;
  lua_settop(L, 2);

  char why[200];
  struct ed_source *source = ed_program_source(home->program, name, why);
  if (!source) return luaL_error(L, "cannot load module '%s': %s", name, why);
  lua_pushboolean(L, 0); /* marks it as being loaded */
  lua_setfield(L, 2, name);
  lua_rawgeti(L, LUA_REGISTRYINDEX, home->modules_ref); /* 3 */
  lua_getfield(L, 3, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    load(L, home, source);
    lua_pushvalue(L, -1);
    lua_setfield(L, 3, name);
  }
  lua_pushvalue(L, 1);
  ed_vm_call(L, 1, 1);
  if (lua_isnil(L, -1)) return luaL_error(L, "module '%s' returns nothing", name);
  if (source->library) {
    if (lua_istable(L, -1)) ed_vm_freeze(L, name); /* all rooms of the state share it */
    lua_pushnil(L);
    lua_setfield(L, 2, name);
    lua_rawgeti(L, LUA_REGISTRYINDEX, home->library_ref);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
  } else {
    lua_pushvalue(L, -1);
    lua_setfield(L, 2, name);
  }
  return 1;
}

/* ---- a home ---- */

static int furnish(lua_State *L) {
  struct ed_home *home = ed_home_of(L);
  lua_newtable(L);
  home->library_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  home->modules_ref = luaL_ref(L, LUA_REGISTRYINDEX);

  ed_bind_open(L); /* leaves the native module */
  ed_vm_freeze(L, "eddy.native");
  lua_rawgeti(L, LUA_REGISTRYINDEX, home->library_ref);
  lua_insert(L, -2);
  lua_setfield(L, -2, "eddy.native");
  lua_pop(L, 1);
  lua_pushcfunction(L, require);
  ed_vm_set_global(L, "require");
  lua_pushcfunction(L, ed_bind_print);
  ed_vm_set_global(L, "print");

  ed_bind_msg_new(L, home);
  home->msg_ref = luaL_ref(L, LUA_REGISTRYINDEX);

  char why[200];
  struct ed_source *main = ed_program_source(home->program, "", why);
  if (!main) return luaL_error(L, "%s", why);
  load(L, home, main);
  home->main_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

static void home_free(struct ed_home *home) {
  if (home->vm) {
    ed_vm_close(home->vm);
    home->host->counts.states--;
  }
  ed_buf_deinit(&home->value);
  ed_buf_deinit(&home->scratch);
  free(home);
}

struct ed_home *ed_home_for(struct ed_program *program, bool solitary, struct ed_script_error *error) {
  struct ed_host *host = program->policy->host;
  struct ed_home *home;
  if (!solitary) DL_FOREACH(program->homes, home) if (home->count < home->most) return home;

  home = ed_zalloc(sizeof *home);
  home->host = host;
  home->program = program;
  home->most = solitary ? 1 : host->options.rooms_per_state;
  if (ed_vm_open(&home->vm, &host->options.vm) < 0) {
    *error = (struct ed_script_error){.kind = ED_SCRIPT_MEMORY};
    snprintf(error->text, sizeof error->text, "no Lua state could be made");
    home_free(home);
    return NULL;
  }
  host->counts.states++;
  home->vm->owner = home;
  if (ed_vm_run(home->vm, furnish, NULL, error) < 0) {
    home_free(home);
    return NULL;
  }
  DL_PREPEND(program->homes, home); /* the newest has room; full ones sink */
  return home;
}

void ed_home_settle(struct ed_home *home) {
  if (home->count) return;
  struct ed_program *program = home->program;
  if (program) {
    bool last = program->homes == home && !home->next;
    /* The next room will be glad of it, unless it is full of what others have left. */
    if (last && home->most && program->policy->current == program) return;
    DL_DELETE(program->homes, home); /* NOLINT(clang-analyzer-*): utlist */
  }
  home_free(home);
}

int ed_instance_run(struct ed_instance *instance, enum ed_call_kind kind, lua_CFunction fn, void *arg,
                    struct ed_span key, struct ed_script_error *error) {
  struct ed_home *home = instance->home;
  struct ed_host *host = home->host;
  struct ed_meter *meter = &ed_policy_of(instance)->meters[kind];
  struct ed_instance *outer = home->current;
  bool inner = home->vm->runs, timed = ed_meter_begin(meter, host->hub->timers->now_ms);
  uint64_t ns;
  home->current = instance;
  home->vm->timed = timed && !inner;
  int result = ed_vm_run(home->vm, fn, arg, error);
  home->current = outer;
  host->counts.calls++;
  if (inner) /* its time is the outer one's already */
    ed_meter_end(meter, &host->took[kind], false, 0);
  else if (ed_vm_took(home->vm, &ns))
    ed_meter_end(meter, &host->took[kind], timed, ns);
  if (result < 0) ed_instance_failed(instance, kind, key, error);
  return result;
}
