#include "main/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "admin/admin.h"
#include "base/mem.h"
#include "base/repeats.h"
#include "base/timer.h"
#include "host/host.h"
#include "main/ctl/place.h"
#include "main/notify.h"
#include "main/plugins.h"
#include "main/policies.h"
#include "main/reload.h"
#include "main/watch.h"
#include "net/net.h"
#include "room/hub.h"

#define TICK_MS 1000

struct ed_server {
  struct ed_config *config; /* the caller's */
  const struct ed_server_options *options;
  struct ed_log log;
  struct ed_net *net;
  struct ed_host *host;
  struct ed_plugged *plugged;
  struct ed_watch *watch;
  struct ed_admin *admin;
  const char **plugins;                /* their names, for it; owned, the names borrowed */
  char admin_socket[ED_PLACE_MAX + 5]; /* "unix:PATH", where admin.listen is "auto" */
  const char *admin_listen;            /* NULL: nowhere */
  struct ed_notify notify;
  uint64_t connections_most; /* limits.connections as it was at first */
  int sockets[ED_NOTIFY_SOCKETS_MAX];
  size_t sockets_len;
  uv_signal_t hangup;
  struct ed_timer tick;
  uint64_t tick_ms;
  bool draining;
};

static bool policy_known(void *arg, const char *name) { return ed_host_knows(*(struct ed_host **)arg, name); }

/* How long systemd has to wait: the drain, its goodbyes, and what a slow disk may take. */
static void drain_began(void *arg) {
  struct ed_server *server = arg;
  server->draining = true;
  ed_notify_say(&server->notify, "STOPPING=1\nSTATUS=sending everybody away\nEXTEND_TIMEOUT_USEC=%llu",
                (unsigned long long)(server->config->drain_ms + 30000) * 1000);
}

static struct ed_net_options net_options(struct ed_server *server) {
  const struct ed_config *config = server->config;
  return (struct ed_net_options){
      .listen = config->listen.list,
      .listen_len = config->listen.len,
      .sockets = server->sockets,
      .sockets_len = server->sockets_len,
      .tls_listen = config->tls.listen.list,
      .tls_listen_len = config->tls.listen.len,
      .tls_certificate = config->tls.certificate,
      .tls_key = config->tls.key,
      .spaces = config->spaces,
      .spaces_len = config->spaces_len,
      .public_url = config->public_url,
      .proxies = config->proxies.list,
      .proxies_len = config->proxies.len,
      .connections = config->connections,
      .rooms = config->rooms,
      .callers = config->callers,
      .header_bytes = config->header_bytes,
      .upgrade_ms = config->upgrade_ms,
      .ping_interval_ms = config->ping_interval_ms,
      .ping_timeout_ms = config->ping_timeout_ms,
      .drain_ms = config->drain_ms,
      .draining = drain_began,
      .draining_arg = server,
      .policy_known = policy_known,
      .policy_arg = &server->host,
      .other_page = ed_plugged_page,
      .other_arg = &server->plugged,
      .admin = ed_admin_table(server->admin),
      .admin_listen = server->admin_listen,
      .admin_may_fail = server->admin_listen == server->admin_socket,
      .admin_public = config->admin_public,
      .admin_origins = &config->admin_origins,
  };
}

/* ---- the admin interface ---- */

static int admin_reload(void *arg, struct ed_buf *said) { return ed_server_reload(arg, said); }
static void admin_set_log(void *arg, enum ed_log_level level) { ((struct ed_server *)arg)->log.level = level; }
static const struct ed_admin_ops admin_ops = {.reload = admin_reload, .set_log = admin_set_log};

/* Where it is to listen; NULL: nowhere. */
static const char *admin_address(struct ed_server *server) {
  const char *listen = server->config->admin_listen;
  char path[ED_PLACE_MAX];
  if (strcmp(listen, "off") == 0) return NULL;
  if (strcmp(listen, "auto") != 0) return listen;
  if (!ed_place_make(path)) {
    ed_log(&server->log, ED_LOG_INFO, "main",
           "no admin interface: there is no runtime folder for its socket; admin.listen may name a place");
    return NULL;
  }
  snprintf(server->admin_socket, sizeof server->admin_socket, "unix:%s", path);
  return server->admin_socket;
}

static struct ed_admin_options admin_options(struct ed_server *server) {
  const struct ed_config *config = server->config;
  return (struct ed_admin_options){.key = config->admin_key,
                                   .log = &server->log,
                                   .spaces = config->spaces,
                                   .spaces_len = config->spaces_len,
                                   .plugins = server->plugins,
                                   .plugins_len = config->plugins_len,
                                   .connections = config->connections,
                                   .ops = &admin_ops,
                                   .arg = server};
}

static void begin_admin(struct ed_server *server) {
  const struct ed_config *config = server->config;
  server->plugins = ed_alloc((config->plugins_len + 1) * sizeof *server->plugins);
  for (size_t i = 0; i < config->plugins_len; i++) server->plugins[i] = ed_plugin_file_name(config->plugins[i].file);
  const struct ed_admin_options options = admin_options(server);
  server->admin = ed_admin_new(&options);
  server->admin_listen = admin_address(server);
}

static void end_admin(struct ed_server *server) {
  ed_admin_free(server->admin);
  free(server->plugins);
}

/* ---- the log ---- */

/* The level where the configuration has another than `before` (NULL: there was none): else one that an operator has set
 * since stays. */
static void set_log(struct ed_server *server, const struct ed_config *before) {
  const struct ed_config *config = server->config;
  if (!before || before->log.all != config->log.all) server->log.level = config->log.all;
  server->log.parts = config->log.parts;
  server->log.parts_len = config->log.parts_len;
  server->log.format = config->log_format;
}

static int open_log(struct ed_server *server, const char *path) {
  int rc = ed_process_log_to(server->options->process, path);
  if (rc < 0) ed_log(&server->log, ED_LOG_ERROR, "main", "log_file %s cannot be opened: %s", path, strerror(errno));
  return rc;
}

/* One line with every address; where any free port was asked for, the one that it has become. */
static void log_addresses(const struct ed_server *server) {
  struct ed_buf text = {0};
  char address[160];
  for (size_t i = 0; i < ed_net_address(server->net, i, address); i++)
    ed_buf_printf(&text, "%s%s", i ? ", " : "", address);
  ed_buf_add_byte(&text, 0);
  if (ed_net_has_admin(server->net)) {
    ed_net_address(server->net, ed_net_address(server->net, 0, address), address);
    ed_log(&server->log, ED_LOG_INFO, "main", "admin interface on %s", address);
  }
  ed_log(&server->log, ED_LOG_INFO, "main", "eddyd " EDDY_VERSION " listens on %s", (const char *)text.at);
  ed_notify_say(&server->notify, "READY=1\nMAINPID=%ld\nSTATUS=listens on %.400s", (long)getpid(),
                (const char *)text.at);
  ed_buf_deinit(&text);
}

/* ---- again ---- */

/* To the log, and to who asked. */
static void tell(struct ed_server *server, struct ed_buf *said, enum ed_log_level level, const char *line,
                 const char *more) {
  ed_log(&server->log, level, "main", "%s%s", line, more);
  ed_buf_printf(said, "%s%s%s", said->len ? "\n" : "", line, more);
}

static int refuse(struct ed_server *server, const struct ed_problems *problems, struct ed_buf *said) {
  for (size_t i = 0; i < problems->len; i++) {
    const struct ed_problem *problem = &problems->list[i];
    struct ed_buf line = {0};
    ed_buf_add_text(&line, problem->place);
    if (problem->line) ed_buf_printf(&line, ":%d", problem->line);
    ed_buf_printf(&line, ": %s", problem->text);
    ed_buf_add_byte(&line, 0);
    tell(server, said, ED_LOG_ERROR, (const char *)line.at, "");
    ed_buf_deinit(&line);
  }
  tell(server, said, ED_LOG_ERROR, "the configuration was not taken: all stays as it was", "");
  return -1;
}

/* Net, rooms and policies go on with what is in server->config now. */
static void go_over(struct ed_server *server, const struct ed_reload *reload) {
  const struct ed_net_options net = net_options(server);
  const struct ed_host_options policies = ed_policies_options(server->config);
  const struct ed_admin_options admin = admin_options(server);
  ed_net_change(server->net, &net);
  ed_admin_change(server->admin, &admin);
  ed_host_limit(server->host, &policies);
  for (size_t i = 0; i < reload->spaces_len; i++) {
    const struct ed_reloaded_space *changed = &reload->spaces[i];
    ed_hub_space_changed(ed_net_hub(server->net), changed->space, changed->idle_ms);
    if (changed->knobs) ed_host_knobs_changed(server->host, changed->space);
  }
}

static void take(struct ed_server *server, struct ed_config *fresh, struct ed_buf *said) {
  struct ed_reload reload = {0};
  struct ed_config *old = server->config;
  ed_reload_merge(fresh, old, &reload);
  server->config = fresh;
  set_log(server, old);
  go_over(server, &reload);
  ed_config_free(old);
  for (size_t i = 0; i < reload.changed.len; i++) tell(server, said, ED_LOG_INFO, reload.changed.list[i], "");
  for (size_t i = 0; i < reload.restart.len; i++)
    tell(server, said, ED_LOG_WARN, reload.restart.list[i], " (after a restart)");
  if (fresh->connections > server->connections_most)
    tell(server, said, ED_LOG_WARN, "limits.connections rises above what it was at first", " (after a restart)");
  char line[100];
  snprintf(line, sizeof line, "configuration loaded again: %zu changed, %zu wait for a restart", reload.changed.len,
           reload.restart.len);
  tell(server, said, ED_LOG_INFO, line, "");
  ed_reload_deinit(&reload);
}

int ed_server_check(const struct ed_config *config, struct ed_problems *problems) {
  char why[256];
  int rc = ed_policies_check(config, problems);
  if (!config->tls.listen.len || ed_net_check_tls(config->tls.certificate, config->tls.key, why) == 0) return rc;
  ed_problems_add(problems, "tls", 0, "%s", why);
  return -EINVAL;
}

/* Scripts are watched, but not every file system tells. */
static int reload_policies(struct ed_server *server, struct ed_buf *said) {
  struct ed_host_counts before = ed_host_counts(server->host);
  ed_host_changed(server->host, NULL);
  struct ed_host_counts after = ed_host_counts(server->host);
  uint64_t failed = after.reload_failures - before.reload_failures;
  ed_buf_printf(said, "%spolicies: %llu loaded anew", said->len ? "\n" : "",
                (unsigned long long)(after.reloads - before.reloads));
  if (failed) ed_buf_printf(said, ", %llu do not load: the log says why", (unsigned long long)failed);
  return failed ? -1 : 0;
}

int ed_server_reload(struct ed_server *server, struct ed_buf *said) {
  if (server->draining) return tell(server, said, ED_LOG_WARN, "it is shutting down: nothing is loaded again", ""), -1;
  struct ed_config *fresh = NULL;
  struct ed_problems problems = {0};
  ed_notify_say(&server->notify, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)ed_notify_clock_us());
  int rc = ed_config_load(&fresh, server->options->config, &problems);
  if (rc == 0) rc = ed_server_check(fresh, &problems); /* files may have changed where their names have not */
  if (rc == 0) {
    take(server, fresh, said);
  } else {
    rc = refuse(server, &problems, said);
    ed_config_free(fresh);
  }
  if (reload_policies(server, said) != 0) rc = -1;
  open_log(server, server->config->log_file); /* anew in any case: it may have been moved away */
  ed_problems_deinit(&problems);
  ed_notify_say(&server->notify, "READY=1\nSTATUS=configuration %s",
                rc ? "not taken again: see the log" : "taken again");
  return rc;
}

static void on_hangup(uv_signal_t *handle, int number) {
  (void)number;
  struct ed_buf said = {0};
  ed_server_reload(handle->data, &said);
  ed_buf_deinit(&said);
}

/* ---- begin and end ---- */

static void tick(struct ed_timer *timer) {
  struct ed_server *server = (struct ed_server *)(void *)((char *)timer - offsetof(struct ed_server, tick));
  ed_log_tick(&server->log, false);
  if (server->notify.watchdog_ms) ed_notify_say(&server->notify, "WATCHDOG=1");
  ed_timer_start(ed_net_timers(server->net), timer, server->tick_ms, tick);
}

static int begin(struct ed_server *server) {
  const struct ed_host_options policies = ed_policies_options(server->config);
  server->host = ed_host_new(&policies, ed_net_hub(server->net), &server->log);
  ed_admin_attach(server->admin, server->net, server->host);
  server->watch = ed_watch_new(ed_net_loop(server->net), server->config->scripts, server->host, &server->log);
  server->plugged = ed_plugged_new(server->config, server->net, server->host, &server->log);
  uv_signal_init(ed_net_loop(server->net), &server->hangup);
  server->hangup.data = server;
  if (!server->plugged) return -EINVAL;
  uv_signal_start(&server->hangup, on_hangup, SIGHUP);
  if (open_log(server, server->config->log_file) != 0) return -EINVAL;
  uint64_t half_ms = server->notify.watchdog_ms / 2;
  server->tick_ms = half_ms && half_ms < TICK_MS ? half_ms : TICK_MS;
  tick(&server->tick);
  log_addresses(server);
  ed_process_ready(server->options->process);
  return 0;
}

/* The rooms end while host and plugins are still there for them. */
static void end(struct ed_server *server) {
  uv_close((uv_handle_t *)&server->hangup, NULL); /* in the loop's last round */
  signal(SIGHUP, SIG_IGN); /* that has made it deadly again, while rooms may still wait to be written */
  ed_timer_stop(ed_net_timers(server->net), &server->tick);
  ed_watch_free(server->watch);
  ed_net_empty(server->net);
  ed_plugged_free(server->plugged);
  server->plugged = NULL;
  ed_host_free(server->host);
  ed_net_free(server->net);
}

int ed_server_run(struct ed_config **config, const struct ed_server_options *options) {
  struct ed_server *server = &(struct ed_server){.config = *config, .options = options, .log = {.out = stderr}};
  server->log.repeats = ed_repeats_new();
  server->connections_most = (*config)->connections;
  set_log(server, NULL);
  ed_notify_open(&server->notify);
  server->sockets_len = ed_notify_sockets(server->sockets);
  begin_admin(server);
  const struct ed_net_options net = net_options(server);
  int rc = ed_net_open(&server->net, &net, &server->log);
  if (rc == 0) {
    rc = begin(server);
    if (rc == 0) rc = ed_net_run(server->net);
    end(server);
    ed_log(&server->log, ED_LOG_INFO, "main", "ended");
  }
  end_admin(server);
  ed_log_tick(&server->log, true);
  ed_notify_close(&server->notify);
  ed_repeats_free(server->log.repeats);
  *config = server->config;
  return rc;
}
