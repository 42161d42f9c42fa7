/* New versions of scripts, and rooms moving over to them while they run. */
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#include "base/mem.h"
#include "host/policy.h"

/* A slice of moving rooms over ends after this long; the loop serves messages between two slices. */
#define SLICE_US 2000

/* A version that fails in so many rooms, and in more than it works in, is not tried in the rest: each try may cost a
 * whole budget. */
#define FAILURES_MAX 10

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void ed_instance_unswap(struct ed_instance *instance) {
  if (!instance->swapping) return;
  DL_DELETE2(instance->host->swaps, instance, swap_prev, swap_next);
  instance->swapping = false;
}

/* Only ever between two messages: at the beginning of a push or join, or from the timer. */
void ed_instance_freshen(struct ed_instance **at) {
  struct ed_instance *old = *at;
  if (!old->swapping) return;
  ed_instance_unswap(old);
  struct ed_program *current = old->home->program->policy->current;
  if (old->home->program == current && !old->evicted && !old->outdated) return;
  old->outdated = false;
  if (!old->evicted && current->failures >= FAILURES_MAX && current->failures > current->instances) return;
  struct ed_script_error error;
  struct ed_instance *fresh = ed_instance_new(current, old->room, old->solitary, &error);
  if (!fresh) { /* reported by then; the room keeps what it has, or where that is what must go, loses its policy */
    if (++current->failures == FAILURES_MAX && current->failures > current->instances)
      ed_log(old->host->log, ED_LOG_ERROR, "host",
             "policy %s: version %llu fails in too many rooms; the others keep what they have", current->policy->name,
             (unsigned long long)current->version);
    old->host->counts.reload_failures++;
    current->policy->reload_failures++;
    ed_instance_remember(old, error.text);
    if (old->evicted) old->broken = true;
    return;
  }
  fresh->failures = old->failures;
  ed_instance_install(fresh); /* frees the old one */
  *at = fresh;
}

static void swap_slice(struct ed_timer *timer) {
  struct ed_host *host = (struct ed_host *)((char *)timer - offsetof(struct ed_host, swap_timer));
  uint64_t until = now_us() + SLICE_US;
  while (host->swaps && now_us() < until) {
    struct ed_instance *instance = host->swaps;
    struct ed_room *room = instance->room;
    ed_room_enter(room);
    ed_instance_freshen(&instance);
    ed_room_exit(room);
  }
  /* Not after 0 ms: that may be due in this same turn, and the loop gets to nothing else. */
  if (host->swaps) ed_timer_start(host->hub->timers, timer, 1, swap_slice);
}

static void swap_later(struct ed_instance *instance) {
  struct ed_host *host = instance->host;
  if (!instance->swapping) {
    instance->swapping = true;
    DL_APPEND2(host->swaps, instance, swap_prev, swap_next);
  }
  if (!ed_timer_running(&host->swap_timer)) ed_timer_start(host->hub->timers, &host->swap_timer, 0, swap_slice);
}

static void swap_all(struct ed_policy *policy) {
  struct ed_program *program;
  struct ed_home *home;
  struct ed_instance *instance;
  DL_FOREACH(policy->programs, program) {
    if (program == policy->current) continue;
    DL_FOREACH(program->homes, home) DL_FOREACH(home->instances, instance) swap_later(instance);
  }
}

/* Whether these are anything else than what the files hold now. */
static bool outdated(struct ed_host *host, const struct ed_source *sources, const char *path) {
  const struct ed_source *source;
  LL_FOREACH(sources, source)
  if (!path || strcmp(source->path, path) == 0) {
    struct ed_buf now = {0};
    int result = ed_source_read(host, source->path, &now);
    bool same = result == 0 ? source->text.at && ed_span_equal(ed_buf_span(&now), ed_buf_span(&source->text))
                            : !source->text.at;
    ed_buf_deinit(&now);
    if (!same) return true;
  }
  return false;
}

/* Any room on an older version. */
static struct ed_instance *any_instance(const struct ed_policy *policy) {
  struct ed_program *program;
  struct ed_home *home;
  DL_FOREACH(policy->programs, program) DL_FOREACH(program->homes, home) if (home->instances) return home->instances;
  return NULL;
}

/* The new version is tried in one room before any other hears of it: what fails there, would in most. */
static struct ed_program *try_program(struct ed_policy *policy, struct ed_script_error *error) {
  struct ed_instance *old = any_instance(policy);
  struct ed_program *fresh = ed_program_new(policy, error);
  if (!fresh || !old) return fresh;
  struct ed_room *room = old->room;
  const struct ed_log *log = policy->host->log;
  policy->host->log = NULL; /* the caller says it */
  fresh->instances++;       /* a program goes with its last instance, and the one that is tried here may be that */
  ed_room_enter(room);
  struct ed_instance *first = ed_instance_new(fresh, room, old->solitary, error);
  policy->host->log = log;
  if (first) ed_instance_install(first);
  ed_room_exit(room);
  fresh->instances--;
  if (first) return fresh;
  ed_program_failed(fresh, error);
  ed_program_settle(fresh);
  return NULL;
}

void ed_policy_load_failed(struct ed_policy *policy, const char *text) {
  free(policy->load_failure);
  policy->load_failure = text ? ed_strdup(text) : NULL;
  policy->load_failed_ms = policy->host->hub->timers->now_ms;
}

static void reload(struct ed_policy *policy) {
  struct ed_host *host = policy->host;
  struct ed_script_error error;
  struct ed_program *fresh = try_program(policy, &error);
  if (!fresh) {
    host->counts.reload_failures++;
    policy->reload_failures++;
    ed_policy_load_failed(policy, error.text);
    ed_log(host->log, ED_LOG_ERROR, "host", "policy %s does not load, rooms keep the version they have: %s",
           policy->name, error.text);
    return;
  }
  host->counts.reloads++;
  policy->reloads++;
  ed_policy_load_failed(policy, NULL);
  ed_policy_untry(policy);
  struct ed_program *old = policy->current;
  policy->current = fresh;
  ed_log(host->log, ED_LOG_INFO, "host", "policy %s: version %llu loaded, for %zu rooms", policy->name,
         (unsigned long long)fresh->version, old->instances + fresh->instances);
  swap_all(policy);
  ed_program_settle(old);
}

void ed_host_changed(struct ed_host *host, const char *path) {
  struct ed_policy *policy, *next;
  HASH_ITER(hh, host->policies, policy, next) {
    if (!policy->current) continue;
    if (!outdated(host, policy->tried ? policy->tried : policy->current->sources, path)) continue;
    if (policy->tried && !outdated(host, policy->current->sources, NULL))
      ed_policy_untry(policy), ed_policy_load_failed(policy, NULL); /* all is as it was again */
    else
      reload(policy);
  }
}

void ed_host_knobs_changed(struct ed_host *host, const struct ed_space *space) {
  struct ed_room *room, *next;
  HASH_ITER(hh, host->hub->rooms, room, next) {
    struct ed_instance *instance = room->host;
    if (room->space != space || !instance) continue;
    instance->outdated = true;
    swap_later(instance);
  }
}

static void limit_homes(struct ed_policy *policy, const struct ed_vm_limits *limits) {
  struct ed_program *program;
  struct ed_home *home;
  DL_FOREACH(policy->programs, program) DL_FOREACH(program->homes, home) ed_vm_limit(home->vm, limits);
}

void ed_host_limit(struct ed_host *host, const struct ed_host_options *options) {
  const char *scripts = host->options.scripts;
  struct ed_policy *policy, *next;
  host->options = *options;
  host->options.scripts = scripts;
  HASH_ITER(hh, host->policies, policy, next) limit_homes(policy, &options->vm);
}

int ed_host_move(struct ed_room *room, const char *name, struct ed_fault *fault) {
  struct ed_instance *old = room->host;
  struct ed_script_error error;
  struct ed_policy *policy = ed_policy_find(old->host, name, &error);
  struct ed_instance *fresh = NULL;
  ed_room_enter(room);
  if (policy) fresh = ed_instance_new(policy->current, room, false, &error);
  if (fresh) ed_instance_install(fresh);
  ed_room_exit(room);
  if (fresh) return 0;
  return ed_fault(fault, ED_FAULT_REFUSED, "the policy does not load: %.150s", error.text);
}

/* A state that stays over its cap after a collection cannot be saved from the outside: what fills it belongs to
 * scripts. So its rooms begin again elsewhere, from what they retain; the one whose call failed in a state of its own,
 * where next time it fills up nobody else's. If it does so again, it loses its policy until that is mended. */
void ed_home_rescue(struct ed_home *home, struct ed_instance *culprit, const struct ed_script_error *error) {
  if (culprit->broken || culprit->evicted) return; /* its state is being left already */
  if (error->kind != ED_SCRIPT_MEMORY || !ed_vm_over_cap(home->vm)) return;
  ed_log(home->host->log, ED_LOG_ERROR, "host", "policy %s: a state with %zu rooms is over its memory; %s",
         home->program->policy->name, home->count,
         culprit->solitary ? "its room loses the policy" : "its rooms begin again in new ones");
  if (culprit->solitary) {
    culprit->broken = true;
    return;
  }
  culprit->solitary = true;
  home->most = 0; /* nobody moves in any more */
  struct ed_instance *instance;
  DL_FOREACH(home->instances, instance) {
    instance->evicted = true;
    swap_later(instance);
  }
}
