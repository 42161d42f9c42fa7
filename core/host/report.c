#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "host/policy.h"

/* The same failure again within this time is counted, not told. */
#define QUIET_MS 10000

void ed_instance_log(struct ed_instance *instance, const char *line) {
  ed_log(instance->host->log, ED_LOG_INFO, "policy", "policy %s, room %s: %s", instance->home->program->policy->name,
         instance->room->name, line);
}

/* Nor are more than so many failures of one policy told within that time, whatever they say and whichever the room. */
#define TOLD_MAX 20

static bool too_much(struct ed_policy *policy, uint64_t now_ms) {
  if (now_ms - policy->told_since_ms >= QUIET_MS) {
    policy->told_since_ms = now_ms;
    policy->told = 0;
  }
  if (policy->told < TOLD_MAX) {
    policy->told++;
    return false;
  }
  policy->untold++;
  return true;
}

void ed_instance_remember(struct ed_instance *instance, const char *text) {
  instance->failures++;
  instance->failed_ms = instance->host->hub->timers->now_ms;
  if (instance->last_failure && strcmp(instance->last_failure, text) == 0) return;
  free(instance->last_failure);
  instance->last_failure = ed_strdup(text);
  instance->told = false;
}

void ed_instance_failed(struct ed_instance *instance, enum ed_call_kind kind, struct ed_span key,
                        const struct ed_script_error *error) {
  uint64_t now_ms = instance->host->hub->timers->now_ms;
  struct ed_policy *policy = ed_policy_of(instance);
  ed_instance_remember(instance, error->text);
  policy->failures++;
  instance->host->counts.failures++;
  if (instance->told && now_ms - instance->reported_ms < QUIET_MS) {
    instance->unreported++;
    return;
  }
  if (too_much(policy, now_ms)) return;
  char again[64] = "";
  if (instance->unreported) snprintf(again, sizeof again, " (and %" PRIu64 " times since)", instance->unreported);
  if (policy->untold) {
    ed_log(instance->host->log, ED_LOG_ERROR, "host", "policy %s: %" PRIu64 " more failures were not told",
           policy->name, policy->untold);
    policy->untold = 0;
  }
  ed_log(instance->host->log, ED_LOG_ERROR, "host", "policy %s, room %s, %s%s%.*s: %s%s", policy->name,
         instance->room->name, ed_call_name(kind), key.len ? ", key " : "", (int)(key.len > 100 ? 100 : key.len),
         key.len ? (const char *)key.at : "", error->text, again);
  instance->unreported = 0;
  instance->reported_ms = now_ms;
  instance->told = true;
}
