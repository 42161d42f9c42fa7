/* The plugins of a configuration: their files are opened, as they say which options there are, and these are checked.
 */
#ifndef ED_MAIN_PLUGIN_OPTIONS_H
#define ED_MAIN_PLUGIN_OPTIONS_H

#include "main/config.h"
#include "main/report.h"
#include "main/tree.h"

/* Fills config->plugins from the table `plugins`, in the order of the file. */
void ed_plugin_options_set(struct ed_config *config, const struct ed_node *plugins, const struct ed_report *report);
void ed_plugin_options_release(struct ed_config *config);

#endif
