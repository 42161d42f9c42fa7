#include "main/report.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

static void add(const struct ed_report *report, const struct ed_node *node, const char *path, const char *text) {
  if (node->origin)
    ed_problems_add(report->problems, node->origin, 0, "%s", text);
  else
    ed_problems_add(report->problems, report->file, ed_lines_find(report->lines, path), "%s", text);
}

void ed_report(const struct ed_report *report, const struct ed_node *node, const char *format, ...) {
  char *said, *path = ed_node_path(node);
  va_list args;
  va_start(args, format);
  int len = vasprintf(&said, format, args);
  va_end(args);
  if (len < 0) ed_oom(0);
  struct ed_buf text = {0};
  ed_buf_printf(&text, "%s: %s", path, said);
  ed_buf_add_byte(&text, 0);
  add(report, node, path, (const char *)text.at);
  ed_buf_deinit(&text);
  free(said);
  free(path);
}

void ed_report_unknown(const struct ed_report *report, const struct ed_node *node, const char *near) {
  char *path = ed_node_path(node);
  struct ed_buf text = {0};
  if (node->name)
    ed_buf_printf(&text, "unknown name %s", path);
  else
    ed_buf_printf(&text, "%s: a value without a name", *path ? path : "the configuration");
  if (node->name && near) ed_buf_printf(&text, "; did you mean %s?", near);
  ed_buf_add_byte(&text, 0);
  add(report, node, path, (const char *)text.at);
  ed_buf_deinit(&text);
  free(path);
}
