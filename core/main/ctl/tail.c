/* A room, live. */
#include <stdlib.h>

#include "main/ctl/line.h"
#include "main/ctl/view.h"

/* "12:03:04.123 #17 3 append moves {...": number, who (- for nobody), what, key, value */
static void print_line(const struct ed_ctl *ctl, struct ed_span push) {
  char when[32];
  struct ed_span member = ed_view_member(push, "member");
  ed_ctl_clock_text(ed_view_number(ed_view_member(push, "time_ms")), false, when);
  int used = printf("%s #%-5.0f ", when, ed_view_number(ed_view_member(push, "seq")));
  bool nobody = ed_span_equal(member, ED_LIT("null"));
  ed_ctl_put(stdout, nobody ? ED_LIT("-") : member, -4);
  ed_ctl_put_value(stdout, ed_view_member(push, "action"), -8);
  struct ed_buf key = {0};
  ed_view_text(&key, ed_view_member(push, "key"));
  ed_ctl_put(stdout, ed_buf_span(&key), ctl->screen ? 24 : 0);
  used += 4 + 8 + (int)(key.len < 24 ? key.len : 24) + 2;
  ed_buf_deinit(&key);
  fputs("  ", stdout);
  int left = (int)ctl->columns - used;
  ed_ctl_put(stdout, ed_view_member(push, "value"), ctl->screen ? (left > 10 ? left : 10) : 0);
  putchar('\n');
}

static bool is_of(struct ed_span push, const char *key) {
  struct ed_buf text = {0};
  if (!key) return true;
  ed_view_text(&text, ed_view_member(push, "key"));
  bool same = ed_span_equal(ed_buf_span(&text), ed_span_text(key));
  ed_buf_deinit(&text);
  return same;
}

static int follow(const struct ed_ctl *ctl, struct ed_ctl_line *line, struct ed_buf *input, unsigned long count) {
  struct ed_buf push = {0};
  int status = ED_CTL_FINE;
  while (count && !(status = ed_ctl_hear(ctl, line, input, &push))) {
    if (!is_of(ed_buf_span(&push), ctl->words[1])) continue;
    if (ctl->json) {
      ed_ctl_put(stdout, ed_buf_span(&push), 0);
      putchar('\n');
    } else {
      print_line(ctl, ed_buf_span(&push));
    }
    if (fflush(stdout) != 0) break;
    count--;
  }
  ed_buf_deinit(&push);
  return status;
}

int ed_ctl_tail(struct ed_ctl *ctl) {
  char *end = NULL;
  unsigned long count = ctl->count ? strtoul(ctl->count, &end, 10) : (unsigned long)-1;
  if (ctl->count && (*end || !count)) return ed_ctl_fail(ctl, ED_CTL_USAGE, "--count is a number from 1 on");
  struct ed_buf path = {0}, input = {0};
  struct ed_ctl_line line;
  ed_ctl_path(&path, ctl->words[0], "/tail");
  int status = ed_ctl_follow(ctl, (const char *)path.at, &line, &input);
  if (!status) {
    status = follow(ctl, &line, &input, count);
    ed_ctl_line_close(&line);
  }
  ed_buf_deinit(&path);
  ed_buf_deinit(&input);
  return status;
}
