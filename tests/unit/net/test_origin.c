#include "net/origin.h"

#include "main.h"

static const struct {
  const char *text;
  bool good;
} CHECKS[] = {
    {"*", true},
    {"null", true},
    {"https://example.org", true},
    {"http://localhost:3000", true},
    {"https://*.example.org", true},
    {"https://*.example.org:8443", true},
    {"http://[::1]:3000", true},
    {"http://[::1]", true},
    {"chrome-extension://abcdef", true},
    {"http://127.0.0.1:8080", true},
    {"", false},
    {"example.org", false},
    {"https://", false},
    {"https://*", false},
    {"https://*.", false},
    {"https://a.*.org", false},
    {"https://example.org/", false},
    {"https://example.org/path", false},
    {"https://example.org:443", false}, /* browsers leave it out */
    {"http://example.org:80", false},
    {"https://example.org:80", true},
    {"https://example.org:", false},
    {"https://example.org:0", false},
    {"https://example.org:65536", false},
    {"https://example.org:x", false},
    {"https://Example.org", false},
    {"https://user@example.org", false},
    {"http://[::1", false},
    {"http://*.[::1]", false},
};

START_TEST(checks) {
  char why[128] = "";
  ck_assert_msg((ed_origin_check(CHECKS[_i].text, why) == 0) == CHECKS[_i].good, "%s: %s", CHECKS[_i].text, why);
  ck_assert_msg(CHECKS[_i].good == !*why, "%s: %s", CHECKS[_i].text, why);
}
END_TEST

static const struct {
  const char *entry, *origin;
  enum ed_origin_verdict verdict;
} JUDGED[] = {
    {"*", "https://example.org", ED_ORIGIN_ANY},
    {"*", NULL, ED_ORIGIN_ANY},
    {"https://example.org", NULL, ED_ORIGIN_NONE},
    {"https://example.org", "https://example.org", ED_ORIGIN_NAMED},
    {"https://example.org", "HTTPS://Example.ORG", ED_ORIGIN_NAMED},
    {"https://example.org", "http://example.org", ED_ORIGIN_OTHER},
    {"https://example.org", "https://example.org:8443", ED_ORIGIN_OTHER},
    {"https://example.org", "https://example.org.evil.net", ED_ORIGIN_OTHER},
    {"https://example.org", "https://a.example.org", ED_ORIGIN_OTHER},
    {"https://example.org", "", ED_ORIGIN_OTHER},
    {"https://example.org", "null", ED_ORIGIN_OTHER},
    {"null", "null", ED_ORIGIN_NAMED},
    {"https://*.example.org", "https://a.example.org", ED_ORIGIN_NAMED},
    {"https://*.example.org", "https://a.b-c.example.org", ED_ORIGIN_NAMED},
    {"https://*.example.org", "https://example.org", ED_ORIGIN_OTHER},
    {"https://*.example.org", "https://.example.org", ED_ORIGIN_OTHER},
    {"https://*.example.org", "https://aexample.org", ED_ORIGIN_OTHER},
    {"https://*.example.org", "https://evil.net/.example.org", ED_ORIGIN_OTHER},
    {"https://*.example.org", "https://evil.net:1.example.org", ED_ORIGIN_OTHER},
    {"https://*.example.org", "https://a.example.org:8443", ED_ORIGIN_OTHER},
    {"https://*.example.org:8443", "https://a.example.org:8443", ED_ORIGIN_NAMED},
};

START_TEST(judged) {
  const char *list[] = {"http://first.example", JUDGED[_i].entry};
  const struct ed_texts texts = {.list = list, .len = 2};
  struct ed_span origin = JUDGED[_i].origin ? ed_span_text(JUDGED[_i].origin) : ed_span(NULL, 0);
  ck_assert_msg(ed_origin_judge(&texts, origin) == JUDGED[_i].verdict, "%s of %s",
                JUDGED[_i].origin ? JUDGED[_i].origin : "none", JUDGED[_i].entry);
}
END_TEST

static const struct {
  const char *origin, *host, *known;
  bool own;
} OWN[] = {
    {"http://127.0.0.1:8080", "127.0.0.1:8080", NULL, true},
    {"https://127.0.0.1", "127.0.0.1", NULL, true},
    {"http://localhost:8080", "LocalHost:8080", NULL, true},
    {"http://[::1]:8080", "[::1]:8080", NULL, true},
    {"http://[::1]", "[::1]", NULL, true},
    {"http://127.0.0.1:8080", "127.0.0.1:8081", NULL, false},
    {"http://127.0.0.1:8080", "localhost:8080", NULL, false},
    {"http://rooms.example.org", "rooms.example.org", NULL, false}, /* whoever owns that name can say so */
    {"http://evil.1x", "evil.1x", NULL, false},
    {"http://localhost.evil.org", "localhost.evil.org", NULL, false},
    {"http://1.2.3.4.evil", "1.2.3.4.evil", NULL, false},
    {"http://x.", "x.", NULL, false},
    {"http://[::1", "[::1", NULL, false},
    {"https://rooms.example.org", "rooms.example.org", "rooms.example.org", true},
    {"https://rooms.example.org", "10.0.0.1", "Rooms.Example.org", true},
    {"https://rooms.example.org:8443", "x", "rooms.example.org", false},
    {"https://evil.org", "evil.org", "rooms.example.org", false},
    {"http://127.0.0.1", "127.0.0.1", "rooms.example.org", true},
    {"null", "null", NULL, false},
    {"", "", "", false},
    {"http://", "", "", false},
    {"://", "", NULL, false},
    {"127.0.0.1", "127.0.0.1", NULL, false},
    {"http://127.0.0.1", NULL, NULL, false},
};

START_TEST(own) {
  struct ed_span host = OWN[_i].host ? ed_span_text(OWN[_i].host) : ed_span(NULL, 0);
  struct ed_span known = OWN[_i].known ? ed_span_text(OWN[_i].known) : ed_span(NULL, 0);
  ck_assert_msg(ed_origin_own(ed_span_text(OWN[_i].origin), host, known) == OWN[_i].own, "%s at %s", OWN[_i].origin,
                OWN[_i].host ? OWN[_i].host : "none");
}
END_TEST

static Suite *origin_suite(void) {
  Suite *suite = suite_create("net/origin");
  TCase *tests = tcase_create("origin");
  tcase_add_loop_test(tests, checks, 0, sizeof CHECKS / sizeof *CHECKS);
  tcase_add_loop_test(tests, judged, 0, sizeof JUDGED / sizeof *JUDGED);
  tcase_add_loop_test(tests, own, 0, sizeof OWN / sizeof *OWN);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(origin_suite)
