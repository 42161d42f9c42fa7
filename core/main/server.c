#include "main/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "base/mem.h"
#include "host/host.h"
#include "main/ctl/place.h"
#include "main/plugins.h"
#include "main/policies.h"
#include "main/watch.h"
#include "net/net.h"

/* One line with every address; where any free port was asked for, the one that it has become. */
static void log_addresses(const struct ed_config *config, const char *admin, const struct ed_net *net,
                          const struct ed_log *log) {
  struct ed_buf text = {0};
  const struct ed_texts *plain = &config->listen, *tls = &config->tls.listen;
  for (size_t i = 0; i < plain->len + tls->len; i++) {
    const char *address = i < plain->len ? plain->list[i] : tls->list[i - plain->len], *colon = strrchr(address, ':');
    unsigned port = ed_net_port(net, i);
    if (i) ed_buf_add_text(&text, ", ");
    if (i >= plain->len) ed_buf_add_text(&text, "TLS ");
    if (port && colon)
      ed_buf_printf(&text, "%.*s:%u", (int)(colon - address), address, port);
    else
      ed_buf_add_text(&text, address);
  }
  ed_buf_add_byte(&text, 0);
  if (ed_net_has_admin(net)) {
    unsigned port = ed_net_port(net, config->listen.len);
    ed_log(log, ED_LOG_INFO, "main", port ? "admin interface on %.*s:%u" : "admin interface on %.*s",
           (int)(port ? strrchr(admin, ':') - admin : (ptrdiff_t)strlen(admin)), admin, port);
  }
  ed_log(log, ED_LOG_INFO, "main", "eddyd " EDDY_VERSION " listens on %s", (const char *)text.at);
  ed_buf_deinit(&text);
}

static bool policy_known(void *arg, const char *name) { return ed_host_knows(*(struct ed_host **)arg, name); }

/* ---- what the admin interface asks for ---- */

struct server {
  struct ed_log *log;
  struct ed_host *host;
  struct ed_admin *admin;
  const char **plugins;          /* names; owned, the names borrowed */
  char socket[ED_PLACE_MAX + 5]; /* "unix:PATH", where it is "auto" */
};

static int reload(void *arg, struct ed_buf *said) {
  struct server *server = arg;
  struct ed_host_counts before = ed_host_counts(server->host);
  ed_host_changed(server->host, NULL);
  struct ed_host_counts after = ed_host_counts(server->host);
  uint64_t failed = after.reload_failures - before.reload_failures;
  ed_buf_printf(said, "policies: %llu loaded anew", (unsigned long long)(after.reloads - before.reloads));
  if (failed) ed_buf_printf(said, ", %llu do not load: the log says why", (unsigned long long)failed);
  return failed ? -1 : 0;
}

static void set_log(void *arg, enum ed_log_level level) { ((struct server *)arg)->log->level = level; }

static const struct ed_admin_ops admin_ops = {.reload = reload, .set_log = set_log};

/* Where it is to listen; NULL: nowhere. */
static const char *admin_address(const struct ed_config *config, struct server *server) {
  char path[ED_PLACE_MAX];
  if (strcmp(config->admin_listen, "off") == 0) return NULL;
  if (strcmp(config->admin_listen, "auto") != 0) return config->admin_listen;
  if (!ed_place_make(path)) {
    ed_log(server->log, ED_LOG_INFO, "main",
           "no admin interface: there is no runtime folder for its socket; "
           "admin.listen may name a place");
    return NULL;
  }
  snprintf(server->socket, sizeof server->socket, "unix:%s", path);
  return server->socket;
}

static void begin_admin(const struct ed_config *config, struct server *server) {
  server->plugins = ed_alloc((config->plugins_len + 1) * sizeof *server->plugins);
  for (size_t i = 0; i < config->plugins_len; i++) server->plugins[i] = ed_plugin_file_name(config->plugins[i].file);
  const struct ed_admin_options options = {.key = config->admin_key,
                                           .log = server->log,
                                           .spaces = config->spaces,
                                           .spaces_len = config->spaces_len,
                                           .plugins = server->plugins,
                                           .plugins_len = config->plugins_len,
                                           .connections = config->connections,
                                           .ops = &admin_ops,
                                           .arg = server};
  server->admin = ed_admin_new(&options);
}

static void end_admin(struct server *server) {
  ed_admin_free(server->admin);
  free(server->plugins);
}

int ed_server_run(const struct ed_config *config, struct ed_log *log) {
  struct server server = {.log = log};
  struct ed_host *host = NULL;
  struct ed_plugged *plugged = NULL;
  begin_admin(config, &server);
  const char *admin = admin_address(config, &server);
  const struct ed_net_options options = {
      .listen = config->listen.list,
      .listen_len = config->listen.len,
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
      .policy_known = policy_known,
      .policy_arg = &host,
      .other_page = ed_plugged_page,
      .other_arg = &plugged,
      .admin = ed_admin_table(server.admin),
      .admin_listen = admin,
      .admin_may_fail = admin == server.socket,
      .admin_public = config->admin_public,
  };
  struct ed_net *net;
  int rc = ed_net_open(&net, &options, log);
  if (rc) {
    end_admin(&server);
    return rc;
  }
  const struct ed_host_options policies = ed_policies_options(config);
  host = server.host = ed_host_new(&policies, ed_net_hub(net), log);
  ed_admin_attach(server.admin, net, host);
  struct ed_watch *watch = ed_watch_new(ed_net_loop(net), config->scripts, host, log);
  plugged = ed_plugged_new(config, net, host, log);
  if (plugged) {
    log_addresses(config, admin, net, log);
    rc = ed_net_run(net);
  } else {
    rc = -EINVAL;
  }
  ed_watch_free(watch);
  ed_net_empty(net); /* the rooms end while host and plugins are still there for them */
  ed_plugged_free(plugged);
  plugged = NULL;
  ed_host_free(host);
  ed_net_free(net);
  end_admin(&server);
  ed_log(log, ED_LOG_INFO, "main", "ended");
  return rc;
}
