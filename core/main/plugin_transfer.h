/* eddyd --export and --import: rooms out of what the configuration's keeper keeps, and into it. */
#ifndef ED_MAIN_PLUGIN_TRANSFER_H
#define ED_MAIN_PLUGIN_TRANSFER_H

#include "main/cli.h"
#include "main/config.h"

/* Exports to stdout, or imports and says on stdout how much that was. The exit status: 0, or what `eddyd --help` says,
 * after a line on stderr. */
int ed_plugin_transfer(const struct ed_config *config, const struct ed_cli *cli);

#endif
