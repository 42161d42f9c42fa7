#include "main/server.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "host/host.h"
#include "main/plugins.h"
#include "main/policies.h"
#include "main/watch.h"
#include "net/net.h"

/* One line with every address; where any free port was asked for, the one that it has become. */
static void log_addresses(const struct ed_config *config, const struct ed_net *net, const struct ed_log *log) {
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
  ed_log(log, ED_LOG_INFO, "main", "eddyd " EDDY_VERSION " listens on %s", (const char *)text.at);
  ed_buf_deinit(&text);
}

static bool policy_known(void *arg, const char *name) { return ed_host_knows(*(struct ed_host **)arg, name); }

int ed_server_run(const struct ed_config *config, const struct ed_log *log) {
  struct ed_host *host = NULL;
  struct ed_plugged *plugged = NULL;
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
      .header_bytes = config->header_bytes,
      .upgrade_ms = config->upgrade_ms,
      .ping_interval_ms = config->ping_interval_ms,
      .ping_timeout_ms = config->ping_timeout_ms,
      .drain_ms = config->drain_ms,
      .policy_known = policy_known,
      .policy_arg = &host,
      .other_page = ed_plugged_page,
      .other_arg = &plugged,
  };
  struct ed_net *net;
  int rc = ed_net_open(&net, &options, log);
  if (rc) return rc;
  const struct ed_host_options policies = ed_policies_options(config);
  host = ed_host_new(&policies, ed_net_hub(net), log);
  struct ed_watch *watch = ed_watch_new(ed_net_loop(net), config->scripts, host, log);
  plugged = ed_plugged_new(config, net, host, log);
  if (plugged) {
    log_addresses(config, net, log);
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
  ed_log(log, ED_LOG_INFO, "main", "ended");
  return rc;
}
