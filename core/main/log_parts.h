/* The parts of the daemon that the knob `log` may name. */
#ifndef ED_MAIN_LOG_PARTS_H
#define ED_MAIN_LOG_PARTS_H

#include "main/config.h"
#include "main/report.h"

/* Reports each part of config->log that is neither one of the daemon's nor a plugin that is configured or there to be.
 * `node`: the knob. */
void ed_log_parts_check(const struct ed_config *config, const struct ed_node *node, const struct ed_report *report);

#endif
