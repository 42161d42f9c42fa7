/* The plugins of a running server: counters, and the way back to the loop for their threads. */
#ifndef ED_MAIN_PLUGINS_H
#define ED_MAIN_PLUGINS_H

#include "host/host.h"
#include "main/config.h"
#include "net/net.h"

struct ed_plugged;

/* Loads what the configuration asks for, in front of the gate that the hub of `net` has. `host` may be NULL. All
 * borrowed until ed_plugged_free. NULL where a plugin does not load; the reason is in the log. */
struct ed_plugged *ed_plugged_new(const struct ed_config *config, struct ed_net *net, struct ed_host *host,
                                  const struct ed_log *log);

/* Unloads them: after ed_net_empty, before ed_net_free. NULL: nothing. */
void ed_plugged_free(struct ed_plugged *plugged);

/* A page of a plugin; see ed_net_options.other_page. `arg` points to a pointer to the above, or to NULL. */
bool ed_plugged_page(void *arg, struct ed_plugin_page *page);

#endif
