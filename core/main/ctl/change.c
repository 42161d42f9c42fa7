/* Commands that change something. */
#include <stdlib.h>

#include "codec/json.h"
#include "codec/utf8.h"
#include "main/ctl/ctl.h"
#include "main/ctl/view.h"

static bool is_number(const char *text) {
  size_t len = text ? strlen(text) : 0;
  return len > 0 && len < 19 && strspn(text, "0123456789") == len;
}

static void begin(struct ed_buf *body) { ed_buf_add_byte(body, '{'); }

static void add_name(struct ed_buf *body, const char *name) {
  if (body->at[body->len - 1] != '{') ed_buf_add_byte(body, ',');
  ed_json_add_string(body, ed_span_text(name));
  ed_buf_add_byte(body, ':');
}

static void add_text(struct ed_buf *body, const char *name, const char *text) {
  add_name(body, name);
  ed_json_add_string(body, ed_span_text(text));
}

static void add_raw(struct ed_buf *body, const char *name, const char *json) {
  add_name(body, name);
  ed_buf_add_text(body, json);
}

/* Sends it; prints the answer with --json, else "WHAT" or "WHAT N" with the member of this name. */
static int send_body(struct ed_ctl *ctl, const char *path, struct ed_buf *body, const char *what, const char *member) {
  struct ed_buf answer = {0};
  if (body->len) ed_buf_add_byte(body, '}');
  ed_buf_add_byte(body, 0);
  int status = ed_ctl_call(ctl, path, (const char *)body->at, &answer);
  struct ed_span all = ed_buf_span(&answer);
  if (!status && ctl->json) {
    ed_ctl_put(stdout, all, 0);
    putchar('\n');
  } else if (!status) {
    fputs(what, stdout);
    if (member) ed_ctl_put_lines(stdout, ed_view_member(all, member));
    putchar('\n');
  }
  ed_buf_deinit(&answer);
  ed_buf_deinit(body);
  return status;
}

static int send_to_room(struct ed_ctl *ctl, const char *tail, struct ed_buf *body, const char *what,
                        const char *member) {
  struct ed_buf path = {0};
  ed_ctl_path(&path, ctl->words[0], tail);
  int status = send_body(ctl, (const char *)path.at, body, what, member);
  ed_buf_deinit(&path);
  return status;
}

static int check_key(struct ed_ctl *ctl) {
  if (!ed_utf8_check(ed_span_text(ctl->words[1]))) return ED_CTL_FINE;
  return ed_ctl_fail(ctl, ED_CTL_USAGE, "the key is not UTF-8");
}

int ed_ctl_push(struct ed_ctl *ctl) {
  const char *action = ctl->action ? ctl->action : "append";
  bool compact = strcmp(action, "compact") == 0;
  if (check_key(ctl)) return ED_CTL_USAGE;
  if (!ed_view_valid(ed_span_text(ctl->words[2])))
    return ed_ctl_fail(ctl, ED_CTL_USAGE, "VALUE is not JSON; a text is written '\"like this\"'");
  if (compact != (ctl->compact_seq != NULL) || (compact && !is_number(ctl->compact_seq)))
    return ed_ctl_fail(ctl, ED_CTL_USAGE, "--seq N goes with --action compact, and that with it");
  struct ed_buf body = {0};
  begin(&body);
  add_raw(&body, "type", "\"push\"");
  add_text(&body, "key", ctl->words[1]);
  add_name(&body, "action");
  begin(&body);
  add_text(&body, "type", action);
  if (compact) add_raw(&body, "seq", ctl->compact_seq);
  ed_buf_add_byte(&body, '}');
  add_raw(&body, "value", ctl->words[2]);
  return send_to_room(ctl, "/push", &body, "#", "seq");
}

int ed_ctl_trim(struct ed_ctl *ctl) {
  if (check_key(ctl)) return ED_CTL_USAGE;
  if (!ctl->keep == !ctl->upto || !is_number(ctl->keep ? ctl->keep : ctl->upto))
    return ed_ctl_fail(ctl, ED_CTL_USAGE, "trim needs --keep N or --upto SEQ");
  struct ed_buf body = {0};
  begin(&body);
  add_text(&body, "key", ctl->words[1]);
  add_raw(&body, ctl->keep ? "keep" : "upto", ctl->keep ? ctl->keep : ctl->upto);
  return send_to_room(ctl, "/trim", &body, "dropped ", "dropped");
}

int ed_ctl_drop(struct ed_ctl *ctl) {
  if (check_key(ctl)) return ED_CTL_USAGE;
  if (!is_number(ctl->words[2])) return ed_ctl_fail(ctl, ED_CTL_USAGE, "SEQ is a number");
  struct ed_buf body = {0};
  begin(&body);
  add_text(&body, "key", ctl->words[1]);
  add_raw(&body, "seq", ctl->words[2]);
  return send_to_room(ctl, "/drop", &body, "dropped ", "dropped");
}

int ed_ctl_kick(struct ed_ctl *ctl) {
  if (!is_number(ctl->words[1])) return ed_ctl_fail(ctl, ED_CTL_USAGE, "MEMBER is a number, see eddyctl room ROOM");
  struct ed_buf body = {0};
  begin(&body);
  add_raw(&body, "member", ctl->words[1]);
  return send_to_room(ctl, "/kick", &body, "disconnected member ", "member");
}

int ed_ctl_close(struct ed_ctl *ctl) {
  struct ed_buf body = {0};
  return send_to_room(ctl, "/close", &body, "members disconnected: ", "disconnected");
}

int ed_ctl_delete(struct ed_ctl *ctl) {
  struct ed_buf body = {0};
  return send_to_room(ctl, "/delete", &body, "deleted; members disconnected: ", "disconnected");
}

int ed_ctl_reload(struct ed_ctl *ctl) {
  struct ed_buf body = {0};
  return send_body(ctl, "/reload", &body, "", "said");
}

int ed_ctl_drain(struct ed_ctl *ctl) {
  struct ed_buf body = {0};
  return send_body(ctl, "/drain", &body, "draining; members to go: ", "members");
}

int ed_ctl_log(struct ed_ctl *ctl) {
  struct ed_buf body = {0};
  if (ed_utf8_check(ed_span_text(ctl->words[0]))) return ed_ctl_fail(ctl, ED_CTL_USAGE, "LEVEL is not UTF-8");
  begin(&body);
  add_text(&body, "level", ctl->words[0]);
  return send_body(ctl, "/log", &body, "log level ", "log");
}
