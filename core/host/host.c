#include "host/host.h"

#include <stdlib.h>

#include "base/mem.h"
#include "host/gate.h"
#include "host/policy.h"

struct ed_host *ed_host_new(const struct ed_host_options *options, struct ed_hub *hub, const struct ed_log *log) {
  struct ed_host *host = ed_zalloc(sizeof *host);
  host->options = *options;
  host->hub = hub;
  host->log = log;
  hub->gate_ops = &ed_host_gate;
  hub->gate = host;
  return host;
}

void ed_host_free(struct ed_host *host) {
  struct ed_policy *policy, *next;
  ed_timer_stop(host->hub->timers, &host->swap_timer);
  HASH_ITER(hh, host->policies, policy, next) {
    struct ed_program *program = policy->current;
    policy->current = NULL;
    if (program) ed_program_settle(program);
    ed_policy_untry(policy);
    ed_policy_load_failed(policy, NULL);
    HASH_DEL(host->policies, policy); /* NOLINT(clang-analyzer-*): uthash */
    free(policy);
  }
  for (size_t i = 0; i < host->folders_len; i++) free(host->folders[i]);
  free(host->folders);
  free(host);
}

static void add_folder(struct ed_host *host, const char *path) {
  const char *slash = strrchr(path, '/');
  size_t len = slash ? (size_t)(slash - path) : 0;
  for (size_t i = 0; i < host->folders_len; i++)
    if (strlen(host->folders[i]) == len && memcmp(host->folders[i], path, len) == 0) return;
  host->folders = ed_grow(host->folders, sizeof *host->folders, host->folders_len, &host->folders_cap);
  host->folders[host->folders_len++] = ed_strndup(path, len);
}

size_t ed_host_folders(struct ed_host *host, const char *const **folders) {
  struct ed_policy *policy, *next;
  HASH_ITER(hh, host->policies, policy, next) {
    if (!policy->current) continue;
    for (struct ed_source *source = policy->current->sources; source; source = source->next)
      add_folder(host, source->path);
  }
  *folders = (const char *const *)host->folders;
  return host->folders_len;
}

const char *ed_call_name(enum ed_call_kind kind) {
  static const char *const names[ED_CALL_KINDS] = {
      [ED_CALL_OPEN] = "open",   [ED_CALL_JOIN] = "join",   [ED_CALL_PUSH] = "push",  [ED_CALL_COMMIT] = "commit",
      [ED_CALL_LEAVE] = "leave", [ED_CALL_CLOSE] = "close", [ED_CALL_TIMER] = "timer"};
  return names[kind];
}

struct ed_host_counts ed_host_counts(const struct ed_host *host) {
  return host->counts;
}

struct ed_policy_info ed_host_info(const struct ed_room *room) {
  const struct ed_instance *instance = room->host;
  const struct ed_policy *policy = instance->home->program->policy;
  return (struct ed_policy_info){.policy = policy->name,
                                 .version = instance->home->program->version,
                                 .failures = instance->failures,
                                 .last_failure = instance->last_failure ? instance->last_failure : "",
                                 .failed_ms = instance->failed_ms,
                                 .load_failure = policy->load_failure ? policy->load_failure : "",
                                 .load_failed_ms = policy->load_failed_ms};
}

/* A room of its own in a hub of its own, so that nothing of it is seen. */
int ed_host_check(struct ed_host *host, const struct ed_space *space, const char *policy,
                  struct ed_script_error *error) {
  struct ed_policy *found = ed_policy_find(host, policy, error);
  if (!found) return -1;
  struct ed_hub hub;
  ed_hub_init(&hub, host->hub->timers, NULL, 1);
  struct ed_room *room = ed_room_new(&hub, space, ed_span_text("check"), policy);
  const struct ed_log *log = host->log;
  host->log = NULL; /* the caller says it */
  struct ed_instance *instance = ed_instance_new(found->current, room, true, error);
  host->log = log;
  if (instance) ed_instance_free(instance);
  ed_room_free(room);
  ed_hub_deinit(&hub);
  return instance ? 0 : -1;
}
