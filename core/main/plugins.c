#include "main/plugins.h"

#include <stdlib.h>
#include <uv.h>

#include "base/mem.h"
#include "host/plugin.h"
#include "host/sampler.h"

struct ed_plugged {
  uv_async_t wake; /* first: it is freed as the handle */
  struct ed_net *net;
  struct ed_host *host;
  struct ed_sampler sampler;
  struct ed_counters *counters;
  struct ed_plugins *plugins;
};

static void woken(uv_async_t *handle) {
  struct ed_plugged *plugged = handle->data;
  ed_plugins_work(plugged->plugins);
}

static void wake(void *arg) { uv_async_send(&((struct ed_plugged *)arg)->wake); } /* from any thread */

static void sample_net(void *arg, struct ed_sink *sink) {
  const struct ed_plugged *plugged = arg;
  struct ed_net_counts counts = ed_net_counts(plugged->net);
  ed_sink_family(sink, EDDY_GAUGE, "eddy_connections", "Connections, HTTP and WebSocket.");
  ed_sink_add(sink, (double)counts.connections, "%s", "");
  ed_sink_family(sink, EDDY_COUNTER, "eddy_connections_accepted_total", "Connections accepted.");
  ed_sink_add(sink, (double)counts.accepted, "%s", "");
  ed_sink_family(sink, EDDY_COUNTER, "eddy_received_bytes_total", "Bytes read from connections.");
  ed_sink_add(sink, (double)counts.bytes_in, "%s", "");
}

static struct ed_spaces spaces(void *arg) {
  struct ed_spaces all = {0};
  all.list = ed_net_spaces(((struct ed_plugged *)arg)->net, &all.len);
  return all;
}

struct ed_plugged *ed_plugged_new(const struct ed_config *config, struct ed_net *net, struct ed_host *host,
                                  const struct ed_log *log) {
  struct ed_plugged *plugged = ed_zalloc(sizeof *plugged);
  plugged->net = net;
  plugged->host = host;
  plugged->sampler = (struct ed_sampler){.hub = ed_net_hub(net), .host = host};
  plugged->counters = ed_counters_new();
  ed_counters_sampler(plugged->counters, ed_sampler_process, NULL);
  ed_counters_sampler(plugged->counters, sample_net, plugged);
  ed_counters_sampler(plugged->counters, ed_sampler_rooms, &plugged->sampler);
  ed_counters_sampler(plugged->counters, ed_sampler_policy, &plugged->sampler);
  uv_async_init(ed_net_loop(net), &plugged->wake, woken);
  plugged->wake.data = plugged;
  const struct ed_plugins_options options = {.specs = config->plugins,
                                             .specs_len = config->plugins_len,
                                             .hub = ed_net_hub(net),
                                             .log = log,
                                             .counters = plugged->counters,
                                             .spaces = spaces,
                                             .spaces_arg = plugged,
                                             .wake = wake,
                                             .wake_arg = plugged};
  if (config->plugins_len == 0 || ed_plugins_new(&plugged->plugins, &options) == 0) return plugged;
  ed_plugged_free(plugged);
  return NULL;
}

static void closed(uv_handle_t *handle) { free(handle); }

void ed_plugged_free(struct ed_plugged *plugged) {
  if (!plugged) return;
  ed_plugins_free(plugged->plugins);
  plugged->plugins = NULL;
  ed_counters_free(plugged->counters);
  uv_close((uv_handle_t *)&plugged->wake, closed); /* in the loop's last round */
}

bool ed_plugged_page(void *arg, struct ed_plugin_page *page) {
  struct ed_plugged *plugged = *(struct ed_plugged **)arg;
  return plugged && plugged->plugins && ed_plugins_page(plugged->plugins, page);
}
