/* The server value, opened, drained and freed in one process; what it answers is for the tests of the protocol. */
#include "net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/timer.h"
#include "main.h"
#include "room/hub.h"

static const struct ed_space SPACE = {
    .name = "default",
    .policy = "default",
    .limits = {.message = 1024,
               .depth = 16,
               .key = 64,
               .keys = 8,
               .room_messages = 8,
               .room_bytes = 1024,
               .stream_messages = 8,
               .stream_bytes = 1024,
               .members = 8,
               .queue = 4096,
               .errors = 3},
};
static const struct ed_space *const SPACES[] = {&SPACE};
static const struct ed_log SILENT = {0};

static struct ed_net_options options(const char *const *listen, size_t len) {
  return (struct ed_net_options){
      .listen = listen,
      .listen_len = len,
      .spaces = SPACES,
      .spaces_len = 1,
      .connections = 16,
      .rooms = 16,
      .header_bytes = 4096,
      .drain_ms = 100, /* and nothing else that would end a connection */
  };
}

static int connect_to(unsigned port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
  return fd;
}

static struct ed_net *drained; /* by the timer below */
static void drain(struct ed_timer *timer) { (void)timer, ed_net_drain(drained); }

START_TEST(two_in_one_process) {
  static const char *const listen[] = {"127.0.0.1:0", "127.0.0.1:0"};
  struct ed_net_options both = options(listen, 2);
  struct ed_net *one, *two;
  ck_assert_int_eq(ed_net_open(&one, &both, &SILENT), 0);
  ck_assert_int_eq(ed_net_open(&two, &both, &SILENT), 0);
  ck_assert_uint_ne(ed_net_port(one, 0), 0);
  ck_assert_uint_ne(ed_net_port(one, 0), ed_net_port(one, 1));
  ck_assert_uint_ne(ed_net_port(one, 0), ed_net_port(two, 0));
  ed_net_free(one);
  ed_net_free(two);
}
END_TEST

START_TEST(runs_until_drained) {
  static const char *const listen[] = {"127.0.0.1:0"};
  struct ed_net_options one = options(listen, 1);
  ck_assert_int_eq(ed_net_open(&drained, &one, &SILENT), 0);
  int fd = connect_to(ed_net_port(drained, 0));
  static const char half[] = "GET /healthz HTTP/1.1\r\n"; /* and no more: it must not hold up the end */
  ck_assert_int_eq(write(fd, half, sizeof half - 1), sizeof half - 1);
  struct ed_timer timer = {0};
  ed_timer_start(ed_net_timers(drained), &timer, 50, drain);
  ck_assert_int_eq(ed_net_run(drained), 0);
  ck_assert_int_eq(read(fd, (char[1]){0}, 1), 0);
  close(fd);
  ed_net_free(drained);
}
END_TEST

static struct ed_timer soon;

/* A long turn: by its end what it has started is overdue, by a clock that the loop has not looked at since. */
static void dawdle(struct ed_timer *timer) {
  (void)timer;
  ed_timer_start(ed_net_timers(drained), &soon, 2, drain);
  usleep(10000);
}

START_TEST(a_timer_that_is_overdue_before_the_wait) {
  static const char *const listen[] = {"127.0.0.1:0"};
  struct ed_net_options one = options(listen, 1);
  ck_assert_int_eq(ed_net_open(&drained, &one, &SILENT), 0);
  struct ed_timer timer = {0};
  soon = (struct ed_timer){0};
  ed_timer_start(ed_net_timers(drained), &timer, 20, dawdle);
  ck_assert_int_eq(ed_net_run(drained), 0); /* else for ever: nothing else would wake it */
  ed_net_free(drained);
}
END_TEST

/* A machine without a clock of its own begins days behind; a laptop sleeps. */
START_TEST(follows_the_time_of_day) {
  static const char *const listen[] = {"127.0.0.1:0"};
  struct ed_net_options one = options(listen, 1);
  static const int64_t offs[] = {-3 * 86400000LL, 86400000LL};
  for (size_t i = 0; i < 2; i++) {
    ck_assert_int_eq(ed_net_open(&drained, &one, &SILENT), 0);
    struct ed_timers *timers = ed_net_timers(drained);
    timers->epoch_ms += offs[i];
    struct ed_timer timer = {0};
    ed_timer_start(timers, &timer, 1500, drain); /* it is looked at every second at least */
    ck_assert_int_eq(ed_net_run(drained), 0);
    int64_t off_ms = ed_timers_wall(timers) - (int64_t)time(NULL) * 1000;
    ck_assert_int_lt(off_ms, 60000);
    ck_assert_int_gt(off_ms, -60000);
    ed_net_free(drained);
  }
}
END_TEST

START_TEST(frees_what_is_open) {
  static const char *const listen[] = {"127.0.0.1:0"};
  struct ed_net_options one = options(listen, 1);
  struct ed_net *net;
  struct ed_fault fault;
  ck_assert_int_eq(ed_net_open(&net, &one, &SILENT), 0);
  int fd = connect_to(ed_net_port(net, 0)); /* accepted by nobody */
  ck_assert_ptr_nonnull(ed_hub_create(ed_net_hub(net), &SPACE, ed_span(NULL, 0), NULL, &fault));
  ed_net_free(net);
  close(fd);
}
END_TEST

START_TEST(refuses_what_makes_no_sense) {
  static const char *const bad[] = {"127.0.0.1"};
  static const char *const taken[] = {"127.0.0.1:0"};
  static const char *const proxies[] = {"nobody"};
  struct ed_net *net = NULL, *first;
  struct ed_net_options wrong = options(bad, 1);
  ck_assert_int_eq(ed_net_open(&net, &wrong, &SILENT), -EINVAL);
  wrong = options(NULL, 0);
  wrong.public_url = "nowhere";
  ck_assert_int_eq(ed_net_open(&net, &wrong, &SILENT), -EINVAL);
  wrong = options(NULL, 0);
  wrong.proxies = proxies;
  wrong.proxies_len = 1;
  ck_assert_int_eq(ed_net_open(&net, &wrong, &SILENT), -EINVAL);

  struct ed_net_options good = options(taken, 1);
  ck_assert_int_eq(ed_net_open(&first, &good, &SILENT), 0);
  char text[32];
  snprintf(text, sizeof text, "127.0.0.1:%u", ed_net_port(first, 0));
  const char *const again[] = {text};
  wrong = options(again, 1);
  ck_assert_int_eq(ed_net_open(&net, &wrong, &SILENT), -EADDRINUSE);
  ed_net_free(first);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("net/net");
  TCase *tcase = tcase_create("all");
  tcase_add_test(tcase, two_in_one_process);
  tcase_add_test(tcase, runs_until_drained);
  tcase_add_test(tcase, a_timer_that_is_overdue_before_the_wait);
  tcase_add_test(tcase, follows_the_time_of_day);
  tcase_add_test(tcase, frees_what_is_open);
  tcase_add_test(tcase, refuses_what_makes_no_sense);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
