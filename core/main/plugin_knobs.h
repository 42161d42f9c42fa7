/* The options of plugins, for `eddyd --knobs`: made from the plugins' own tables. */
#ifndef ED_MAIN_PLUGIN_KNOBS_H
#define ED_MAIN_PLUGIN_KNOBS_H

#include <stdio.h>

/* Of every plugin in `folder`; NULL: where plugins are looked for without the knob plugin_path. What cannot be opened
 * is listed with the reason. */
void ed_plugin_knobs_print(FILE *out, const char *folder);

#endif
