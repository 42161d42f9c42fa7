/* Rooms as text: a keeper's export and import, without a server around. */
#include <errno.h>
#include <stdio.h>

#include "host/plugin_private.h"

/* The keeper; NULL, with `why`, where there is none that can do it. */
static const struct ed_plugin_spec *keeper_of(const struct ed_plugin_spec *specs, size_t specs_len, char why[512]) {
  const struct ed_plugin_spec *keeper = NULL;
  for (size_t i = 0; i < specs_len; i++) {
    if (!specs[i].file->table.room_load) continue;
    if (keeper) {
      snprintf(why, 512, "the plugins %s and %s both keep rooms: there can be one only", keeper->file->table.name,
               specs[i].file->table.name);
      return NULL;
    }
    keeper = &specs[i];
  }
  if (!keeper)
    snprintf(why, 512, "no plugin that keeps rooms is configured (say -s plugins.sqlite.path=FILE)");
  else if (!keeper->file->table.transfer)
    snprintf(why, 512, "the plugin %s has no export and import", keeper->file->table.name);
  return keeper && keeper->file->table.transfer ? keeper : NULL;
}

int ed_plugins_transfer(const struct ed_plugin_spec *specs, size_t specs_len, const struct ed_log *log,
                        struct eddy_transfer *transfer) {
  const struct ed_plugin_spec *keeper = keeper_of(specs, specs_len, transfer->why);
  if (!keeper) return -ENOSYS;
  struct ed_plugins plugins = {.log = log}; /* all that `log` and the options look at */
  struct eddy_core core = {.plugins = &plugins, .spec = *keeper, .table = &keeper->file->table};
  transfer->size = sizeof *transfer;
  transfer->check = ed_plugin_message_check;
  int rc = core.table->transfer(&ed_plugin_host, &core, transfer);
  transfer->why[sizeof transfer->why - 1] = 0;
  return rc < 0 ? rc : 0;
}
