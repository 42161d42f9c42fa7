/* A problem of one value of a configuration, told with its name and its place. */
#ifndef ED_MAIN_REPORT_H
#define ED_MAIN_REPORT_H

#include "main/lines.h"
#include "main/problems.h"
#include "main/tree.h"

struct ed_report {              /* all borrowed */
  const char *file;             /* as problems name it */
  const struct ed_lines *lines; /* of the file */
  struct ed_problems *problems; /* added to */
};

/* "etc/eddy.lua:12: limits.depth: ..."; for a value that the command line has set, its option stands for the file. */
void ed_report(const struct ed_report *report, const struct ed_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "...: unknown name limits.depht; did you mean limits.depth?": `near` is what was meant, whole, or NULL. */
void ed_report_unknown(const struct ed_report *report, const struct ed_node *node, const char *near);

#endif
