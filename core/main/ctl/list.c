#include "main/ctl/list.h"

#include <errno.h>
#include <stdlib.h>

#include "main/ctl/view.h"

static void print_item(const struct ed_ctl *ctl, const struct ed_ctl_list *list, struct ed_span item) {
  if (ctl->json) {
    ed_ctl_put(stdout, item, 0);
    putchar('\n');
  } else if (ctl->names && list->name) {
    ed_ctl_put_value(stdout, ed_view_member(item, list->name), 0);
    putchar('\n');
  } else {
    list->print(ctl, item);
  }
}

static void add_limit(struct ed_buf *path, unsigned long left) {
  char text[24];
  snprintf(text, sizeof text, "%lu", left < 1000 ? left : 1000);
  ed_ctl_arg(path, "limit", ed_span_text(text));
}

/* A page; `next` says which, and gets how it goes on, or nothing. */
static int print_page(const struct ed_ctl *ctl, const struct ed_ctl_list *list, unsigned long *left,
                      struct ed_buf *next) {
  bool first = !next->len;
  struct ed_buf path = {0}, answer = {0};
  ed_buf_add_span(&path, ed_buf_span(&list->path));
  add_limit(&path, *left);
  if (next->len) ed_ctl_arg(&path, list->goes_on, ed_buf_span(next));
  int status = ed_ctl_call(ctl, (const char *)path.at, NULL, &answer);
  next->len = 0;
  if (!status) {
    struct ed_span items = ed_view_member(ed_buf_span(&answer), list->items), item;
    size_t at = 0;
    if (first && list->heading && !ctl->json && !ctl->names) puts(list->heading);
    for (; *left && ed_view_next(items, &at, &item); --*left) print_item(ctl, list, item);
    ed_view_text(next, ed_view_member(ed_buf_span(&answer), "next"));
  }
  ed_buf_deinit(&path);
  ed_buf_deinit(&answer);
  return status;
}

int ed_ctl_list(const struct ed_ctl *ctl, struct ed_ctl_list *list) {
  char *end = NULL;
  errno = 0;
  unsigned long left = ctl->limit ? strtoul(ctl->limit, &end, 10) : (unsigned long)-1;
  struct ed_buf next = {0};
  int status = ED_CTL_FINE;
  if (ctl->limit && (errno || *end || !left || *ctl->limit == '-')) {
    status = ed_ctl_fail(ctl, ED_CTL_USAGE, "--limit is a number from 1 on");
  } else {
    do status = print_page(ctl, list, &left, &next);
    while (!status && left && next.len);
  }
  ed_buf_deinit(&next);
  ed_buf_deinit(&list->path);
  return status;
}
