/* One table of the configuration: which knobs may stand in it, and where they land. */
#ifndef ED_MAIN_SCOPE_H
#define ED_MAIN_SCOPE_H

#include "main/knobs.h"

struct ed_scope {     /* all borrowed */
  const char *prefix; /* of its knobs' names: "limits." */
  struct {
    enum ed_home home;
    void *at; /* NULL: there is no second one */
  } homes[2];
  const char *const *sections; /* names in it that are tables of their own; the caller sees to them */
  size_t sections_len;
};

/* Sets every knob that `table` gives a value; reports names that are neither knobs nor sections, with the nearest that
 * is, and a `table` that is none. */
void ed_scope_set(const struct ed_scope *scope, const struct ed_node *table, const struct ed_report *report);

#endif
