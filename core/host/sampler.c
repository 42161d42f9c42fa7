#include "host/sampler.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "codec/fault.h"

static void one(struct ed_sink *sink, enum eddy_counter_kind kind, const char *name, const char *help, uint64_t value) {
  ed_sink_family(sink, kind, name, help);
  ed_sink_add(sink, (double)value, "%s", "");
}

/* By action and namespace. The names of both need no escapes: see what namespaces may be called. */
static void traffic(const struct ed_hub *hub, struct ed_sink *sink, bool out) {
  static const char *const actions[] = {
      [ED_RELAY] = "relay", [ED_APPEND] = "append", [ED_REPLACE] = "replace", [ED_COMPACT] = "compact"};
  for (const struct ed_traffic *traffic = hub->traffic; traffic; traffic = traffic->next)
    for (int action = ED_RELAY; action <= ED_COMPACT; action++) {
      if (out && action == ED_COMPACT) continue; /* it is not broadcast */
      ed_sink_add(sink, (double)(out ? traffic->out : traffic->in)[action], "namespace=\"%s\",action=\"%s\"",
                  traffic->space->name, actions[action]);
    }
}

void ed_sampler_rooms(void *arg, struct ed_sink *sink) {
  const struct ed_hub *hub = ((const struct ed_sampler *)arg)->hub;
  const struct ed_hub_counts *counts = &hub->counts;
  one(sink, EDDY_GAUGE, "eddy_rooms", "Rooms in memory.", ed_hub_rooms(hub));
  one(sink, EDDY_COUNTER, "eddy_rooms_created_total", "Rooms created.", counts->created);
  one(sink, EDDY_COUNTER, "eddy_rooms_deleted_total", "Rooms deleted for good.", counts->removed);
  one(sink, EDDY_COUNTER, "eddy_rooms_loaded_total", "Rooms loaded from where they are kept.", counts->loads);
  one(sink, EDDY_COUNTER, "eddy_rooms_load_failures_total", "Rooms that could not be loaded.", counts->load_failures);
  one(sink, EDDY_COUNTER, "eddy_rooms_unloaded_total", "Rooms that left memory.", counts->unloads);
  one(sink, EDDY_GAUGE, "eddy_members", "Connections that are in rooms.", counts->members);
  ed_sink_family(sink, EDDY_COUNTER, "eddy_messages_in_total", "Pushes carried out.");
  traffic(hub, sink, false);
  ed_sink_family(sink, EDDY_COUNTER, "eddy_messages_out_total",
                 "Pushes broadcast, one for each member that hears them.");
  traffic(hub, sink, true);
  one(sink, EDDY_COUNTER, "eddy_sent_bytes_total", "Bytes sent to members.", counts->bytes_out);
  one(sink, EDDY_GAUGE, "eddy_queued_bytes", "Bytes waiting for members.", counts->queued);
  one(sink, EDDY_COUNTER, "eddy_slow_consumers_total", "Members closed as too much waited for them.", counts->slow);
  ed_sink_family(sink, EDDY_COUNTER, "eddy_refusals_total", "Errors that clients were told, by reason.");
  for (int code = ED_FAULT_NONE + 1; code < ED_FAULT_COUNT; code++)
    ed_sink_add(sink, (double)counts->refusals[code], "reason=\"%s\"", ed_fault_name((enum ed_fault_code)code));
}

void ed_sampler_policy(void *arg, struct ed_sink *sink) {
  const struct ed_sampler *sampler = arg;
  if (!sampler->host) return;
  struct ed_host_counts counts = ed_host_counts(sampler->host);
  one(sink, EDDY_COUNTER, "eddy_policy_calls_total", "Calls into policies.", counts.calls);
  one(sink, EDDY_COUNTER, "eddy_policy_errors_total", "Calls into policies that failed.", counts.failures);
  one(sink, EDDY_COUNTER, "eddy_policy_refusals_total", "What policies have refused.", counts.refusals);
  one(sink, EDDY_COUNTER, "eddy_policy_reloads_total", "New versions of policies.", counts.reloads);
  one(sink, EDDY_COUNTER, "eddy_policy_reload_errors_total", "New versions that did not load, or not for a room.",
      counts.reload_failures);
  one(sink, EDDY_GAUGE, "eddy_policies", "Policies known.", counts.policies);
  one(sink, EDDY_GAUGE, "eddy_policy_rooms", "Rooms that run a policy.", counts.instances);
  one(sink, EDDY_GAUGE, "eddy_policy_states", "Lua states.", counts.states);
}

static uint64_t resident_bytes(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  if (fscanf(file, "%*s %lu", &pages) != 1) pages = 0;
  fclose(file);
  return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_files(void) {
  DIR *folder = opendir("/proc/self/fd");
  if (!folder) return 0;
  uint64_t count = 0;
  while (readdir(folder)) count++;
  closedir(folder);
  return count - 3; /* itself, "." and ".." */
}

void ed_sampler_process(void *arg, struct ed_sink *sink) {
  (void)arg;
  ed_sink_family(sink, EDDY_GAUGE, "eddy_build_info", "Which version this is.");
  ed_sink_add(sink, 1, "version=\"%s\"", EDDY_VERSION);
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  ed_sink_family(sink, EDDY_COUNTER, "process_cpu_seconds_total", "Processor time used, in all threads.");
  ed_sink_add(sink, (double)used.tv_sec + (double)used.tv_nsec / 1e9, "%s", "");
  one(sink, EDDY_GAUGE, "process_resident_memory_bytes", "Memory in use.", resident_bytes());
  one(sink, EDDY_GAUGE, "process_open_fds", "Open files and sockets.", open_files());
}
