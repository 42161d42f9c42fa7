/* core/host/plugin, plugin_host, counters: options, timers, posts from threads, counters, pages. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "host/plugged.h"
#include "host/sampler.h"

#define THREADS 4
#define POSTS 2000

static struct plugged plugged;
static const struct eddy_host *host;
static struct eddy_core *core;
static int ticks;
static int arrived[THREADS]; /* on the loop's thread only: TSan would see anything else */

static int on_load(const struct eddy_host *given, struct eddy_core *own, void **self) {
  host = given;
  core = own;
  *self = &plugged;
  return 0;
}

/* ---- pages ---- */

static void on_http(void *self, const struct eddy_http_request *request, struct eddy_http_answer *answer) {
  static char body[256];
  ck_assert_ptr_eq(self, &plugged);
  ck_assert(EDDY_HAS(request, peer));
  ck_assert(ed_span_equal(ed_span(request->peer.at, request->peer.len), ED_LIT("::1")));
  if (request->path.len == 4 && memcmp(request->path.at, "/bad", 4) == 0) {
    answer->status = 7;
    answer->content_type = text_of("text/plain\r\nX-Evil: 1");
    return;
  }
  if (request->path.len) answer->status = 418;
  int len = snprintf(body, sizeof body, "%.*s %.*s?%.*s %.*s", (int)request->method.len, request->method.at,
                     (int)request->path.len, request->path.at, (int)request->query.len, request->query.at,
                     (int)request->body.len, request->body.at);
  answer->content_type = text_of("text/plain");
  answer->body = (struct eddy_text){body, (size_t)len};
}

static const struct eddy_plugin TABLE = {
    .abi = EDDY_ABI, .size = sizeof TABLE, .name = "probe", .load = on_load, .http = on_http};

static void begin(void) {
  ticks = 0;
  memset(arrived, 0, sizeof arrived);
  plugged_init(&plugged, NULL, NULL);
  plug(&plugged, &TABLE);
  static const struct ed_plugin_setting settings[] = {{.name = "text", .text = "hi"}, {.name = "number", .number = 50}};
  plugged.specs[0].settings = settings;
  plugged.specs[0].settings_len = 2;
  plugged_begin(&plugged);
}

static void end(void) { plugged_deinit(&plugged); }

static void ask_page(const char *path, int status, const char *type, const char *body) {
  struct ed_plugin_page page = {
      .method = ED_LIT("GET"), .path = ed_span_text(path), .query = ED_LIT("a=1"), .body = ED_LIT("x"),
      .peer = ED_LIT("::1")};
  bool found = ed_plugins_page(plugged.plugins, &page);
  ck_assert_int_eq(found, status != 404);
  if (found) {
    ck_assert_int_eq(page.status, status);
    ck_assert_str_eq((const char *)page.type.at, type);
    ck_assert_msg(ed_span_equal(ed_buf_span(&page.answer), ed_span_text(body)), "%.*s", (int)page.answer.len,
                  (const char *)page.answer.at);
  }
  ed_buf_deinit(&page.type);
  ed_buf_deinit(&page.answer);
}

START_TEST(pages) {
  ask_page("/probe", 200, "text/plain", "GET ?a=1 x");
  ask_page("/probe/a/b", 418, "text/plain", "GET /a/b?a=1 x");
  ask_page("/probe/", 418, "text/plain", "GET /?a=1 x");
  ask_page("/probe/bad", 200, "application/json", "");
  ask_page("/probes", 404, NULL, NULL);
  ask_page("/prob", 404, NULL, NULL);
  ask_page("/", 404, NULL, NULL);
  ask_page("", 404, NULL, NULL);
}
END_TEST

/* ---- paths of its own, fields, bodies that stay ---- */

static int bodies_done;

static void body_done(void *arg) {
  ck_assert_ptr_eq(arg, &bodies_done);
  bodies_done++;
}

static void on_own(void *self, const struct eddy_http_request *request, struct eddy_http_answer *answer) {
  static const struct eddy_http_field fields[] = {
      {{"ETag", 4}, {"\"x\"", 3}},
      {{"X-A", 3}, {"a\r\nX-Evil: 1", 12}},
      {{"X-B\r\n", 5}, {"1", 1}},
      {{"Content-Length", 14}, {"5", 1}},
      {{"connection", 10}, {"x", 1}},
      {{"", 0}, {"1", 1}},
      {{"Access-Control-Allow-Origin", 27}, {"x", 1}},
      {{"cache-control", 13}, {"no-cache", 8}},
      {{"X-C: y", 6}, {"1", 1}},
      {{"X-D", 3}, {"", 0}},
      {{"X-\0", 3}, {"1", 1}},
      {{"X-E", 3}, {"\xc3\xa9", 2}},
  };
  static char body[128];
  (void)self;
  ck_assert(EDDY_HAS(request, accept_encoding));
  int len = snprintf(body, sizeof body, "%.*s|%.*s|%.*s|%.*s", (int)request->path.len, request->path.at,
                     (int)request->own_path.len, request->own_path.at, (int)request->if_none_match.len,
                     request->if_none_match.at, (int)request->accept_encoding.len, request->accept_encoding.at);
  answer->content_type = text_of("text/plain");
  answer->body = (struct eddy_text){body, (size_t)len};
  answer->fields = fields;
  answer->fields_len = sizeof fields / sizeof *fields;
  answer->body_done = body_done;
  answer->body_arg = &bodies_done;
}

static const char *const OWN_PATHS[] = {"", "shop", "a.txt", NULL};
static const struct eddy_plugin OWN = {
    .abi = EDDY_ABI, .size = sizeof OWN, .name = "own", .http = on_own, .paths = OWN_PATHS};

static void ask_own(const char *path, const char *said) {
  struct ed_plugin_page page = {.method = ED_LIT("GET"),
                                .path = ed_span_text(path),
                                .if_none_match = ED_LIT("\"t\""),
                                .accept_encoding = ED_LIT("gzip")};
  ck_assert_msg(ed_plugins_page(plugged.plugins, &page) == (said != NULL), "%s", path);
  if (said) {
    ck_assert_uint_eq(page.answer.len, 0);
    ck_assert_msg(ed_span_equal(page.kept, ed_span_text(said)), "%.*s", (int)page.kept.len, (const char *)page.kept.at);
    ck_assert(ed_span_equal(ed_buf_span(&page.fields), ED_LIT("ETag: \"x\"\r\ncache-control: no-cache\r\nX-D: \r\n")));
    ck_assert(page.caches && !page.allows);
    ck_assert_int_eq(bodies_done, 0); /* that is for whoever sends it */
    page.kept_done(page.kept_arg);
    ck_assert_int_eq(bodies_done, 1);
    bodies_done = 0;
  }
  ed_buf_deinit(&page.type);
  ed_buf_deinit(&page.fields);
  ed_buf_deinit(&page.answer);
}

START_TEST(own_paths) {
  plugged_deinit(&plugged);
  plugged_init(&plugged, NULL, NULL);
  plug(&plugged, &OWN);
  plugged_begin(&plugged);
  ask_own("/", "|/|\"t\"|gzip");
  ask_own("/shop", "|/shop|\"t\"|gzip");
  ask_own("/shop/", "|/shop/|\"t\"|gzip");
  ask_own("/shop/a/b", "|/shop/a/b|\"t\"|gzip");
  ask_own("/a.txt", "|/a.txt|\"t\"|gzip");
  ask_own("/own", "||\"t\"|gzip");
  ask_own("/own/shop", "/shop||\"t\"|gzip");
  ask_own("/shops", NULL);
  ask_own("/sho", NULL);
  ask_own("//", NULL);
  ask_own("//shop", NULL);
  ask_own("", NULL);
  ask_own("shop", NULL);
}
END_TEST

static void two_clash(const char *name, const char *const *paths, bool clash) {
  struct eddy_plugin other = {.abi = EDDY_ABI, .size = sizeof other, .name = name, .http = on_http, .paths = paths};
  plugged_deinit(&plugged);
  for (int turn = 0; turn < 2; turn++) { /* in either order */
    plugged_init(&plugged, NULL, NULL);
    plug(&plugged, turn ? &other : &OWN);
    plug(&plugged, turn ? &OWN : &other);
    ck_assert_msg((plugged_try(&plugged) != 0) == clash, "%s", name);
    if (turn == 0) plugged_deinit(&plugged);
  }
}

START_TEST(one_page_for_one_plugin) {
  static const char *const root[] = {"x", "", NULL}, *const own[] = {"own", NULL}, *const fine[] = {"y", NULL};
  two_clash("other", root, true);
  two_clash("other", own, true);
  two_clash("shop", NULL, true);
  two_clash("other", fine, false);
  two_clash("other", NULL, false);
}
END_TEST

/* ---- what is known of the daemon ---- */

static const struct ed_space FIRST = {.name = "default", .policy = "p"}, SECOND = {.name = "two", .policy = "q"};

static struct ed_spaces spaces(void *arg) {
  static const struct ed_space *const list[] = {&FIRST, &SECOND};
  ck_assert_ptr_eq(arg, &plugged);
  return (struct ed_spaces){list, 2};
}

static int note_space(void *arg, const struct eddy_space *space) {
  ck_assert_uint_eq(space->size, sizeof *space);
  strcat(strcat(strcat(arg, space->name), space->policy), " ");
  return strcmp(space->name, "two") == 0 ? 7 : 0;
}

START_TEST(namespaces) {
  char said[64] = "";
  ck_assert_int_eq(host->spaces_each(core, note_space, said), 0);
  ck_assert_str_eq(said, "");
  plugged.plugins->spaces = spaces;
  plugged.plugins->spaces_arg = &plugged;
  ck_assert_int_eq(host->spaces_each(core, note_space, said), 7);
  ck_assert_str_eq(said, "defaultp twoq ");
  ck_assert_str_eq(host->version, EDDY_VERSION);
}
END_TEST

/* ---- options and time ---- */

START_TEST(options) {
  ck_assert_uint_eq(host->abi, 1);
  ck_assert_uint_eq(host->size, sizeof *host);
  ck_assert_str_eq(host->option_text(core, "text"), "hi");
  ck_assert_uint_eq(host->option_number(core, "number"), 50);
  ck_assert_ptr_null(host->option_text(core, "none"));
  ck_assert_uint_eq(host->option_number(core, "none"), 0);
}
END_TEST

static struct eddy_timer *timer;

static void tick(void *arg) {
  ck_assert_ptr_eq(arg, &ticks);
  ticks++;
}

static void tick_once(void *arg) {
  tick(arg);
  host->timer_stop(core, timer); /* from within itself */
}

START_TEST(timers) {
  plugged.world.timers.epoch_ms = 5000;
  ck_assert_uint_eq(host->now_ms(core), 1000);
  ck_assert_int_eq(host->time_ms(core), 6000);
  host->timer_start(core, 10, 0, tick, &ticks);
  pass_time(&plugged, 9);
  ck_assert_int_eq(ticks, 0);
  pass_time(&plugged, 1);
  pass_time(&plugged, 100);
  ck_assert_int_eq(ticks, 1);
  timer = host->timer_start(core, 10, 1, tick, &ticks);
  for (int i = 0; i < 10; i++) pass_time(&plugged, 10);
  ck_assert_int_eq(ticks, 11);
  host->timer_stop(core, timer);
  timer = host->timer_start(core, 0, 1, tick_once, &ticks);
  for (int i = 0; i < 10; i++) pass_time(&plugged, 10);
  ck_assert_int_eq(ticks, 12);
  host->timer_start(core, 10, 1, tick, &ticks); /* the plugin's end is its end: see plugged_deinit */
}
END_TEST

/* ---- posts ---- */

static atomic_int wakes;

struct posted {
  int thread, number;
};

static void arrive(void *arg) {
  struct posted *posted = arg;
  ck_assert_int_eq(posted->number, arrived[posted->thread]); /* in the order of the thread */
  arrived[posted->thread]++;
  free(posted);
}

static void *post_many(void *arg) {
  for (int i = 0; i < POSTS; i++) {
    struct posted *posted = malloc(sizeof *posted);
    *posted = (struct posted){.thread = (int)(intptr_t)arg, .number = i};
    if (host->post(core, arrive, posted) != 0) abort();
  }
  return NULL;
}

static void count_wake(void *arg) {
  (void)arg;
  atomic_fetch_add(&wakes, 1);
}

START_TEST(posts) {
  pthread_t threads[THREADS];
  plugged.plugins->wake = count_wake;
  for (intptr_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, post_many, (void *)i);
  for (int i = 0; i < 100; i++) ed_plugins_work(plugged.plugins); /* meanwhile */
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  ed_plugins_work(plugged.plugins);
  for (int i = 0; i < THREADS; i++) ck_assert_int_eq(arrived[i], POSTS);
  int before = atomic_load(&wakes);
  ck_assert_int_ge(before, 1);
  struct posted *one = malloc(sizeof *one), *two = malloc(sizeof *two);
  *one = (struct posted){.thread = 0, .number = POSTS};
  *two = (struct posted){.thread = 0, .number = POSTS + 1};
  ck_assert_int_eq(host->post(core, arrive, one), 0);
  ck_assert_int_eq(host->post(core, arrive, two), 0);
  ck_assert_int_eq(atomic_load(&wakes), before + 1); /* one wake is enough for both */
  ed_hub_deinit(&plugged.world.hub);
  ed_plugins_free(plugged.plugins);
  plugged.plugins = NULL;
  ck_assert_int_eq(arrived[0], POSTS + 2); /* what is still posted is called before the plugin goes */
}
END_TEST

START_TEST(posts_at_the_end) {
  ed_hub_deinit(&plugged.world.hub);
  plugged.plugins->cores[0].leaving = true;
  ck_assert_int_eq(host->post(core, tick, &ticks), -ECANCELED);
  ed_plugins_work(plugged.plugins);
  ck_assert_int_eq(ticks, 0);
}
END_TEST

/* ---- counters ---- */

static struct ed_buf seen;

static void see(void *arg, const struct eddy_sample *sample) {
  ck_assert_ptr_eq(arg, &seen);
  ck_assert_uint_eq(sample->size, sizeof *sample);
  ed_buf_printf(&seen, "%s%s{%s} %.12g %d\n", sample->name, sample->suffix, sample->labels, sample->value,
                (int)sample->kind);
}

static const char *samples(void) {
  seen.len = 0;
  host->counters_each(core, see, &seen);
  ed_buf_add_byte(&seen, 0);
  return (const char *)seen.at;
}

START_TEST(counters) {
  static const double bounds[] = {0.001, 0.1, 1};
  struct eddy_counter *a = host->counter(core, EDDY_COUNTER, "eddy_probe_a_total", "x=\"1\"", "A.");
  struct eddy_counter *g = host->counter(core, EDDY_GAUGE, "eddy_probe_g", NULL, "G.");
  struct eddy_counter *b = host->counter(core, EDDY_COUNTER, "eddy_probe_a_total", "x=\"2\"", "A.");
  struct eddy_counter *h = host->histogram(core, "eddy_probe_seconds", "y=\"z\"", "H.", bounds, 3);
  ck_assert(a && b && g && h);
  ck_assert_ptr_eq(host->counter(core, EDDY_COUNTER, "eddy_probe_a_total", "x=\"2\"", ""), b);
  host->counter_add(core, a, 2);
  host->counter_add(core, a, 1);
  host->counter_add(core, b, 5);
  host->counter_set(core, g, 9);
  host->counter_add(core, g, -4);
  host->counter_add(core, h, 0.001); /* a bound belongs to its bucket */
  host->counter_add(core, h, 0.5);
  host->counter_add(core, h, 7);
  host->counter_add(core, NULL, 1); /* one that was refused: nothing */
  host->counter_set(core, h, 1);
  ck_assert_str_eq(
      samples(),
      "eddy_probe_a_total{x=\"1\"} 3 0\neddy_probe_a_total{x=\"2\"} 5 0\neddy_probe_g{} 5 1\n"
      "eddy_probe_seconds_bucket{y=\"z\",le=\"0.001\"} 1 2\neddy_probe_seconds_bucket{y=\"z\",le=\"0.1\"} 1 2\n"
      "eddy_probe_seconds_bucket{y=\"z\",le=\"1\"} 2 2\neddy_probe_seconds_bucket{y=\"z\",le=\"+Inf\"} 3 2\n"
      "eddy_probe_seconds_sum{y=\"z\"} 7.501 2\neddy_probe_seconds_count{y=\"z\"} 3 2\n");
  ed_counters_drop(plugged.counters, core);
  ck_assert_str_eq(samples(), "");
  ed_buf_deinit(&seen);
}
END_TEST

START_TEST(counters_that_cannot_be) {
  ck_assert_ptr_nonnull(host->counter(core, EDDY_COUNTER, "eddy_probe_a_total", NULL, "A."));
  ck_assert_ptr_null(host->counter(core, EDDY_GAUGE, "eddy_probe_a_total", NULL, "A.")); /* another kind */
  const char *const names[] = {
      "", "a", "eddy_probe", "eddy_prober_a", "eddy_rooms", "eddy_probe_a b", "eddy_probe_\xc3\xa9"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    ck_assert_msg(!host->counter(core, EDDY_COUNTER, names[i], NULL, ""), "%s", names[i]);
  const char *const labels[] = {
      "a",        "a=",       "a=1",       "a=\"",   "a=\"1",          "a=\"1\",",         ",a=\"1\"",
      "1a=\"1\"", "a=\"\n\"", "a=\"\\x\"", "a=\"\\", "a=\"1\"b=\"2\"", "a=\"1\",,b=\"2\"", "=\"1\""};
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
    ck_assert_msg(!host->counter(core, EDDY_COUNTER, "eddy_probe_b_total", labels[i], ""), "%s", labels[i]);
  ck_assert_ptr_nonnull(host->counter(core, EDDY_COUNTER, "eddy_probe_b_total", "a=\"\\\\\\\"\\n\",b_2=\"\"", ""));
  const double bounds[] = {1, 1};
  ck_assert_ptr_null(host->histogram(core, "eddy_probe_h", NULL, "", bounds, 2));
  ck_assert_ptr_null(host->counter(core, EDDY_HISTOGRAM, "eddy_probe_h", NULL, ""));
}
END_TEST

static double sample_of(const char *line) {
  const char *text = samples(), *found = strstr(text, line);
  ck_assert_msg(found != NULL, "no %s in %s", line, text);
  return strtod(found + strlen(line), NULL);
}

START_TEST(sampled) {
  struct ed_sampler sampler = {.hub = &plugged.world.hub};
  struct fake ann, bob;
  ed_counters_sampler(plugged.counters, ed_sampler_rooms, &sampler);
  ed_counters_sampler(plugged.counters, ed_sampler_policy, &sampler);
  ed_counters_sampler(plugged.counters, ed_sampler_process, NULL);
  join(&plugged.world, &ann);
  join_as(&plugged.world, &bob, ED_CBOR);
  bob.stalls = bob.member.blocked = true;
  PUSH(&ann, ED_APPEND, "k", "1");
  PUSH(&ann, ED_RELAY, "k", "1");
  COMPACT(&ann, "k", 1, "2");
  turn(&plugged.world);
  ck_assert(sample_of("eddy_rooms{} ") == 1);
  ck_assert(sample_of("\neddy_members{} ") == 2);
  ck_assert(sample_of("in_total{namespace=\"space\",action=\"append\"} ") == 1);
  ck_assert(sample_of("in_total{namespace=\"space\",action=\"compact\"} ") == 1);
  ck_assert(sample_of("out_total{namespace=\"space\",action=\"append\"} ") == 2);
  ck_assert(sample_of("out_total{namespace=\"space\",action=\"relay\"} ") == 2);
  ck_assert(sample_of("\neddy_sent_bytes_total{} ") == (double)ann.wire.len);
  ck_assert(sample_of("\neddy_queued_bytes{} ") == (double)bob.member.queue.bytes);
  ck_assert_uint_gt(bob.member.queue.bytes, 0);
  plugged.world.space.limits.queue = 1;
  PUSH(&ann, ED_RELAY, "k", "1");
  turn(&plugged.world);
  ck_assert(sample_of("\neddy_slow_consumers_total{} ") == 1);
  plugged.world.hub.counts.refusals[ED_FAULT_STORAGE]++;
  ck_assert(sample_of("\neddy_refusals_total{reason=\"storage\"} ") == 1);
  leave(&ann);
  leave(&bob);
  ck_assert(sample_of("\neddy_members{} ") == 0);
  ck_assert(sample_of("\neddy_queued_bytes{} ") == 0);
  ck_assert(sample_of("process_resident_memory_bytes{} ") > 100000);
  ck_assert(sample_of("process_virtual_memory_bytes{} ") > sample_of("process_resident_memory_bytes{} "));
  ck_assert(sample_of("process_open_fds{} ") >= 3);
  ck_assert(sample_of("process_max_fds{} ") >= sample_of("process_open_fds{} "));
  double age = (double)time(NULL) - sample_of("process_start_time_seconds{} ");
  ck_assert_msg(age > -2 && age < 300, "%g", age); /* two clocks, each in its own steps */
  ed_buf_deinit(&seen);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("host/plugin");
  TCase *tests = tcase_create("plugin");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, pages);
  tcase_add_test(tests, own_paths);
  tcase_add_test(tests, one_page_for_one_plugin);
  tcase_add_test(tests, namespaces);
  tcase_add_test(tests, options);
  tcase_add_test(tests, timers);
  tcase_add_test(tests, posts);
  tcase_add_test(tests, posts_at_the_end);
  tcase_add_test(tests, counters);
  tcase_add_test(tests, counters_that_cannot_be);
  tcase_add_test(tests, sampled);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
