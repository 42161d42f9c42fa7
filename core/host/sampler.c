#include "host/sampler.h"

#include <stdio.h>
#include <utlist.h>

#include "codec/fault.h"
#include "host/policy.h"

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
  one(sink, EDDY_COUNTER, "eddy_conflated_messages_total", "Messages that slow members were not sent.",
      counts->conflated);
  ed_sink_family(sink, EDDY_COUNTER, "eddy_refusals_total", "What clients were refused, by reason.");
  for (int code = ED_FAULT_NONE + 1; code < ED_FAULT_COUNT; code++)
    ed_sink_add(sink, (double)counts->refusals[code], "reason=\"%s\"", ed_fault_name((enum ed_fault_code)code));
}

/* Calls and their time, by policy and by what was called; what never was is left out. */
static void calls(const struct ed_host *host, struct ed_sink *sink) {
  uint64_t ns[ED_CALL_KINDS] = {0};
  for (int time = 0; time < 2; time++) {
    ed_sink_family(sink, EDDY_COUNTER, time ? "eddy_policy_seconds_total" : "eddy_policy_calls_total",
                   time ? "Time spent in policies." : "Calls into policies.");
    for (const struct ed_policy *policy = host->policies; policy; policy = policy->hh.next)
      for (int kind = 0; kind < ED_CALL_KINDS; kind++) {
        const struct ed_meter *meter = &policy->meters[kind];
        if (!meter->calls) continue;
        ed_sink_add(sink, time ? (double)meter->ns / 1e9 : (double)meter->calls, "policy=\"%s\",stage=\"%s\"",
                    policy->name, ed_call_name((enum ed_call_kind)kind));
        if (time) ns[kind] += meter->ns;
      }
  }
  ed_sink_family(sink, EDDY_HISTOGRAM, "eddy_policy_call_seconds",
                 "Time of a call into a policy; where calls are short and many, one stands for others.");
  for (int kind = 0; kind < ED_CALL_KINDS; kind++) {
    char labels[32];
    snprintf(labels, sizeof labels, "stage=\"%s\"", ed_call_name((enum ed_call_kind)kind));
    ed_sink_add_histogram(sink, labels, ed_meter_bounds, host->took[kind].counts, ED_METER_BOUNDS,
                          (double)ns[kind] / 1e9);
  }
}

/* Names of policies need no escapes. */
static void by_policy(const struct ed_host *host, struct ed_sink *sink) {
  static const struct {
    size_t offset;
    const char *name, *help;
  } rows[] = {
      {offsetof(struct ed_policy, failures), "eddy_policy_errors_total", "Calls into policies that failed."},
      {offsetof(struct ed_policy, refusals), "eddy_policy_refusals_total", "What policies have refused."},
      {offsetof(struct ed_policy, reloads), "eddy_policy_reloads_total", "New versions of policies."},
      {offsetof(struct ed_policy, reload_failures), "eddy_policy_reload_errors_total",
       "New versions that did not load, or not for a room."},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ed_sink_family(sink, EDDY_COUNTER, rows[i].name, rows[i].help);
    for (const struct ed_policy *policy = host->policies; policy; policy = policy->hh.next)
      ed_sink_add(sink, (double)*(const uint64_t *)(const void *)((const char *)policy + rows[i].offset),
                  "policy=\"%s\"", policy->name);
  }
}

enum gauge { ROOMS, STATES, MEMORY };

/* What there is of each policy now, all its versions together. */
static void living(const struct ed_host *host, struct ed_sink *sink, enum gauge gauge) {
  static const char *const names[] = {"eddy_policy_rooms", "eddy_policy_states", "eddy_policy_memory_bytes"};
  static const char *const helps[] = {"Rooms that run a policy.", "Lua states.", "Memory that Lua states hold."};
  ed_sink_family(sink, EDDY_GAUGE, names[gauge], helps[gauge]);
  for (const struct ed_policy *policy = host->policies; policy; policy = policy->hh.next) {
    size_t value[] = {0, 0, 0};
    const struct ed_program *program;
    const struct ed_home *home;
    DL_FOREACH(policy->programs, program) DL_FOREACH(program->homes, home) {
      value[ROOMS] += home->count;
      value[STATES]++;
      value[MEMORY] += ed_vm_memory(home->vm);
    }
    ed_sink_add(sink, (double)value[gauge], "policy=\"%s\"", policy->name);
  }
}

void ed_sampler_policy(void *arg, struct ed_sink *sink) {
  const struct ed_sampler *sampler = arg;
  if (!sampler->host) return;
  calls(sampler->host, sink);
  by_policy(sampler->host, sink);
  for (int gauge = ROOMS; gauge <= MEMORY; gauge++) living(sampler->host, sink, (enum gauge)gauge);
}
