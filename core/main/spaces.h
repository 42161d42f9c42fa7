/* The namespaces of a configuration. */
#ifndef ED_MAIN_SPACES_H
#define ED_MAIN_SPACES_H

#include "main/config.h"
#include "main/report.h"
#include "main/tree.h"

/* Fills config->spaces from the table of namespaces (NULL: there is none), "default" always and first. The limits of
 * `config` are what each begins with. */
void ed_spaces_set(struct ed_config *config, const struct ed_node *namespaces, const struct ed_report *report);
void ed_spaces_release(struct ed_config *config);

#endif
