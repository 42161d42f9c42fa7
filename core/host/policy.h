/* Policies inside the host; for the files of this folder.
 *
 *   policy     a name                                    host, for good
 *   program    one version of its source files           as long as it is the newest, or an instance is left
 *   home       a Lua state with a program loaded in it   as long as it has an instance (the newest stays warm)
 *   instance   the program running for one room          as long as the room, or until it is replaced
 */
#ifndef ED_HOST_POLICY_H
#define ED_HOST_POLICY_H

#include "host/host.h"
#include "host/meter.h"
#include "host/value.h"
#include "room/room.h"

#define ED_STAGES_MAX 64 /* of one policy */

struct ed_source {
  char *name; /* as given to require; "" for the policy itself */
  char *path; /* owned; the file that it was read from */
  struct ed_buf text;
  bool library; /* from scripts/lib: run once per state, and trusted to keep nothing */
  struct ed_source *next;
};

struct ed_program {
  struct ed_policy *policy;
  uint64_t version;
  struct ed_source *sources; /* read when first asked for, then fixed: a program never sees a later version of a file */
  struct ed_home *homes;     /* utlist */
  size_t instances;
  size_t failures;                /* rooms that could not move over to it */
  struct ed_program *next, *prev; /* the policy's older ones, too, while rooms are on them */
};

struct ed_policy {
  UT_hash_handle hh;
  struct ed_meter meters[ED_CALL_KINDS];
  uint64_t failures, refusals, reloads, reload_failures; /* its part of the host's counts */
  struct ed_host *host;
  struct ed_program *current;  /* NULL: its file could not be read or compiled when it was first wanted */
  struct ed_program *programs; /* utlist: all that have instances, and the current one */
  struct ed_source *tried; /* what did not load when it was last tried; NULL: nothing. No reason to try that again */
  uint64_t version;        /* of the newest program */
  uint64_t told_since_ms, untold; /* report.c: failures in the log, and left out of it */
  unsigned told;
  char *load_failure; /* owned: why the newest version of its files does not load; NULL: it does */
  uint64_t load_failed_ms;
  char name[];
};

struct ed_home {
  struct ed_host *host;
  struct ed_program *program;
  struct ed_vm *vm;
  struct ed_instance *instances; /* utlist */
  size_t count;
  size_t most;                 /* rooms that it takes */
  struct ed_instance *current; /* whose code runs; NULL outside of calls */
  int main_ref;                /* the compiled policy */
  int library_ref;             /* name -> what a library module returned */
  int modules_ref;             /* name -> compiled module of the policy's own folder */
  int msg_ref;                 /* the one msg object */
  struct ed_msg_view *msg;
  struct ed_buf value;   /* of a push that a stage changed; stays until that push is done */
  struct ed_buf scratch; /* of a push that a script makes */
  struct ed_home *next, *prev;
};

struct ed_stage {
  char *key;                                  /* pattern; NULL: every key */
  int push, commit, open, join, leave, close; /* references; LUA_NOREF */
};

struct ed_instance {
  struct ed_host *host;
  struct ed_room *room;
  struct ed_home *home;
  struct ed_stage *stages;
  size_t stages_len;
  int room_ref;    /* the room object */
  int members_ref; /* table: member (light userdata) -> member object */
  int modules_ref; /* table: name -> what the room's own modules returned; LUA_NOREF */
  int api_ref;     /* table of methods that stages add to room; LUA_NOREF */
  bool opening;    /* not yet the room's: it may read, but not push */
  bool knobs_read;
  bool broken;                    /* over its memory: pushes are refused until the policy changes */
  bool solitary;                  /* gets a state of its own from now on */
  bool evicted;                   /* its state must go: it moves even where its program is current */
  bool outdated;                  /* likewise: the knobs that it has read are others by now */
  struct ed_script_timer *timers; /* utlist */
  size_t timers_len;
  uint64_t failures;
  char *last_failure; /* owned */
  bool told;          /* it is in the log */
  uint64_t failed_ms, reported_ms, unreported;
  struct ed_instance *next, *prev;           /* in its home */
  struct ed_instance *swap_next, *swap_prev; /* in the host's list of instances to be replaced; utlist */
  bool swapping;
};

/* Of a stream that some stage wants to see: functions in the order of the stages. */
struct ed_stream_stages {
  uint32_t pushes, commits;
  int refs[]; /* push functions, then commit functions */
};

struct ed_host {
  struct ed_host_options options;
  struct ed_hub *hub;
  const struct ed_log *log;
  struct ed_policy *policies;
  struct ed_instance *swaps; /* utlist */
  struct ed_timer swap_timer;
  struct ed_host_counts counts;
  struct ed_histogram took[ED_CALL_KINDS]; /* by calls, of all policies */
  char **folders;
  size_t folders_len, folders_cap;
};

/* ---- policy.c: names, programs, sources ---- */

bool ed_policy_name_valid(const char *name);
/* The policy of a name, with a current program. NULL with an error. */
struct ed_policy *ed_policy_find(struct ed_host *host, const char *name, struct ed_script_error *error);
/* A program from the files as they are now, loaded into a first home. NULL with an error. */
struct ed_program *ed_program_new(struct ed_policy *policy, struct ed_script_error *error);
/* 0 and the text of a file (NULL-safe to free where it failed), or a negative errno; -EFBIG past the limit. */
int ed_source_read(struct ed_host *host, const char *path, struct ed_buf *text);
void ed_program_settle(struct ed_program *program); /* frees it where it is neither current nor in use */
/* It does not load, for this reason: the policy remembers its sources, unless another try may go better. */
void ed_program_failed(struct ed_program *program, const struct ed_script_error *error);
void ed_policy_untry(struct ed_policy *policy); /* forgets them */
/* A source of the program, read now where it was not yet. NULL with an error. */
struct ed_source *ed_program_source(struct ed_program *program, const char *name, char why[200]);

/* ---- home.c ---- */

/* A home with room for one more. `solitary`: one of its own. NULL with an error. */
struct ed_home *ed_home_for(struct ed_program *program, bool solitary, struct ed_script_error *error);
void ed_home_settle(
    struct ed_home *home); /* frees it where nobody lives in it and it is not the current program's last */
static inline struct ed_home *ed_home_of(lua_State *L) { return ed_vm_of(L)->owner; }
static inline struct ed_policy *ed_policy_of(const struct ed_instance *instance) {
  return instance->home->program->policy;
}
/* The instance whose code runs; throws where there is none (a script kept a function beyond its room's end). */
struct ed_instance *ed_home_current(lua_State *L);
/* Runs `fn` as code of the instance; see ed_vm_run. It is counted and metered, a failure reported. */
int ed_instance_run(struct ed_instance *instance, enum ed_call_kind kind, lua_CFunction fn, void *arg,
                    struct ed_span key, struct ed_script_error *error);

/* ---- instance.c ---- */

/* A new instance of the policy for the room: the script has run, its stages are known, `open` has been called. It is
 * not yet the room's. NULL with an error. */
struct ed_instance *ed_instance_new(struct ed_program *program, struct ed_room *room, bool solitary,
                                    struct ed_script_error *error);
void ed_instance_free(struct ed_instance *instance);
/* Whether it is its namespace's own policy: then every knob that the namespace sets must be one of its. */
bool ed_instance_own(const struct ed_instance *instance);
/* Makes it the room's (room->host), in place of what the room has; resolves the stages of every stream. The one before
 * may say a last word (`close`): what it pushes waits, so this belongs between ed_room_enter and ed_room_exit. */
void ed_instance_install(struct ed_instance *instance);
bool ed_instance_has_close(const struct ed_instance *instance);
void ed_stream_resolve(struct ed_instance *instance, struct ed_stream *stream);
void ed_stream_unresolve(struct ed_stream *stream);

/* ---- report.c ---- */

void ed_instance_log(struct ed_instance *instance, const char *line); /* what the script itself says */
void ed_instance_failed(struct ed_instance *instance, enum ed_call_kind kind, struct ed_span key,
                        const struct ed_script_error *error);
void ed_instance_remember(struct ed_instance *instance, const char *text); /* as its last failure; logs nothing */

/* ---- reload.c ---- */

/* Notes why the newest version does not load; NULL: that is over. */
void ed_policy_load_failed(struct ed_policy *policy, const char *text);
/* Moves the instance's room to the current program of its policy, where it is not there yet. */
void ed_instance_freshen(struct ed_instance **instance);
void ed_instance_unswap(struct ed_instance *instance);
/* After a call ran out of memory: where the state stays over its cap, its rooms begin again in fresh ones. */
void ed_home_rescue(struct ed_home *home, struct ed_instance *culprit, const struct ed_script_error *error);

/* ---- bind_*.c: what scripts see ---- */

void ed_bind_open(lua_State *L);                          /* metatables and the native module, once per state */
void ed_bind_msg_new(lua_State *L, struct ed_home *home); /* pushes the msg object */
/* Encodes the value that a stage has assigned into home->value, and makes it the push's. */
void ed_bind_msg_encode(lua_State *L, int msg, struct ed_home *home);
/* The value that was decoded goes. Allocates nothing, so it needs no ed_vm_run. */
void ed_bind_msg_forget(struct ed_home *home);
void ed_bind_room_new(lua_State *L, struct ed_instance *instance);
void ed_bind_room_end(lua_State *L, struct ed_instance *instance); /* the object outlives the room, empty */
void ed_bind_member_push(lua_State *L, struct ed_instance *instance, struct ed_member *member); /* nil for NULL */
void ed_bind_member_gone(lua_State *L, struct ed_instance *instance, struct ed_member *member);
void ed_bind_timers_end(struct ed_instance *instance);
/* room:after and room:every */
int ed_bind_after(lua_State *L);
int ed_bind_every(lua_State *L);
int ed_bind_print(lua_State *L); /* print(...): room:log(...) of the room at work */
/* metatables */
void ed_bind_room_open(lua_State *L);
void ed_bind_member_open(lua_State *L);
void ed_bind_msg_open(lua_State *L);
void ed_bind_timer_open(lua_State *L);
/* Seconds from a number, or a text such as "40ms", at this index. */
double ed_bind_seconds(lua_State *L, int index);

/* What msg shows during one call. */
struct ed_msg_view {
  struct ed_home *home;
  const struct ed_stream *stream; /* NULL: outside of a call */
  struct ed_push *push;
  bool decoded;  /* msg.value is in the object's environment */
  bool assigned; /* it was set by a stage: push->value must be made from it */
  bool writable; /* in push, not in commit */
  struct ed_room *room;
};

#endif
