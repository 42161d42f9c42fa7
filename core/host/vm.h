/* A Lua state in which nothing that a script does can harm the process: a whitelist of functions, a cap on its memory,
 * and a budget for every call into it that a script cannot catch and outlive. README.md says what is closed, and how.
 */
#ifndef ED_HOST_VM_H
#define ED_HOST_VM_H

#include <lauxlib.h>
#include <lua.h>

#include "base/buf.h"

/* Nesting of C functions that call back into Lua (pcall, gsub, format, ...), so that the C stack has a bound. */
#define ED_VM_DEPTH_MAX 100

struct ed_vm_limits {
  uint64_t instructions; /* of one call; what C functions do for a script is counted as if it were instructions */
  uint64_t call_ms;      /* of one call, by the clock on the wall and by the processor's */
  size_t memory;         /* bytes that the state may hold; plan for two to three times what lives in it */
  size_t allocation;     /* bytes of one allocation: of one string, of the slots of one table */
  size_t call_bytes;     /* bytes allocated in one call, whether or not they were freed meanwhile */
  unsigned hook_every;   /* instructions between two looks at the budget */
};

/* Classes of large blocks, the first of ED_VM_LARGE bytes, each twice the one before; the last has no end. */
#define ED_VM_LARGE 16384
#define ED_VM_LARGE_CLASSES 8

enum ed_script_failure {
  ED_SCRIPT_ERROR,  /* the script's own: it threw, or did what Lua does not allow, or does not compile */
  ED_SCRIPT_BUDGET, /* it took too many instructions, too long, or allocated too much in one call */
  ED_SCRIPT_MEMORY, /* its state is at its cap, or one allocation was too large: see ed_vm_over_cap */
};

struct ed_script_error {
  enum ed_script_failure kind;
  char text[512]; /* the message with file:line, then the script's own frames, one per line: "  in push (FILE:LINE)" */
};

/* Why a call ends, once it must; from then on every guard passes the error on. */
enum ed_vm_trip {
  ED_TRIP_NONE,
  ED_TRIP_INSTRUCTIONS,
  ED_TRIP_TIME,
  ED_TRIP_CALL_BYTES,
  ED_TRIP_MEMORY,
  ED_TRIP_ALLOCATION,
};

/* What the state keeps in its registry for the host. */
enum ed_vm_ref {
  ED_REF_HANDLER,     /* describes an error before the stack is unwound */
  ED_REF_TRAMPOLINE,  /* what ed_vm_run calls */
  ED_REF_GLOBALS,     /* what scripts find as globals */
  ED_REF_ENVIRONMENT, /* the locked table through which they do */
  ED_REF_ARRAY,       /* value.h: metatables */
  ED_REF_BYTES,
  ED_REF_INTEGER,
  ED_REF_RAW,
  ED_REF_COUNT,
};

struct ed_vm {
  lua_State *L;
  void *owner; /* the host's; not looked at here */
  struct ed_vm_limits limits;

  size_t live; /* bytes that the state holds */
  size_t cap;  /* what `live` may become: limits.memory, or no bound while the host itself sets things up */
  uint32_t large[ED_VM_LARGE_CLASSES]; /* how many blocks of 16 KiB, 32 KiB, 64 KiB, ... or more among them */
  unsigned armed; /* instructions between two calls of the hook, as it is set now; see hook_for in vm.c */

  /* The call at hand, and all within it. */
  unsigned runs;  /* ed_vm_run on the C stack */
  unsigned depth; /* C functions on it that have called back into Lua */
  enum ed_vm_trip trip;
  uint64_t used;         /* instructions */
  uint64_t look_at;      /* `used` at which to look at the clock again */
  bool timed;            /* by the caller, before ed_vm_run: began_ns is wanted from its very beginning. Goes with it */
  uint64_t began_ns;     /* CLOCK_MONOTONIC: where timed, when it began, else at the first look; 0 until then */
  uint64_t cpu_began_ns; /* CLOCK_THREAD_CPUTIME_ID at the first look; 0 until then */
  size_t call_bytes;
  struct ed_script_error *error; /* where the innermost ed_vm_run wants a failure described; borrowed */

  struct ed_buf scratch; /* for C functions that call nothing of the script's meanwhile; outside of the cap */
  int refs[ED_REF_COUNT];
};

/* 0 and a state of its own, with the environment in place and the cap in force; or -ENOMEM. The JIT compiler is off:
 * hooks never fire in what it has compiled. Owned by the caller, released with ed_vm_close. */
int ed_vm_open(struct ed_vm **vm, const struct ed_vm_limits *limits);

/* Other limits, from its next call on; not from inside one. */
void ed_vm_limit(struct ed_vm *vm, const struct ed_vm_limits *limits);
void ed_vm_close(struct ed_vm *vm); /* outside of ed_vm_run; NULL is fine */

struct ed_vm *ed_vm_of(lua_State *L);

/* Of the last ed_vm_run, at its return: how long it took, from where began_ns counts; false where no clock was read. */
bool ed_vm_took(const struct ed_vm *vm, uint64_t *ns);

/* Calls fn with `arg` as a light userdata at 1, protected and within a budget: a fresh one, or the outer one's where
 * ed_vm_run is already on the stack. Whatever touches the Lua API goes through here. 0; or -1 with *error. */
int ed_vm_run(struct ed_vm *vm, lua_CFunction fn, void *arg, struct ed_script_error *error);

/* ---- what follows is for C functions called from inside ed_vm_run; all of it may throw ---- */

/* Compiles a chunk (source text only, never bytecode) with the locked environment, and leaves it on the stack.
 * chunk_name as Lua has it: "@rooms/chat.lua". The caller has bounded the length of the source. */
void ed_vm_load(lua_State *L, struct ed_span source, const char *chunk_name);

/* Pops a value and makes it a global of all scripts of this state. */
void ed_vm_set_global(lua_State *L, const char *name);

/* Counts what a C function does as instructions, and ends the call where the budget is used up. */
void ed_vm_charge(lua_State *L, uint64_t steps);

/* lua_call for C functions that scripts call: with a bound on how deep these nest. */
void ed_vm_call(lua_State *L, int arguments, int results);

/* Pops a table; pushes one that reads like it, cannot be changed, and hides its metatable. */
void ed_vm_freeze(lua_State *L, const char *name);
bool ed_vm_frozen(lua_State *L, int index);

/* ---- memory ---- */

size_t ed_vm_memory(const struct ed_vm *vm); /* bytes that the state holds */

/* Whether it is so full that calls will go on failing: over three quarters of its cap, even after a full collection
 * (which is made where it seems so, and takes 2 to 3 ms per MB). */
bool ed_vm_over_cap(struct ed_vm *vm);

#endif
