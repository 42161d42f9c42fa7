#include "net/head.h"

#include <stdio.h>

#include "main.h"

static const struct {
  const char *fields; /* after the request line */
  int status;
  uint64_t body_len;
  const char *left; /* what libwebsockets gets of them; NULL: the same */
} FIELDS[] = {
    {"", 0, 0, NULL},
    {"Host: a\r\n", 0, 0, NULL},
    {"Content-Length: 12\r\n", 0, 12, "Content-Length: 00\r\n"},
    {"content-LENGTH:7 \r\nA: 1\r\n", 0, 7, "content-LENGTH:0 \r\nA: 1\r\n"},
    {"Content-Length: 0\r\n", 0, 0, NULL},
    {"Content-Length: 999999999999999\r\n", 0, 999999999999999u, "Content-Length: 000000000000000\r\n"},
    {"X-Content-Length: 5\r\n", 0, 0, NULL},
    {"Content-Length: 1000000000000000\r\n", 400, 0, NULL},
    {"Content-Length:\r\n", 400, 0, NULL},
    {"Content-Length: -5\r\n", 400, 0, NULL},
    {"Content-Length: 5, 5\r\n", 400, 0, NULL},
    {"Content-Length: 0x5\r\n", 400, 0, NULL},
    {"Content-Length: 5\r\nContent-Length: 5\r\n", 400, 0, NULL},
    {"Transfer-Encoding: chunked\r\n", 411, 0, NULL},
    {"Content-Length: 5\r\ntransfer-encoding: identity\r\n", 411, 0, NULL},
    {"Upgrade: websocket\r\n", 0, 0, "xpgrade: websocket\r\n"},
    {"upgrade: WebSocket \r\n", 0, 0, "xpgrade: WebSocket \r\n"},
    {"Upgrade: h2c\r\n", 0, 0, "xpgrade: h2c\r\n"},
    {"Upgrade: websocket, h2c\r\n", 0, 0, "xpgrade: websocket, h2c\r\n"},
    {"Upgrade:\r\n", 0, 0, "xpgrade:\r\n"},
};

START_TEST(fields) {
  char text[256], want[256];
  snprintf(text, sizeof text, "POST /new HTTP/1.1\r\n%s\r\n", FIELDS[_i].fields);
  snprintf(want, sizeof want, "POST /new HTTP/1.1\r\n%s\r\n", FIELDS[_i].left ? FIELDS[_i].left : FIELDS[_i].fields);
  struct ed_head head;
  const char *why = NULL;
  int status = ed_head_read((uint8_t *)text, strlen(text), &head, &why);
  ck_assert_msg(status == FIELDS[_i].status, "%s: %d", FIELDS[_i].fields, status);
  if (status) {
    ck_assert_ptr_nonnull(why);
    return;
  }
  ck_assert(head.post);
  ck_assert_uint_eq(head.body_len, FIELDS[_i].body_len);
  ck_assert_str_eq(text, want);
}
END_TEST

static const struct {
  const char *text;
  bool upgrade;
} UPGRADES[] = {
    {"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", true},
    {"GET / HTTP/1.1\r\nA: b\r\nUPGRADE: WebSocket \r\n\r\n", true},
    {"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", false},
    {"GET / HTTP/1.1\r\nUpgrade: websocket, h2c\r\n\r\n", false},
    {"GET / HTTP/1.0\r\nUpgrade: websocket\r\n\r\n", false},
    {"HEAD / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", false},
    {"GET / HTTP/1.1\r\nX-Upgrade: websocket\r\n\r\n", false},
};

START_TEST(upgrades) {
  char text[128];
  strcpy(text, UPGRADES[_i].text);
  struct ed_head head;
  const char *why;
  ck_assert_int_eq(ed_head_read((uint8_t *)text, strlen(text), &head, &why), 0);
  ck_assert_msg(head.upgrade == UPGRADES[_i].upgrade, "%s", UPGRADES[_i].text);
  ck_assert_ptr_null(strstr(text, "\nUpgrade")); /* libwebsockets never sees one */
}
END_TEST

START_TEST(a_field) {
  struct ed_span head = ED_LIT("GET /b: HTTP/1.1\r\nA: 1\r\nbb:\t two words \r\nBB: 3\r\n\r\n"), value;
  ck_assert(ed_head_field(head, "bb:", &value));
  ck_assert(ed_span_equal(value, ED_LIT("two words")));
  ck_assert(ed_head_field(head, "a:", &value));
  ck_assert(ed_span_equal(value, ED_LIT("1")));
  ck_assert(!ed_head_field(head, "b:", &value));
}
END_TEST

START_TEST(all_fields) {
  struct ed_span head = ED_LIT("GET / HTTP/1.1\r\nX: a, b\r\nY: 1\r\nx:c \r\nX:\r\n\r\n");
  struct ed_buf out = {0};
  ed_head_fields(head, "x:", &out);
  ck_assert(ed_span_equal(ed_buf_span(&out), ED_LIT("a, b,c,")));
  out.len = 0;
  ed_head_fields(head, "z:", &out);
  ck_assert_uint_eq(out.len, 0);
  ed_buf_deinit(&out);
}
END_TEST

static const struct {
  const char *line;
  int status;
} METHODS[] = {
    {"GET / HTTP/1.1", 0},
    {"HEAD / HTTP/1.1", 0},
    {"OPTIONS / HTTP/1.1", 0},
    {"POST / HTTP/1.1", 0},
    {"CONNECT a:1 HTTP/1.1", 405},
    {"DELETE / HTTP/1.1", 405},
    {"PRI * HTTP/2.0", 405},
    {"get / HTTP/1.1", 400},
    {"GET", 400},
    {" GET /", 400},
    {"GETX/", 400},
    {"\x16\x03\x01", 400},
};

START_TEST(methods) {
  char text[64];
  snprintf(text, sizeof text, "%s\r\n\r\n", METHODS[_i].line);
  struct ed_head head;
  const char *why;
  ck_assert_int_eq(ed_head_read((uint8_t *)text, strlen(text), &head, &why), METHODS[_i].status);
}
END_TEST

START_TEST(end_is_found_however_it_comes) {
  static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\r\n\r\n";
  const size_t want = 27;
  for (size_t len = 0; len < sizeof text; len++)
    for (size_t seen = 0; seen <= len && seen < want; seen++)
      ck_assert_uint_eq(ed_head_find_end((const uint8_t *)text, len, seen), len < want ? 0 : want);
}
END_TEST

#define OFFER "Sec-WebSocket-Protocol:"

START_TEST(offers) {
  static const struct {
    const char *fields;
    bool offered;
  } rows[] = {
      {"Host: a\r\n", false},
      {OFFER " eddy.v1\r\n", true},
      {"sec-websocket-PROTOCOL:eddy.v1\r\n", true},
      {OFFER " chat, eddy.v1\r\nA: 1\r\n", true},
      {OFFER " eddy.v1 ,chat \r\n", true},
      {OFFER " chat\r\nA: 1\r\n" OFFER " eddy.v1\r\n", true},
      {OFFER " chat\r\n", false},
      {OFFER " Eddy.v1\r\n", false},
      {OFFER " eddy.v1x, eddy.v, eddy\r\n", false},
      {OFFER "\r\n", false},
      {"X-" OFFER " eddy.v1\r\n", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[256];
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\n", rows[i].fields);
    ck_assert_msg(ed_head_offers(ed_span_text(text), "sec-websocket-protocol:", "eddy.v1") == rows[i].offered, "%s",
                  rows[i].fields);
  }
}
END_TEST

START_TEST(offered) {
  static const struct {
    const char *fields, *rest; /* NULL: there is none */
  } rows[] = {
      {"Host: a\r\n", NULL},
      {OFFER " eddy.key.abc\r\n", "abc"},
      {OFFER " eddy.tail,eddy.key.abc , eddy.key.d\r\n", "abc"},
      {OFFER " chat\r\n" OFFER "x,\teddy.key.\r\n", ""},
      {OFFER " eddy.key\r\n", NULL},
      {OFFER " Eddy.key.abc, xeddy.key.abc\r\n", NULL},
      {"X-" OFFER " eddy.key.abc\r\n", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[256];
    struct ed_span rest;
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\n", rows[i].fields);
    bool found = ed_head_offered(ed_span_text(text), "sec-websocket-protocol:", "eddy.key.", &rest);
    ck_assert_msg(found == (rows[i].rest != NULL), "%s", rows[i].fields);
    if (found) ck_assert_msg(ed_span_equal(rest, ed_span_text(rows[i].rest)), "%s", rows[i].fields);
  }
}
END_TEST

START_TEST(lists) {
  ck_assert(ed_head_lists(ED_LIT("Upgrade"), "upgrade"));
  ck_assert(ed_head_lists(ED_LIT("keep-alive, \tUpgrade "), "upgrade"));
  ck_assert(ed_head_lists(ED_LIT(",,upgrade,"), "upgrade"));
  ck_assert(!ed_head_lists(ED_LIT("upgraded"), "upgrade"));
  ck_assert(!ed_head_lists(ED_LIT("no upgrade"), "upgrade"));
  ck_assert(!ed_head_lists(ED_LIT("up"), "upgrade"));
  ck_assert(!ed_head_lists(ed_span(NULL, 0), "upgrade"));
}
END_TEST

static const struct {
  const char *line;
  int status;
} TARGETS[] = {
    {"GET / HTTP/1.1", 0},
    {"GET /%41%e2%82%ac?a=%2F&b HTTP/1.1", 0},
    {"GET /?a?b=c&d#e HTTP/1.1", 0},
    {"GET  HTTP/1.1", 400},
    {"GET HTTP/1.1", 400},
    {"GET / ", 0},
    {"GET /", 400},
    {"GET x HTTP/1.1", 400},
    {"OPTIONS * HTTP/1.1", 400},
    {"GET http://x/ HTTP/1.1", 400},
    {"GET /% HTTP/1.1", 400},
    {"GET /%4 HTTP/1.1", 400},
    {"GET /%4g HTTP/1.1", 400},
    {"GET /?a=%zz HTTP/1.1", 400},
    {"GET /a%00 HTTP/1.1", 400},
    {"GET /?a=%00b HTTP/1.1", 400},
};

START_TEST(targets) {
  char text[128];
  snprintf(text, sizeof text, "%s\r\nHost: x\r\n\r\n", TARGETS[_i].line);
  struct ed_head head;
  const char *why = NULL;
  int status = ed_head_read((uint8_t *)text, strlen(text), &head, &why);
  ck_assert_msg(status == TARGETS[_i].status, "%s: %d", TARGETS[_i].line, status);
  ck_assert(!status || why);
}
END_TEST

START_TEST(many_parts) {
  for (size_t parts = 64; parts <= 65; parts++) {
    char text[256] = "GET /?a";
    for (size_t i = 1; i < parts; i++) strcat(text, "&b");
    strcat(text, " HTTP/1.1\r\n\r\n");
    struct ed_head head;
    const char *why;
    ck_assert_int_eq(ed_head_read((uint8_t *)text, strlen(text), &head, &why), parts > 64 ? 400 : 0);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("net/head");
  TCase *tcase = tcase_create("all");
  tcase_add_loop_test(tcase, fields, 0, sizeof FIELDS / sizeof *FIELDS);
  tcase_add_loop_test(tcase, methods, 0, sizeof METHODS / sizeof *METHODS);
  tcase_add_loop_test(tcase, upgrades, 0, sizeof UPGRADES / sizeof *UPGRADES);
  tcase_add_loop_test(tcase, targets, 0, sizeof TARGETS / sizeof *TARGETS);
  tcase_add_test(tcase, many_parts);
  tcase_add_test(tcase, a_field);
  tcase_add_test(tcase, offers);
  tcase_add_test(tcase, offered);
  tcase_add_test(tcase, all_fields);
  tcase_add_test(tcase, lists);
  tcase_add_test(tcase, end_is_found_however_it_comes);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
