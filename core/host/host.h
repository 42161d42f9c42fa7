/* The host: what rooms do with a message. It fills the gate of the hub with policies, Lua scripts that run one instance
 * per room, in Lua states shared by up to `rooms_per_state` rooms, and swaps them while rooms go on. */
#ifndef ED_HOST_HOST_H
#define ED_HOST_HOST_H

#include "host/vm.h"
#include "room/hub.h"

struct ed_host;

struct ed_host_options {
  const char *scripts;    /* the folder with lib/ and rooms/; borrowed */
  struct ed_vm_limits vm; /* budget of a call, cap of a state */
  size_t rooms_per_state; /* 1: every room has a Lua state of its own */
  size_t source_max;      /* bytes of one script file */
  size_t timers_max;      /* of one room */
};

/* `hub`'s gate becomes this host. All borrowed until ed_host_free. */
struct ed_host *ed_host_new(const struct ed_host_options *options, struct ed_hub *hub, const struct ed_log *log);
void ed_host_free(struct ed_host *host); /* no room may be left */

/* Whether there is a script for a policy of this name (1 to 64 of a-z A-Z 0-9 _ -). */
bool ed_host_knows(struct ed_host *host, const char *policy);

/* Loads the policy as a room of the namespace would, with an empty room. 0; or -1 with what is wrong: file, line,
 * reason, traceback. */
int ed_host_check(struct ed_host *host, const struct ed_space *space, const char *policy,
                  struct ed_script_error *error);

/* A script file has changed (or may have): policies that use it are loaded again, and their rooms moved over. `path`
 * NULL: any file may have. */
void ed_host_changed(struct ed_host *host, const char *path);

/* Takes other limits: every call and every state has them from now on, but for rooms_per_state, which counts for states
 * that begin. `scripts` stays. */
void ed_host_limit(struct ed_host *host, const struct ed_host_options *options);

/* The knobs of a namespace are others: its rooms begin their policies again, one after the other, each between two of
 * its messages. One whose policy does not like them keeps what it has. */
void ed_host_knobs_changed(struct ed_host *host, const struct ed_space *space);

/* Moves a running room to another policy, at once. -1 with a fault: the room keeps what it had. */
int ed_host_move(struct ed_room *room, const char *policy, struct ed_fault *fault);

/* The folders that hold scripts in use: what a file watcher watches. Valid until a policy is loaded. */
size_t ed_host_folders(struct ed_host *host, const char *const **folders);

/* Why a script is called. */
enum ed_call_kind {
  ED_CALL_OPEN, /* the script itself, and its stages' `open` */
  ED_CALL_JOIN,
  ED_CALL_PUSH,
  ED_CALL_COMMIT,
  ED_CALL_LEAVE,
  ED_CALL_CLOSE,
  ED_CALL_TIMER,
  ED_CALL_KINDS,
};
const char *ed_call_name(enum ed_call_kind kind); /* "open", ... */

/* What the host has done since it began. */
struct ed_host_counts {
  uint64_t calls, failures, refusals, reloads, reload_failures;
  size_t policies, instances, states;
};
struct ed_host_counts ed_host_counts(const struct ed_host *host);

/* What a room runs: name and version (counted from 1) of its policy, its last failure, and why the newest version of
 * the script does not load ("" where there is none such). Times by the hub's clock. */
struct ed_policy_info {
  const char *policy;
  uint64_t version, failures;
  const char *last_failure;
  uint64_t failed_ms; /* when that was */
  const char *load_failure;
  uint64_t load_failed_ms;
};
struct ed_policy_info ed_host_info(const struct ed_room *room);

#endif
