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

void ed_instance_failed(struct ed_instance *instance, const char *what, struct ed_span key,
                        const struct ed_script_error *error) {
  uint64_t now_ms = instance->host->hub->timers->now_ms;
  instance->failures++;
  instance->host->counts.failures++;
  bool same = instance->last_failure && strcmp(instance->last_failure, error->text) == 0;
  if (same && now_ms - instance->reported_ms < QUIET_MS) {
    instance->unreported++;
    return;
  }
  char again[64] = "";
  if (instance->unreported) snprintf(again, sizeof again, " (and %" PRIu64 " times since)", instance->unreported);
  ed_log(instance->host->log, ED_LOG_ERROR, "host", "policy %s, room %s, %s%s%.*s: %s%s",
         instance->home->program ? instance->home->program->policy->name : "?", instance->room->name, what,
         key.len ? ", key " : "", (int)(key.len > 100 ? 100 : key.len), key.len ? (const char *)key.at : "",
         error->text, again);
  instance->unreported = 0;
  instance->reported_ms = now_ms;
  if (same) return;
  free(instance->last_failure);
  instance->last_failure = ed_strdup(error->text);
}
