#include "net/address.h"

#include "main.h"

static const struct {
  const char *text;
  int family; /* 0: refused */
  unsigned port;
} CASES[] = {
    {"127.0.0.1:8080", AF_INET, 8080},
    {"0.0.0.0:0", AF_INET, 0},
    {"[::1]:65535", AF_INET6, 65535},
    {"[::]:80", AF_INET6, 80},
    {"unix:/run/eddy.sock", AF_UNIX, 0},
    {"unix:eddy.sock", AF_UNIX, 0},
    {"", 0, 0},
    {"8080", 0, 0},
    {":8080", 0, 0},
    {"127.0.0.1", 0, 0},
    {"127.0.0.1:", 0, 0},
    {"127.0.0.1:65536", 0, 0},
    {"127.0.0.1:-1", 0, 0},
    {"127.0.0.1:80x", 0, 0},
    {"127.0.0.1:000080", 0, 0},
    {"::1:8080", 0, 0},
    {"[::1:8080", 0, 0},
    {"[]:8080", 0, 0},
    {"unix:", 0, 0},
};

START_TEST(addresses) {
  struct ed_address_text parts;
  struct ed_address address;
  char why[128] = "";
  int error = ed_address_parse(CASES[_i].text, &parts, why);
  ck_assert_msg((error == 0) == (CASES[_i].family != 0), "%s: %d", CASES[_i].text, error);
  if (error) {
    ck_assert_str_ne(why, "");
    return;
  }
  ck_assert_int_eq(ed_address_resolve(&parts, &address, why), 0);
  ck_assert_int_eq(address.any.sa_family, CASES[_i].family);
  if (CASES[_i].family == AF_INET) ck_assert_uint_eq(ntohs(address.ipv4.sin_port), CASES[_i].port);
  if (CASES[_i].family == AF_INET6) ck_assert_uint_eq(ntohs(address.ipv6.sin6_port), CASES[_i].port);
  if (CASES[_i].family == AF_UNIX) ck_assert_str_eq(address.local.sun_path, CASES[_i].text + 5);
}
END_TEST

START_TEST(long_paths) {
  char text[5 + 108 + 1] = "unix:";
  struct ed_address_text parts;
  char why[128];
  memset(text + 5, 'p', 108);
  ck_assert_int_ne(ed_address_parse(text, &parts, why), 0);
  text[5 + 107] = '\0';
  ck_assert_int_eq(ed_address_parse(text, &parts, why), 0);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("net/address");
  TCase *tcase = tcase_create("all");
  tcase_add_loop_test(tcase, addresses, 0, sizeof CASES / sizeof *CASES);
  tcase_add_test(tcase, long_paths);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
