#include "host/vm.h"

#include <errno.h>
#include <luajit.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "host/value.h"
#include "host/vm_private.h"

#define TOO_DEEP "calls through pcall, gsub, format and their like are nested too deeply"

/* What C functions may do between two looks at the clock. */
#define CHARGE_EVERY 256

/* A scratch buffer that has become larger than this does not stay. */
#define SCRATCH_KEPT 65536

struct ed_vm *ed_vm_of(lua_State *L) {
  void *vm;
  lua_getallocf(L, &vm);
  return vm;
}

/* ---- the hook ---- */

static uint64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void on_count(lua_State *L, lua_Debug *activation);

/* LuaJIT allows this at any time, from a signal handler even; so the allocator may. */
static void arm(struct ed_vm *vm, unsigned every) {
  vm->armed = every;
  lua_sethook(vm->L, on_count, LUA_MASKCOUNT, (int)every);
}

/* How often to look. A single instruction takes time in proportion to the largest string there is: "s + 0" reads all of
 * s, at 3 ms for 1 MB, and nothing can interrupt it. So the larger the largest block, the fewer instructions go by
 * unwatched: every times size is 8 MB at most, some 13 ms of the worst instruction, that being every other one. */
static unsigned hook_for(const struct ed_vm *vm) {
  for (unsigned kind = ED_VM_LARGE_CLASSES; kind-- > 0;) {
    if (!vm->large[kind]) continue;
    unsigned every = 256u >> kind;
    return every < vm->limits.hook_every ? every : vm->limits.hook_every;
  }
  return vm->limits.hook_every;
}

static void trip(struct ed_vm *vm, enum ed_vm_trip why) {
  if (vm->trip) return;
  vm->trip = why;
  arm(vm, 1); /* whoever catches it gets no further than one instruction */
}

/* The clock on the wall is cheap to read, but runs on while the kernel lets others have the processor: on a busy
 * machine a call that has done nothing would be ended. So time is up when the processor's own clock says so too. Both
 * count from the first look at the budget: a call that never gets there reads none, unless it is to be timed. */
static bool time_up(const struct ed_vm *vm) {
  uint64_t most_ns = vm->limits.call_ms * 1000000u;
  if (now_ns(CLOCK_MONOTONIC) - vm->began_ns <= most_ns) return false;
  return now_ns(CLOCK_THREAD_CPUTIME_ID) - vm->cpu_began_ns > most_ns;
}

bool ed_vm_took(const struct ed_vm *vm, uint64_t *ns) {
  if (vm->began_ns) *ns = now_ns(CLOCK_MONOTONIC) - vm->began_ns;
  return vm->began_ns != 0;
}

/* LuaJIT gives up at the first allocation that fails, full of garbage or not; so collect before it comes to that. Step
 * by step, as a whole collection takes 2 to 3 ms per MB: what is not done when time is up, the next call goes on with.
 */
static void near_cap(struct ed_vm *vm) {
  size_t cap = vm->cap, full = cap - cap / 8;
  int cycles = 0; /* the one at hand may have passed by what has become garbage since; the next one does not */
  if (vm->live < full) return;
  vm->cap = SIZE_MAX; /* the collector itself allocates at times */
  while (vm->live >= full && cycles < 2 && !time_up(vm)) cycles += lua_gc(vm->L, LUA_GCSTEP, 0);
  vm->cap = cap;
  if (vm->live >= full) trip(vm, cycles < 2 ? ED_TRIP_TIME : ED_TRIP_MEMORY);
}

static void look(lua_State *L, struct ed_vm *vm) {
  vm->look_at = vm->used + CHARGE_EVERY;
  if (!vm->began_ns) vm->began_ns = now_ns(CLOCK_MONOTONIC);
  if (!vm->cpu_began_ns) vm->cpu_began_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
  if (!vm->trip) {
    if (vm->used > vm->limits.instructions)
      trip(vm, ED_TRIP_INSTRUCTIONS);
    else if (time_up(vm))
      trip(vm, ED_TRIP_TIME);
    else
      near_cap(vm);
  }
  if (!vm->trip) return;
  lua_pushnil(L); /* needs no memory; what is to be said is made from vm->trip */
  lua_error(L);
}

static void on_count(lua_State *L, lua_Debug *activation) {
  (void)activation;
  struct ed_vm *vm = ed_vm_of(L);
  vm->used += vm->armed;
  look(L, vm);
}

void ed_vm_charge(lua_State *L, uint64_t steps) {
  struct ed_vm *vm = ed_vm_of(L);
  vm->used += steps;
  if (vm->used >= vm->look_at || vm->trip) look(L, vm);
}

/* ---- memory ---- */

static void count_large(struct ed_vm *vm, size_t size, uint32_t by) {
  if (size < ED_VM_LARGE) return;
  unsigned kind = 63u - (unsigned)__builtin_clzll(size / ED_VM_LARGE);
  if (kind >= ED_VM_LARGE_CLASSES) kind = ED_VM_LARGE_CLASSES - 1;
  vm->large[kind] += by; /* modulo 2^32: minus one is added, too */
}

static bool affordable(struct ed_vm *vm, size_t more, size_t size) {
  if (vm->cap == SIZE_MAX) return true;
  if (size > vm->limits.allocation) {
    trip(vm, ED_TRIP_ALLOCATION);
  } else if (more > vm->cap - vm->live) {
    trip(vm, ED_TRIP_MEMORY);
  } else if (vm->call_bytes > vm->limits.call_bytes &&
             !vm->trip) { /* once said, what describes the error may allocate */
    trip(vm, ED_TRIP_CALL_BYTES);
  } else {
    return true;
  }
  return false;
}

static void *allocate(void *arg, void *old, size_t old_size, size_t size) {
  struct ed_vm *vm = arg;
  if (size > old_size) {
    vm->call_bytes += size - old_size;
    if (!affordable(vm, size - old_size, size)) return NULL;
  }
  void *block = NULL;
  if (size) {
    block = realloc(old, size);
    if (!block) return NULL;
  } else {
    free(old);
  }
  vm->live += size - old_size;
  if ((size | old_size) >= ED_VM_LARGE) {
    count_large(vm, old_size, UINT32_MAX);
    count_large(vm, size, 1);
    if (vm->L && !vm->trip && hook_for(vm) < vm->armed) arm(vm, hook_for(vm));
  }
  return block;
}

size_t ed_vm_memory(const struct ed_vm *vm) { return vm->live; }

static int collect(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT, 0);
  return 0;
}

bool ed_vm_over_cap(struct ed_vm *vm) {
  struct ed_script_error ignored;
  size_t cap = vm->cap, full = cap - cap / 4;
  if (vm->live <= full) return false;
  vm->cap = SIZE_MAX;
  ed_vm_run(vm, collect, NULL, &ignored);
  vm->cap = cap;
  return vm->live > full;
}

struct ed_buf *ed_vm_scratch(lua_State *L) {
  struct ed_vm *vm = ed_vm_of(L);
  vm->scratch.len = 0;
  return &vm->scratch;
}

void ed_vm_scratch_reserve(lua_State *L, size_t more) {
  struct ed_vm *vm = ed_vm_of(L);
  size_t most = vm->limits.allocation;
  if (vm->scratch.len > most || more > most - vm->scratch.len)
    luaL_error(L, "this text gets longer than %d KiB", (int)(most >> 10));
  ed_buf_reserve(&vm->scratch, more);
}

/* ---- calls ---- */

void ed_vm_enter(lua_State *L) {
  struct ed_vm *vm = ed_vm_of(L);
  if (vm->depth >= ED_VM_DEPTH_MAX) luaL_error(L, "%s", TOO_DEEP);
  vm->depth++;
}

/* Where the call throws, the depth is put right by who catches: a guard, or ed_vm_run. */
void ed_vm_call(lua_State *L, int arguments, int results) {
  ed_vm_enter(L);
  lua_call(L, arguments, results);
  ed_vm_of(L)->depth--;
}

void ed_vm_index(lua_State *L, int index) {
  ed_vm_enter(L);
  lua_gettable(L, index);
  ed_vm_of(L)->depth--;
}

void ed_vm_field(lua_State *L, int index, const char *name) {
  ed_vm_enter(L);
  lua_getfield(L, index, name);
  ed_vm_of(L)->depth--;
}

struct run {
  lua_CFunction fn;
  void *arg;
};

/* Called by way of a function that exists already, so that a call makes no closure. */
static int trampoline(lua_State *L) {
  const struct run *run = lua_touserdata(L, 1);
  lua_CFunction fn = run->fn;
  void *arg = run->arg;
  lua_settop(L, 0);
  lua_pushlightuserdata(L, arg);
  return fn(L);
}

static void begin(struct ed_vm *vm) {
  vm->depth = 0;
  vm->trip = ED_TRIP_NONE;
  vm->used = 0;
  vm->look_at = CHARGE_EVERY;
  vm->call_bytes = 0;
  vm->began_ns = vm->timed ? now_ns(CLOCK_MONOTONIC) : 0;
  vm->timed = false;
  vm->cpu_began_ns = 0;
  unsigned every = hook_for(vm);
  if (every != vm->armed) arm(vm, every);
}

static void end(struct ed_vm *vm) {
  if (vm->scratch.cap > SCRATCH_KEPT) ed_buf_deinit(&vm->scratch);
}

/* The handler has run, except for what is thrown without asking it: lack of memory, and errors in itself. */
static void failed(struct ed_vm *vm, int status, struct ed_script_error *error) {
  error->kind = ED_SCRIPT_ERROR;
  if (status == LUA_ERRMEM || vm->trip == ED_TRIP_MEMORY || vm->trip == ED_TRIP_ALLOCATION)
    error->kind = ED_SCRIPT_MEMORY;
  else if (vm->trip)
    error->kind = ED_SCRIPT_BUDGET;
  if (error->text[0]) return;
  if (vm->trip)
    ed_vm_trip_text(vm, error->text);
  else
    snprintf(error->text, sizeof error->text, "%s",
             status == LUA_ERRMEM ? "the system has no more memory" : "stack overflow while an error was handled");
}

int ed_vm_run(struct ed_vm *vm, lua_CFunction fn, void *arg, struct ed_script_error *error) {
  lua_State *L = vm->L;
  struct run run = {fn, arg};
  struct ed_script_error *outer_error = vm->error;
  unsigned outer_depth = vm->depth;
  if (vm->runs == 0) begin(vm);
  if (outer_depth >= ED_VM_DEPTH_MAX) {
    *error = (struct ed_script_error){.kind = ED_SCRIPT_ERROR, .text = TOO_DEEP};
    return -1;
  }
  error->text[0] = 0;
  vm->error = error;
  vm->runs++;
  vm->depth++;
  int top = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs[ED_REF_HANDLER]);
  lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs[ED_REF_TRAMPOLINE]);
  lua_pushlightuserdata(L, &run);
  int status = lua_pcall(L, 1, 0, top + 1);
  lua_settop(L, top);
  vm->runs--;
  vm->depth = outer_depth;
  vm->error = outer_error;
  if (status) failed(vm, status, error);
  if (vm->runs == 0) end(vm);
  return status ? -1 : 0;
}

/* ---- begin and end ---- */

static int keep(lua_State *L, lua_CFunction fn) {
  lua_pushcfunction(L, fn);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

static int set_up(lua_State *L) {
  struct ed_vm *vm = ed_vm_of(L);
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  /* Collect early and fast: as Lua does not collect when memory runs short, garbage counts against the cap. */
  lua_gc(L, LUA_GCSETPAUSE, 120);
  lua_gc(L, LUA_GCSETSTEPMUL, 400);
  vm->refs[ED_REF_HANDLER] = keep(L, ed_vm_describe);
  vm->refs[ED_REF_TRAMPOLINE] = keep(L, trampoline);
  ed_vm_furnish(L);
  ed_value_init(L);
  lua_gc(L, LUA_GCCOLLECT, 0);
  return 0;
}

int ed_vm_open(struct ed_vm **vm, const struct ed_vm_limits *limits) {
  struct ed_vm *new = ed_zalloc(sizeof *new);
  new->limits = *limits;
  if (new->limits.hook_every == 0) new->limits.hook_every = 1;
  new->cap = SIZE_MAX; /* this build of LuaJIT does not survive running out of memory while a state is made */
  lua_State *L = lua_newstate(allocate, new);
  if (!L) {
    free(new);
    return -ENOMEM;
  }
  new->L = L;
  if (lua_cpcall(L, set_up, NULL) != 0) {
    ed_vm_close(new);
    return -ENOMEM;
  }
  arm(new, hook_for(new));
  new->cap = limits->memory;
  *vm = new;
  return 0;
}

void ed_vm_limit(struct ed_vm *vm, const struct ed_vm_limits *limits) {
  unsigned hook_every = vm->limits.hook_every;
  vm->limits = *limits;
  vm->limits.hook_every = hook_every;
  vm->cap = limits->memory > vm->live ? limits->memory : vm->live; /* what it has by now it cannot give back */
}

void ed_vm_close(struct ed_vm *vm) {
  if (!vm) return;
  vm->cap = SIZE_MAX;
  lua_sethook(vm->L, NULL, 0, 0);
  lua_close(vm->L);
  ed_buf_deinit(&vm->scratch);
  free(vm);
}
