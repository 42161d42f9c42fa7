/* Calls about the server as a whole. */
#include <stdlib.h>
#include <unistd.h>

#include "admin/call.h"
#include "codec/utf8.h"
#include "host/host.h"

static uint64_t resident_bytes(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  if (fscanf(file, "%*s %lu", &pages) != 1) pages = 0;
  fclose(file);
  return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void print_traffic(struct ed_buf *out, const struct ed_traffic *traffic, const struct ed_space *space) {
  uint64_t in = 0, sent = 0;
  for (; traffic; traffic = traffic->next)
    for (int action = 0; action < 4 && (!space || traffic->space == space); action++) {
      in += traffic->in[action];
      sent += traffic->out[action];
    }
  ed_print_count(out, "messages_in", in);
  ed_print_count(out, "messages_out", sent);
}

static void print_spaces(struct ed_buf *out, const struct ed_admin *admin) {
  ed_print_open(out, "namespaces", '[');
  for (size_t i = 0; i < admin->options.spaces_len; i++) {
    const struct ed_space *space = admin->options.spaces[i];
    ed_print_open(out, NULL, '{');
    ed_print_text(out, "name", space->name);
    ed_print_text(out, "policy", space->policy);
    print_traffic(out, admin->hub->traffic, space);
    ed_print_close(out, '}');
  }
  ed_print_close(out, ']');
}

static void print_policies(struct ed_buf *out, const struct ed_host *host) {
  struct ed_host_counts counts = ed_host_counts(host);
  ed_print_open(out, "policies", '{');
  ed_print_count(out, "loaded", counts.policies);
  ed_print_count(out, "calls", counts.calls);
  ed_print_count(out, "failures", counts.failures);
  ed_print_count(out, "reloads", counts.reloads);
  ed_print_count(out, "reload_failures", counts.reload_failures);
  ed_print_close(out, '}');
}

static const char *state_name(enum ed_net_state state) {
  return state == ED_NET_SERVING ? "serving" : state == ED_NET_DRAINING ? "draining" : "closing";
}

void ed_admin_status(struct ed_admin_call *call) {
  const struct ed_admin *admin = call->admin;
  const struct ed_hub_counts *hub = &admin->hub->counts;
  struct ed_net_counts net = ed_net_counts(admin->net);
  const struct ed_timers *timers = admin->hub->timers;
  struct ed_buf *out = &call->page->answer;
  ed_print_open(out, NULL, '{');
  ed_print_text(out, "version", EDDY_VERSION);
  ed_print_count(out, "pid", (uint64_t)getpid());
  ed_print_text(out, "state", state_name(ed_net_state(admin->net)));
  ed_print_count(out, "uptime_ms", timers->now_ms - admin->since_ms);
  ed_print_time(out, "time_ms", ed_timers_wall(timers));
  ed_print_text(out, "log", ed_log_level_name(admin->options.log->level));
  ed_print_count(out, "memory_bytes", resident_bytes());
  ed_print_count(out, "connections", net.connections);
  ed_print_count(out, "connections_max", admin->options.connections);
  ed_print_count(out, "accepted", net.accepted);
  ed_print_count(out, "rooms", ed_hub_rooms(admin->hub));
  ed_print_count(out, "rooms_max", admin->hub->rooms_max);
  ed_print_count(out, "members", hub->members);
  ed_print_count(out, "queued_bytes", hub->queued);
  ed_print_count(out, "slow", hub->slow);
  ed_print_count(out, "conflated", hub->conflated);
  ed_print_count(out, "bytes_in", net.bytes_in);
  ed_print_count(out, "bytes_out", hub->bytes_out);
  print_traffic(out, admin->hub->traffic, NULL);
  if (admin->host) print_policies(out, admin->host);
  print_spaces(out, admin);
  ed_print_open(out, "plugins", '[');
  for (size_t i = 0; i < admin->options.plugins_len; i++) ed_print_text(out, NULL, admin->options.plugins[i]);
  ed_print_close(out, ']');
  ed_print_close(out, '}');
}

void ed_admin_reload(struct ed_admin_call *call) {
  const struct ed_admin_options *options = &call->admin->options;
  struct ed_buf said = {0};
  bool fine = options->ops->reload(options->arg, &said) == 0;
  for (const uint8_t *bad; (bad = ed_utf8_check(ed_buf_span(&said)));) said.at[bad - said.at] = '?';
  struct ed_buf *out = &call->page->answer;
  if (!fine) call->page->status = 409;
  ed_print_open(out, NULL, '{');
  ed_print_span(out, fine ? "said" : "error", ed_buf_span(&said));
  ed_print_close(out, '}');
  ed_buf_deinit(&said);
}

void ed_admin_log(struct ed_admin_call *call) {
  const struct ed_admin_options *options = &call->admin->options;
  struct ed_span name;
  enum ed_log_level level;
  json_t *body = ed_admin_body(call, "level");
  if (body && ed_admin_text(call, body, "level", &name)) {
    if (ed_log_level_parse((const char *)name.at, &level) == 0) {
      options->ops->set_log(options->arg, level);
      ed_print_open(&call->page->answer, NULL, '{');
      ed_print_text(&call->page->answer, "log", ed_log_level_name(level));
      ed_print_close(&call->page->answer, '}');
    } else {
      ed_admin_fail(call, 400, "a log level is error, warn, info or debug");
    }
  }
  json_decref(body);
}

/* As SIGTERM does. */
void ed_admin_drain(struct ed_admin_call *call) {
  const struct ed_admin *admin = call->admin;
  struct ed_buf *out = &call->page->answer;
  if (ed_net_state(admin->net) != ED_NET_SERVING) {
    ed_admin_fail(call, 409, "it is draining already");
    return;
  }
  ed_net_drain(admin->net);
  ed_print_open(out, NULL, '{');
  ed_print_text(out, "state", state_name(ed_net_state(admin->net)));
  ed_print_count(out, "members", admin->hub->counts.members);
  ed_print_close(out, '}');
}
