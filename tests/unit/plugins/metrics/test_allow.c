/* plugins/metrics/allow: who may read the figures. */
#include "allow.h"

#include <string.h>

#include "main.h"

static const struct {
  const char *allow, *peer;
  int has;
} CASES[] = {
    {"127.0.0.0/8 ::1", "127.0.0.1", 1},
    {"127.0.0.0/8 ::1", "127.255.0.9", 1},
    {"127.0.0.0/8 ::1", "128.0.0.1", 0},
    {"127.0.0.0/8 ::1", "::1", 1},
    {"127.0.0.0/8 ::1", "::2", 0},
    {"127.0.0.0/8 ::1", "::ffff:127.0.0.1", 1},
    {"127.0.0.0/8 ::1", "unix", 0},
    {"127.0.0.0/8 ::1", "", 0},
    {"127.0.0.0/8 ::1", "localhost", 0},
    {"127.0.0.0/8 ::1", "127.0.0.1 ", 0},
    {"10.1.2.3", "10.1.2.3", 1},
    {"10.1.2.3", "10.1.2.4", 0},
    {"10.1.2.3/32,fd00::/9", "fd7f::1", 1},
    {"10.1.2.3/32,fd00::/9", "fd80::1", 0},
    {"10.0.0.0/11", "10.31.0.1", 1},
    {"10.0.0.0/11", "10.32.0.1", 0},
    {"0.0.0.0/0", "203.0.113.9", 1},
    {"0.0.0.0/0", "2001:db8::1", 0},
    {"::/0", "2001:db8::1", 1},
    {"::/0", "203.0.113.9", 1}, /* it is one of them */
    {" unix\t", "unix", 1},
    {"unix", "127.0.0.1", 0},
    {"", "127.0.0.1", 0},
};

START_TEST(peers) {
  struct allow allow;
  char why[160];
  ck_assert_int_eq(allow_parse(&allow, CASES[_i].allow, why), 0);
  struct eddy_text peer = {CASES[_i].peer, strlen(CASES[_i].peer)};
  ck_assert_msg(allow_has(&allow, peer) == CASES[_i].has, "%s in %s", CASES[_i].peer, CASES[_i].allow);
}
END_TEST

START_TEST(wrong) {
  static const char *const texts[] = {"localhost",   "10.0.0.0/33", "::/129",      "10.0.0.1/",
                                      "10.0.0.1/-1", "10.0.0.1/+8", "10.0.0.1/8x", "1.2.3",
                                      "/8",          "unix/8",      "::1 x",       "10.0.0.1;::1"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct allow allow;
    char why[160] = "";
    ck_assert_msg(allow_parse(&allow, texts[i], why) != 0, "%s", texts[i]);
    ck_assert_ptr_nonnull(strstr(why, "is no address"));
  }
}
END_TEST

START_TEST(too_many) {
  struct allow allow;
  char text[10 * (ALLOW_MAX + 1)] = "", why[160];
  for (int i = 0; i < ALLOW_MAX; i++) strcat(text, "10.0.0.1 ");
  ck_assert_int_eq(allow_parse(&allow, text, why), 0);
  strcat(text, "10.0.0.1");
  ck_assert_int_ne(allow_parse(&allow, text, why), 0);
  ck_assert_ptr_nonnull(strstr(why, "one too many"));
  char word[1000];
  memset(word, '1', sizeof word - 1);
  word[sizeof word - 1] = 0;
  ck_assert_int_ne(allow_parse(&allow, word, why), 0);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("metrics/allow");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, peers, 0, sizeof CASES / sizeof *CASES);
  tcase_add_test(tests, wrong);
  tcase_add_test(tests, too_many);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
