/* Who may ask, and which call is meant. */
#include "admin/admin.h"

#include <stdlib.h>
#include <strings.h>

#include "admin/call.h"
#include "base/mem.h"

static const struct route {
  bool post;
  const char *path; /* a segment * is the room's namespace, the second one its id */
  ed_admin_fn *fn;
  const char *args; /* that the query may have */
} ROUTES[] = {
    {false, "/status", ed_admin_status, ""},
    {true, "/reload", ed_admin_reload, ""},
    {true, "/log", ed_admin_log, ""},
    {true, "/drain", ed_admin_drain, ""},
    {false, "/rooms", ed_admin_rooms, "match sort after limit"},
    {false, "/rooms/*/*", ed_admin_room_show, ""},
    {false, "/rooms/*/*/members", ed_admin_members, "offset limit"},
    {false, "/rooms/*/*/keys", ed_admin_keys, "match after limit"},
    {false, "/rooms/*/*/stream", ed_admin_stream, "key after limit"},
    {true, "/rooms/*/*/push", ed_admin_push, ""},
    {true, "/rooms/*/*/trim", ed_admin_trim, ""},
    {true, "/rooms/*/*/drop", ed_admin_drop, ""},
    {true, "/rooms/*/*/kick", ed_admin_kick, ""},
    {true, "/rooms/*/*/policy", ed_admin_policy, ""},
    {true, "/rooms/*/*/close", ed_admin_close, ""},
    {true, "/rooms/*/*/delete", ed_admin_delete, ""},
    {false, "/rooms/*/*/tail", NULL, ""}, /* a WebSocket */
};

/* ---- who may ask ---- */

/* In a time that tells nothing of where they differ. */
static bool same(struct ed_span said, struct ed_span key) {
  unsigned different = said.len != key.len;
  for (size_t i = 0; i < key.len; i++) different |= (unsigned)(key.at[i] ^ (said.len ? said.at[i % said.len] : 0));
  return !different;
}

/* As a WebSocket of a browser offers it, which can send no Authorization: in base64url (RFC 4648, 5), not padded. */
static void encode(struct ed_span key, struct ed_buf *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  unsigned bits = 0, held = 0;
  for (size_t i = 0; i < key.len; i++) {
    bits = bits << 8 | key.at[i];
    for (held += 8; held >= 6; held -= 6) ed_buf_add_byte(out, (uint8_t)digits[bits >> (held - 6) & 63]);
  }
  if (held) ed_buf_add_byte(out, (uint8_t)digits[bits << (6 - held) & 63]);
}

static bool offers(struct ed_span offered, struct ed_span key) {
  struct ed_buf text = {0};
  encode(key, &text);
  bool right = same(offered, ed_buf_span(&text));
  ed_buf_deinit(&text);
  return right;
}

static bool allowed(const struct ed_admin *admin, const struct ed_admin_page *page) {
  const struct ed_span scheme = ED_LIT("Bearer ");
  if (page->local) return true; /* the file system says who may connect */
  if (admin->options.key && page->offered.at) return offers(page->offered, ed_span_text(admin->options.key));
  struct ed_span said = page->authorization;
  if (!admin->options.key || said.len < scheme.len) return false;
  if (strncasecmp((const char *)said.at, (const char *)scheme.at, scheme.len) != 0) return false;
  return same(ed_span(said.at + scheme.len, said.len - scheme.len), ed_span_text(admin->options.key));
}

/* ---- which call ---- */

static struct ed_span segment(struct ed_span *path) {
  size_t len = 1;
  while (len < path->len && path->at[len] != '/') len++;
  struct ed_span part = ed_span(path->at + 1, len - 1);
  *path = ed_span(path->at + len, path->len - len);
  return part;
}

static bool matches(const char *pattern, struct ed_span path, struct ed_admin_call *call) {
  struct ed_span rest = ed_span_text(pattern);
  struct ed_span *found[] = {&call->space, &call->id};
  size_t stars = 0;
  while (rest.len && path.len && path.at[0] == '/') {
    struct ed_span want = segment(&rest), part = segment(&path);
    if (!ed_span_equal(want, ED_LIT("*"))) {
      if (!ed_span_equal(want, part)) return false;
    } else if (part.len) {
      *found[stars++] = part;
    } else {
      return false;
    }
  }
  return !rest.len && !path.len;
}

static int check_args(struct ed_admin_call *call, const char *allowed_args) {
  struct ed_span query = call->page->query;
  for (size_t at = 0; at < query.len;) {
    size_t len = strlen((const char *)query.at + at);
    const uint8_t *equals = memchr(query.at + at, '=', len);
    size_t name_len = equals ? (size_t)(equals - query.at) - at : len;
    if (len && !(equals && ed_admin_listed(allowed_args, ed_span(query.at + at, name_len))))
      return ed_admin_fail(
          call, 400, *allowed_args ? "the query has something else than %s" : "there is no query here%s", allowed_args);
    at += len + 1;
  }
  return 0;
}

/* The route of the call; NULL: answered. */
static const struct route *route_of(struct ed_admin_call *call) {
  struct ed_admin_page *page = call->page;
  bool post = page->method.len == 4, other = false;
  if (!allowed(call->admin, page)) {
    ed_admin_fail(call, 401, "this needs the key of the admin interface: Authorization: Bearer KEY");
    return NULL;
  }
  for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++) {
    const struct route *route = &ROUTES[i];
    if (!matches(route->path, page->path, call)) continue;
    if (route->post == post) return check_args(call, route->args) == 0 ? route : NULL;
    other = true;
  }
  if (other)
    ed_admin_fail(call, 405, "this is a %s", post ? "GET" : "POST");
  else
    ed_admin_fail(call, 404, "there is no such call");
  return NULL;
}

/* What was changed, by whom is for the file system to say. */
static void note(const struct ed_admin_call *call) {
  const struct ed_admin_page *page = call->page;
  bool fine = page->status < 400;
  if (page->method.len == 4)
    ed_log(call->admin->options.log, fine ? ED_LOG_INFO : ED_LOG_WARN, "admin", "%.*s: %d", (int)page->path.len,
           (const char *)page->path.at, page->status);
}

static void ask(void *arg, struct ed_admin_page *page) {
  struct ed_admin_call call = {.admin = arg, .page = page};
  const struct route *route = route_of(&call);
  if (!route) return;
  if (!route->fn) {
    ed_admin_fail(&call, 426, "this is where a WebSocket connects");
    return;
  }
  page->status = 200;
  route->fn(&call);
  if (page->status) note(&call);
}

static struct ed_room *follow(void *arg, struct ed_admin_page *page) {
  struct ed_admin_call call = {.admin = arg, .page = page};
  const struct route *route = route_of(&call);
  if (!route) return NULL;
  if (!route->fn) return ed_admin_room(&call);
  page->status = 0;
  return NULL;
}

static void more(void *arg, struct ed_admin_page *page) {
  page->status = 200;
  ed_admin_rooms_more(arg, page);
}

static void drop(void *arg, void *job) {
  (void)arg;
  ed_admin_rooms_drop(job);
}

struct ed_admin *ed_admin_new(const struct ed_admin_options *options) {
  struct ed_admin *admin = ed_zalloc(sizeof *admin);
  admin->options = *options;
  admin->table = (struct ed_net_admin){.arg = admin, .ask = ask, .more = more, .drop = drop, .follow = follow};
  return admin;
}

void ed_admin_change(struct ed_admin *admin, const struct ed_admin_options *options) { admin->options = *options; }

void ed_admin_free(struct ed_admin *admin) { free(admin); }

const struct ed_net_admin *ed_admin_table(const struct ed_admin *admin) { return &admin->table; }

void ed_admin_attach(struct ed_admin *admin, struct ed_net *net, struct ed_host *host) {
  admin->net = net;
  admin->host = host;
  admin->hub = ed_net_hub(net);
  admin->since_ms = ed_net_timers(net)->now_ms;
}
