/* Commands that look. */
#include <stdlib.h>

#include "main/ctl/list.h"
#include "main/ctl/view.h"

static double number_of(struct ed_span object, const char *name) {
  return ed_view_number(ed_view_member(object, name));
}

/* "name:    value" */
static void line(const char *name, struct ed_span value) {
  printf("%-13s", name);
  ed_ctl_put_value(stdout, value, 0);
  putchar('\n');
}

static void line_text(const char *name, const char *text) { printf("%-13s%s\n", name, text); }

static void print_json(struct ed_span json) {
  ed_ctl_put(stdout, json, 0);
  putchar('\n');
}

/* ---- the server ---- */

static void print_status(struct ed_span status) {
  char a[16], b[16], text[64];
  ed_ctl_span_text(number_of(status, "uptime_ms"), a);
  printf("%-13seddyd ", "version");
  ed_ctl_put_value(stdout, ed_view_member(status, "version"), 0);
  printf(", pid %.0f, ", number_of(status, "pid"));
  ed_ctl_put_value(stdout, ed_view_member(status, "state"), 0);
  printf(" for %s\n", a);
  snprintf(text, sizeof text, "%.0f of %.0f", number_of(status, "connections"), number_of(status, "connections_max"));
  line_text("connections", text);
  snprintf(text, sizeof text, "%.0f of %.0f, %.0f members", number_of(status, "rooms"), number_of(status, "rooms_max"),
           number_of(status, "members"));
  line_text("rooms", text);
  ed_ctl_count_text(number_of(status, "messages_in"), a);
  ed_ctl_count_text(number_of(status, "messages_out"), b);
  snprintf(text, sizeof text, "%s in, %s out", a, b);
  line_text("messages", text);
  ed_ctl_size_text(number_of(status, "memory_bytes"), a);
  ed_ctl_size_text(number_of(status, "queued_bytes"), b);
  snprintf(text, sizeof text, "%s, of these %s waiting for members", a, b);
  line_text("memory", text);
  snprintf(text, sizeof text, "%.0f closed, %.0f messages left out", number_of(status, "slow"),
           number_of(status, "conflated"));
  line_text("slow members", text);
  line("log", ed_view_member(status, "log"));
}

static void print_names(const char *heading, struct ed_span array, const char *name, const char *besides) {
  struct ed_span item;
  size_t at = 0;
  printf("%-13s", heading);
  for (bool first = true; ed_view_next(array, &at, &item); first = false) {
    if (!first) fputs(", ", stdout);
    ed_ctl_put_value(stdout, name ? ed_view_member(item, name) : item, 0);
    if (!besides) continue;
    fputs(" (", stdout);
    ed_ctl_put_value(stdout, ed_view_member(item, besides), 0);
    putchar(')');
  }
  puts(at > 1 ? "" : "none");
}

int ed_ctl_status(struct ed_ctl *ctl) {
  struct ed_buf answer = {0};
  int status = ed_ctl_call(ctl, "/status", NULL, &answer);
  struct ed_span all = ed_buf_span(&answer);
  if (!status && ctl->json) {
    print_json(all);
  } else if (!status) {
    print_status(all);
    print_names("namespaces", ed_view_member(all, "namespaces"), "name", "policy");
    print_names("plugins", ed_view_member(all, "plugins"), NULL, NULL);
  }
  ed_buf_deinit(&answer);
  return status;
}

/* ---- rooms ---- */

static void print_room_row(const struct ed_ctl *ctl, struct ed_span room) {
  char bytes[16], rate[16] = "-";
  (void)ctl;
  ed_ctl_size_text(number_of(room, "bytes"), bytes);
  if (ed_view_member(room, "in").at) ed_ctl_count_text(number_of(room, "in") + number_of(room, "out"), rate);
  printf("%7.0f %6.0f %8.0f %6s %7s  ", number_of(room, "members"), number_of(room, "keys"),
         number_of(room, "messages"), bytes, rate);
  ed_ctl_put_value(stdout, ed_view_member(room, "room"), 0);
  putchar('\n');
}

int ed_ctl_rooms(struct ed_ctl *ctl) {
  struct ed_ctl_list list = {.items = "rooms",
                             .goes_on = "after",
                             .name = "room",
                             .print = print_room_row,
                             .heading = "MEMBERS   KEYS MESSAGES  BYTES  MSGS/S  ROOM"};
  ed_buf_add_text(&list.path, "/rooms");
  if (ctl->words[0]) ed_ctl_arg(&list.path, "match", ed_span_text(ctl->words[0]));
  if (ctl->sort) ed_ctl_arg(&list.path, "sort", ed_span_text(ctl->sort));
  return ed_ctl_list(ctl, &list);
}

static void print_member(const struct ed_ctl *ctl, struct ed_span member) {
  char since[32], queued[16];
  (void)ctl;
  ed_ctl_clock_text(number_of(member, "since_ms"), true, since);
  ed_ctl_size_text(number_of(member, "queued_bytes"), queued);
  printf("%8.0f  %.19s  %7s  ", number_of(member, "id"), since, queued);
  ed_ctl_put_value(stdout, ed_view_member(member, "encoding"), -8);
  ed_ctl_put_value(stdout, ed_view_member(member, "address"), 0);
  putchar('\n');
}

static void print_failure(const char *name, struct ed_span failure) {
  char when[32];
  if (!failure.at) return;
  ed_ctl_clock_text(number_of(failure, "time_ms"), true, when);
  printf("%-13s%.19s ", name, when);
  ed_ctl_put_value(stdout, ed_view_member(failure, "text"), 0);
  putchar('\n');
}

static void print_policy(struct ed_span policy) {
  printf("%-13s", "policy");
  ed_ctl_put_value(stdout, ed_view_member(policy, "name"), 0);
  printf(", version %.0f, %.0f failures\n", number_of(policy, "version"), number_of(policy, "failures"));
  line("knobs", ed_view_member(policy, "knobs"));
  print_failure("last failure", ed_view_member(policy, "last_failure"));
  print_failure("does not load", ed_view_member(policy, "load_failure"));
}

static void print_room(struct ed_span room) {
  char bytes[16], queued[16], touched[32], text[100];
  line("room", ed_view_member(room, "room"));
  ed_ctl_size_text(number_of(room, "bytes"), bytes);
  ed_ctl_size_text(number_of(room, "queued_bytes"), queued);
  snprintf(text, sizeof text, "%.0f messages of %.0f keys, %s; the last number is %.0f", number_of(room, "messages"),
           number_of(room, "keys"), bytes, number_of(room, "seq"));
  line_text("retains", text);
  ed_ctl_clock_text(number_of(room, "touched_ms"), true, touched);
  bool kept = ed_span_equal(ed_view_member(room, "kept"), ED_LIT("true"));
  snprintf(text, sizeof text, "%.19s, %s", touched, kept ? "kept" : "in memory only");
  line_text("last used", text);
  print_policy(ed_view_member(room, "policy"));
  snprintf(text, sizeof text, "%.0f, for whom %s wait; %.0f follow it", number_of(room, "members"), queued,
           number_of(room, "watchers"));
  line_text("members", text);
  if (number_of(room, "slow") + number_of(room, "conflated") > 0) {
    snprintf(text, sizeof text, "%.0f closed, %.0f messages left out", number_of(room, "slow"),
             number_of(room, "conflated"));
    line_text("slow members", text);
  }
}

int ed_ctl_room(struct ed_ctl *ctl) {
  struct ed_buf path = {0}, answer = {0};
  ed_ctl_path(&path, ctl->words[0], "");
  int status = ed_ctl_call(ctl, (const char *)path.at, NULL, &answer);
  bool members = !status && number_of(ed_buf_span(&answer), "members") > 0;
  if (!status && ctl->json)
    print_json(ed_buf_span(&answer));
  else if (!status)
    print_room(ed_buf_span(&answer));
  ed_buf_deinit(&answer);
  ed_buf_deinit(&path);
  if (status || (!members && !ctl->json)) return status;
  struct ed_ctl_list list = {.items = "members",
                             .goes_on = "offset",
                             .print = print_member,
                             .heading = "  MEMBER  SINCE                 QUEUED  ENCODING ADDRESS"};
  ed_ctl_path(&list.path, ctl->words[0], "/members");
  return ed_ctl_list(ctl, &list);
}

static int call_policy(struct ed_ctl *ctl, struct ed_buf *path, struct ed_buf *body, struct ed_buf *answer) {
  if (!ctl->words[1]) {
    ed_ctl_path(path, ctl->words[0], "");
    return ed_ctl_call(ctl, (const char *)path->at, NULL, answer);
  }
  if (ctl->words[1][strcspn(ctl->words[1], "\"\\\n")])
    return ed_ctl_fail(ctl, ED_CTL_USAGE, "a policy's name is of A-Z a-z 0-9 _ -");
  ed_ctl_path(path, ctl->words[0], "/policy");
  ed_buf_printf(body, "{\"policy\":\"%s\"}", ctl->words[1]);
  ed_buf_add_byte(body, 0);
  return ed_ctl_call(ctl, (const char *)path->at, (const char *)body->at, answer);
}

int ed_ctl_policy(struct ed_ctl *ctl) {
  struct ed_buf path = {0}, body = {0}, answer = {0};
  int status = call_policy(ctl, &path, &body, &answer);
  struct ed_span policy = ed_view_member(ed_buf_span(&answer), "policy");
  if (!status && ctl->json)
    print_json(policy);
  else if (!status)
    print_policy(policy);
  ed_buf_deinit(&path);
  ed_buf_deinit(&body);
  ed_buf_deinit(&answer);
  return status;
}

/* ---- what a room retains ---- */

static void print_key(const struct ed_ctl *ctl, struct ed_span key) {
  char bytes[16];
  (void)ctl;
  ed_ctl_size_text(number_of(key, "bytes"), bytes);
  printf("%8.0f %6s %10.0f %11.0f  ", number_of(key, "messages"), bytes, number_of(key, "last"),
         number_of(key, "subscribers"));
  ed_ctl_put_value(stdout, ed_view_member(key, "key"), 0);
  putchar('\n');
}

int ed_ctl_keys(struct ed_ctl *ctl) {
  struct ed_ctl_list list = {.items = "keys",
                             .goes_on = "after",
                             .name = "key",
                             .print = print_key,
                             .heading = "MESSAGES  BYTES       LAST SUBSCRIBERS  KEY"};
  ed_ctl_path(&list.path, ctl->words[0], "/keys");
  if (ctl->words[1]) ed_ctl_arg(&list.path, "match", ed_span_text(ctl->words[1]));
  return ed_ctl_list(ctl, &list);
}

/* On a terminal each is a line; into a file goes all of it. */
static void print_message(const struct ed_ctl *ctl, struct ed_span message) {
  char when[32] = "-";
  if (ed_view_member(message, "time_ms").at) ed_ctl_clock_text(number_of(message, "time_ms"), true, when);
  int used = printf("#%-7.0f %-19.19s  ", number_of(message, "seq"), when);
  int left = (int)ctl->columns - used;
  ed_ctl_put(stdout, ed_view_member(message, "value"), ctl->screen ? (left > 10 ? left : 10) : 0);
  putchar('\n');
}

int ed_ctl_get(struct ed_ctl *ctl) {
  struct ed_ctl_list list = {.items = "messages", .goes_on = "after", .print = print_message};
  ed_ctl_path(&list.path, ctl->words[0], "/stream");
  ed_ctl_arg(&list.path, "key", ed_span_text(ctl->words[1]));
  return ed_ctl_list(ctl, &list);
}
