/* Lists that the server gives page by page; for the files of this folder. */
#ifndef ED_MAIN_CTL_LIST_H
#define ED_MAIN_CTL_LIST_H

#include "main/ctl/ctl.h"

struct ed_ctl_list {
  struct ed_buf path;  /* of the first page; owned, released by ed_ctl_list */
  const char *items;   /* the member that is the array */
  const char *goes_on; /* the argument that "next" of a page is given back in */
  const char *name;    /* of an item: what --names prints; NULL: that is not for it */
  void (*print)(const struct ed_ctl *ctl, struct ed_span item);
  const char *heading; /* above the first one; NULL: none */
};

/* Prints all, or --limit of them: one JSON object in each line with --json. An exit status. */
int ed_ctl_list(const struct ed_ctl *ctl, struct ed_ctl_list *list);

#endif
