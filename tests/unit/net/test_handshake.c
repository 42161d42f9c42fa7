#include "net/handshake.h"

#include <stdio.h>

#include "main.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* of RFC 6455, 1.3 */

static const struct {
  const char *head;
  int status;
} HEADS[] = {
    {"Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n", 0},
    {"hOST:a\r\nconnection: keep-alive, upgrade\r\nsec-websocket-version:13 \r\nsec-websocket-key:\t" KEY "\r\n", 0},
    {"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n", 400},
    {"Host: \r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n", 400},
    {"Host: a\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n", 400},
    {"Host: a\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n", 400},
    {"Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n", 426},
    {"Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: " KEY "\r\n", 426},
    {"Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 130\r\nSec-WebSocket-Key: " KEY "\r\n", 426},
    {"Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400},
    {"Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", 400},
    {"Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "=\r\n", 400},
    {"Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nX-Sec-WebSocket-Key: " KEY "\r\n", 400},
};

START_TEST(heads) {
  char text[512];
  snprintf(text, sizeof text, "GET /db/x/room/%%41b/connect?cbor=true?cbor=true HTTP/1.1\r\n%s\r\n", HEADS[_i].head);
  struct ed_handshake handshake = {0};
  const char *why = NULL;
  int status = ed_handshake_read(ed_span_text(text), &handshake, &why);
  ck_assert_msg(status == HEADS[_i].status, "%s: %d", HEADS[_i].head, status);
  ck_assert(ed_span_equal(handshake.path, ED_LIT("/db/x/room/%41b/connect")));
  ck_assert(ed_span_equal(handshake.query, ED_LIT("cbor=true?cbor=true")));
  if (status)
    ck_assert_ptr_nonnull(why);
  else
    ck_assert(ed_span_equal(handshake.key, ED_LIT(KEY)));
}
END_TEST

START_TEST(no_query) {
  struct ed_handshake handshake = {0};
  const char *why;
  ed_handshake_read(ED_LIT("GET /a HTTP/1.1\r\n\r\n"), &handshake, &why);
  ck_assert(ed_span_equal(handshake.path, ED_LIT("/a")));
  ck_assert_uint_eq(handshake.query.len, 0);
}
END_TEST

START_TEST(answer) {
  struct ed_handshake handshake = {.key = ED_LIT(KEY)};
  struct ed_buf out = {0};
  ed_handshake_answer(&out, &handshake);
  ck_assert(ed_span_equal(ed_buf_span(&out),
                          ED_LIT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")));
  ed_buf_deinit(&out);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("net/handshake");
  TCase *tcase = tcase_create("all");
  tcase_add_loop_test(tcase, heads, 0, sizeof HEADS / sizeof *HEADS);
  tcase_add_test(tcase, no_query);
  tcase_add_test(tcase, answer);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
