#include "net/url.h"

#include "main.h"

static const struct {
  const char *prefix, *path;
  enum ed_page page;
  const char *space, *id;
} ROUTES[] = {
    {"", "/new", ED_PAGE_NEW, NULL, ""},
    {"", "/healthz", ED_PAGE_HEALTH, NULL, ""},
    {"", "/room/abc", ED_PAGE_ROOM, NULL, "abc"},
    {"", "/room/abc/connect", ED_PAGE_CONNECT, NULL, "abc"},
    {"", "/room/abc/send", ED_PAGE_SEND, NULL, "abc"},
    {"", "/db/white/new", ED_PAGE_NEW, "white", ""},
    {"", "/db/white/room/abc/send", ED_PAGE_SEND, "white", "abc"},
    {"/base", "/base/new", ED_PAGE_NEW, NULL, ""},
    {"/base", "/new", ED_PAGE_NEW, NULL, ""}, /* a proxy may have taken the prefix off */
    {"/base", "/base/db/x/room/y/connect", ED_PAGE_CONNECT, "x", "y"},
    {"/base", "/base/healthz", ED_PAGE_HEALTH, NULL, ""},
    {"/room", "/room/abc", ED_PAGE_ROOM, NULL, "abc"},      /* a prefix that looks like a page */
    {"/room", "/room/room/abc", ED_PAGE_ROOM, NULL, "abc"},
    {"", "/base/new", ED_PAGE_NONE, NULL, NULL},
    {"/base", "/basement/new", ED_PAGE_NONE, NULL, NULL},
    {"/base", "/base", ED_PAGE_NONE, NULL, NULL},
    {"", "", ED_PAGE_NONE, NULL, NULL},
    {"", "/", ED_PAGE_NONE, NULL, NULL},
    {"", "new", ED_PAGE_NONE, NULL, NULL},
    {"", "/new/", ED_PAGE_NONE, NULL, NULL},
    {"", "/newer", ED_PAGE_NONE, NULL, NULL},
    {"", "/room/", ED_PAGE_NONE, NULL, NULL},
    {"", "/room", ED_PAGE_NONE, NULL, NULL},
    {"", "/room//send", ED_PAGE_NONE, NULL, NULL},
    {"", "/room/abc/", ED_PAGE_NONE, NULL, NULL},
    {"", "/room/abc/sends", ED_PAGE_NONE, NULL, NULL},
    {"", "/room/abc/send/x", ED_PAGE_NONE, NULL, NULL},
    {"", "/db/new", ED_PAGE_NONE, NULL, NULL},
    {"", "/db//new", ED_PAGE_NONE, NULL, NULL},
    {"", "/db/a/healthz", ED_PAGE_NONE, NULL, NULL},
    {"", "/db/a/b/new", ED_PAGE_NONE, NULL, NULL},
};

START_TEST(routes) {
  struct ed_route route = ed_route_parse(ed_span_text(ROUTES[_i].prefix), ed_span_text(ROUTES[_i].path));
  ck_assert_msg(route.page == ROUTES[_i].page, "%s: page %d", ROUTES[_i].path, (int)route.page);
  if (route.page == ED_PAGE_NONE) return;
  ck_assert_int_eq(route.space.at != NULL, ROUTES[_i].space != NULL);
  if (route.space.at) ck_assert(ed_span_equal(route.space, ed_span_text(ROUTES[_i].space)));
  ck_assert(ed_span_equal(route.id, ed_span_text(ROUTES[_i].id)));
}
END_TEST

static const struct {
  const char *query;
  bool cbor, debug;
} QUERIES[] = {
    {"", false, false},
    {"cbor=true", true, false},
    {"cbor=true?cbor=true", true, false}, /* driftdb 1.0.x after a reconnect */
    {"debug=true?cbor=true", true, true},
    {"cbor=true&debug=true", true, true},
    {"x=1&cbor=true&y", true, false},
    {"cbor=false", false, false},
    {"cbor", false, false},
    {"cbor=truely", false, false},
    {"xcbor=true", false, false},
    {"&&??", false, false},
};

START_TEST(queries) {
  struct ed_query query = ed_query_parse(ed_span_text(QUERIES[_i].query));
  ck_assert_int_eq(query.cbor, QUERIES[_i].cbor);
  ck_assert_int_eq(query.debug, QUERIES[_i].debug);
}
END_TEST

static const struct {
  const char *url;
  bool good, secure;
  const char *host, *path;
} BASES[] = {
    {"https://rooms.example.org/base", true, true, "rooms.example.org", "/base"},
    {"https://rooms.example.org/base/", true, true, "rooms.example.org", "/base"},
    {"http://localhost:8080", true, false, "localhost:8080", ""},
    {"http://localhost:8080/", true, false, "localhost:8080", ""},
    {"wss://[::1]:8/a/b", true, true, "[::1]:8", "/a/b"},
    {"rooms.example.org", false, false, NULL, NULL},
    {"ftp://rooms.example.org", false, false, NULL, NULL},
    {"http://", false, false, NULL, NULL},
    {"http:///base", false, false, NULL, NULL},
    {"http://a/b?c", false, false, NULL, NULL},
    {"http://a/b#c", false, false, NULL, NULL},
    {"http://u@a/", false, false, NULL, NULL},
    {"http://a b/", false, false, NULL, NULL},
    {"http://a\"/", false, false, NULL, NULL},
};

START_TEST(bases) {
  struct ed_base base;
  ck_assert_int_eq(ed_base_parse(BASES[_i].url, &base) == 0, BASES[_i].good);
  if (!BASES[_i].good) return;
  ck_assert_int_eq(base.secure, BASES[_i].secure);
  ck_assert(ed_span_equal(base.host, ed_span_text(BASES[_i].host)));
  ck_assert(ed_span_equal(base.path, ed_span_text(BASES[_i].path)));
}
END_TEST

START_TEST(room_urls) {
  struct ed_base base;
  struct ed_buf out = {0};
  ed_base_parse("https://a.org/b/", &base);
  ed_base_room_url(&out, &base, "ws", ed_span_text("white"), ed_span_text("id"), "/connect");
  ck_assert(ed_span_equal(ed_buf_span(&out), ED_LIT("wss://a.org/b/db/white/room/id/connect")));
  out.len = 0;
  ed_base_parse("http://[::1]:80", &base);
  ed_base_room_url(&out, &base, "http", ed_span(NULL, 0), ed_span_text("id"), "/send");
  ck_assert(ed_span_equal(ed_buf_span(&out), ED_LIT("http://[::1]:80/room/id/send")));
  ed_buf_deinit(&out);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("net/url");
  TCase *tcase = tcase_create("all");
  tcase_add_loop_test(tcase, routes, 0, sizeof ROUTES / sizeof *ROUTES);
  tcase_add_loop_test(tcase, queries, 0, sizeof QUERIES / sizeof *QUERIES);
  tcase_add_loop_test(tcase, bases, 0, sizeof BASES / sizeof *BASES);
  tcase_add_test(tcase, room_urls);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
