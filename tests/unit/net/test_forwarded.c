#include "net/forwarded.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "main.h"

static const struct {
  const char *proxy, *peer; /* peer NULL: the proxy is no proxy; "unix": one through a unix socket */
  bool match;
} CASES[] = {
    {"10.0.0.1", "10.0.0.1", true},
    {"10.0.0.1", "10.0.0.2", false},
    {"10.0.0.1", "::ffff:10.0.0.1", true}, /* what an IPv6 socket makes of it */
    {"10.0.0.0/8", "10.255.1.2", true},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"10.0.0.0/9", "10.127.0.0", true},
    {"10.0.0.0/9", "10.128.0.0", false},
    {"0.0.0.0/0", "1.2.3.4", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "2001:db8::1", true},
    {"::1", "::1", true},
    {"::1", "::2", false},
    {"fd00::/8", "fdff::1", true},
    {"fd00::/8", "fe00::1", false},
    {"2001:db8::/33", "2001:db8:7fff::", true},
    {"2001:db8::/33", "2001:db8:8000::", false},
    {"unix", "unix", true},
    {"unix", "127.0.0.1", false},
    {"0.0.0.0/0", "unix", false},
    {"::/0", "unix", false},
    {"", NULL, false},
    {"localhost", NULL, false},
    {"10.0.0.0/33", NULL, false},
    {"10.0.0.0/", NULL, false},
    {"10.0.0.0/-1", NULL, false},
    {"10.0.0.0/8x", NULL, false},
    {"::/129", NULL, false},
    {"10.0.0", NULL, false},
    {"1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20", NULL, false},
};

START_TEST(proxies) {
  struct ed_proxy proxy;
  ck_assert_msg((ed_proxy_parse(CASES[_i].proxy, &proxy) == 0) == (CASES[_i].peer != NULL), "%s", CASES[_i].proxy);
  if (!CASES[_i].peer) return;
  union {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
  } peer = {.any.sa_family = AF_UNIX};
  if (inet_pton(AF_INET, CASES[_i].peer, &peer.ipv4.sin_addr) == 1)
    peer.any.sa_family = AF_INET;
  else if (inet_pton(AF_INET6, CASES[_i].peer, &peer.ipv6.sin6_addr) == 1)
    peer.any.sa_family = AF_INET6;
  ck_assert_msg(ed_proxy_match(&proxy, &peer.any) == CASES[_i].match, "%s of %s", CASES[_i].peer, CASES[_i].proxy);
}
END_TEST

START_TEST(headers) {
  ck_assert(ed_span_equal(ed_forwarded_first(ED_LIT("https")), ED_LIT("https")));
  ck_assert(ed_span_equal(ed_forwarded_first(ED_LIT(" https , http")), ED_LIT("https")));
  ck_assert_uint_eq(ed_forwarded_first(ED_LIT(" ,a")).len, 0);
  ck_assert_uint_eq(ed_forwarded_first(ed_span(NULL, 0)).len, 0);
  ck_assert_int_eq(ed_forwarded_secure(ED_LIT("HTTPS")), 1);
  ck_assert_int_eq(ed_forwarded_secure(ED_LIT("wss")), 1);
  ck_assert_int_eq(ed_forwarded_secure(ED_LIT("http")), 0);
  ck_assert_int_eq(ed_forwarded_secure(ED_LIT("httpss")), -1);
  ck_assert_int_eq(ed_forwarded_secure(ed_span(NULL, 0)), -1);
}
END_TEST

static const struct {
  const char *header, *path;
} PREFIXES[] = {
    {"/base", "/base"},
    {"/base//", "/base"},
    {"/a/b-c_%20", "/a/b-c_%20"},
    {"", ""},
    {"/", ""},
    {"base", ""},
    {"/a?b", ""},
    {"/a#b", ""},
    {"/a\"b", ""},
    {"/a b", ""},
    {"/\xc3\xa4", ""},
    {"/a\\b", ""},
};

START_TEST(forwarded_prefix) {
  ck_assert(ed_span_equal(ed_forwarded_prefix(ed_span_text(PREFIXES[_i].header)), ed_span_text(PREFIXES[_i].path)));
  char text[257];
  memset(text, 'a', sizeof text), text[0] = '/';
  ck_assert_uint_eq(ed_forwarded_prefix(ed_span(text, 255)).len, 255);
  ck_assert_uint_eq(ed_forwarded_prefix(ed_span(text, 256)).len, 0);
}
END_TEST

static const struct {
  const char *header, *whom;
} FOR[] = {
    {"203.0.113.9", "203.0.113.9"},
    {"1.2.3.4, 203.0.113.9", "203.0.113.9"}, /* the first is what the client itself wrote */
    {"203.0.113.9, 10.0.0.1", "203.0.113.9"},
    {"127.0.0.1, 203.0.113.9,10.0.0.1 , 10.0.0.2", "203.0.113.9"},
    {"2001:db8::1", "2001:db8::1"},
    {"10.0.0.1, 10.0.0.2", "10.0.0.1"}, /* proxies all the way */
    {"127.0.0.1, nonsense", ""},
    {"127.0.0.1, unknown, 10.0.0.1", ""},
    {"127.0.0.1,", ""},
    {",10.0.0.1", ""},
    {"203.0.113.9:1234", ""},
    {"", ""},
};

START_TEST(forwarded_for) {
  struct ed_proxy proxies[2];
  ck_assert_int_eq(ed_proxy_parse("10.0.0.0/8", &proxies[0]), 0);
  ck_assert_int_eq(ed_proxy_parse("unix", &proxies[1]), 0);
  struct ed_span whom = ed_forwarded_for(ed_span_text(FOR[_i].header), proxies, 2);
  ck_assert_msg(ed_span_equal(whom, ed_span_text(FOR[_i].whom)), "%s: %.*s", FOR[_i].header, (int)whom.len,
                (const char *)whom.at);
  ck_assert_uint_eq(ed_forwarded_for(ed_span(NULL, 0), proxies, 2).len, 0);
}
END_TEST

START_TEST(hosts) {
  ck_assert(ed_forwarded_host_valid(ED_LIT("rooms.example.org:8080")));
  ck_assert(ed_forwarded_host_valid(ED_LIT("[fe80::1%25eth0]:80")));
  ck_assert(!ed_forwarded_host_valid(ED_LIT("")));
  ck_assert(!ed_forwarded_host_valid(ED_LIT("a/b")));
  ck_assert(!ed_forwarded_host_valid(ED_LIT("a\"b")));
  ck_assert(!ed_forwarded_host_valid(ED_LIT("a\0b")));
  ck_assert(!ed_forwarded_host_valid(ED_LIT("a\xc3\xa4")));
  char text[256];
  memset(text, 'a', sizeof text);
  ck_assert(ed_forwarded_host_valid(ed_span(text, 255)));
  ck_assert(!ed_forwarded_host_valid(ed_span(text, 256)));
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("net/forwarded");
  TCase *tcase = tcase_create("all");
  tcase_add_loop_test(tcase, proxies, 0, sizeof CASES / sizeof *CASES);
  tcase_add_test(tcase, headers);
  tcase_add_loop_test(tcase, forwarded_prefix, 0, sizeof PREFIXES / sizeof *PREFIXES);
  tcase_add_loop_test(tcase, forwarded_for, 0, sizeof FOR / sizeof *FOR);
  tcase_add_test(tcase, hosts);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
