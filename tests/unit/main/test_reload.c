/* A configuration in place of another: what is said of it, and what rooms find where they point to. */
#include "main/reload.h"

#include "load.h"
#include "main.h"

static struct ed_config *accepted(const char *source) {
  char *said;
  struct ed_config *config = load(source, (struct ed_config_options){0}, &said);
  ck_assert_msg(config != NULL, "%s", said);
  free(said);
  return config;
}

/* All that is said, a line each; what waits for a restart behind "! ". Owned by the caller. */
static char *sayings(const struct ed_reload *reload) {
  char *text;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  for (size_t i = 0; i < reload->changed.len; i++) fprintf(out, "%s\n", reload->changed.list[i]);
  for (size_t i = 0; i < reload->restart.len; i++) fprintf(out, "! %s\n", reload->restart.list[i]);
  fclose(out);
  return text;
}

static const struct {
  const char *before, *after, *said;
} CASES[] = {
    {"return {}", "return {}", ""},
    {"return { limits = { depth = 5 } }", "return { limits = { depth = 128 } }", "limits.depth: 5 -> 128\n"},
    {"return { drain = '5s' }", "return { drain = 60 }", "drain: 5s -> 1m\n"},
    {"return {}", "return { log = 'warn,net=debug', log_format = 'json', log_file = 'x' }",
     "log: info -> warn,net=debug\nlog_format: logfmt -> json\nlog_file: none -> x\n"},
    {"return { proxies = '10.0.0.1' }", "return { proxies = { '10.0.0.1', 'unix' }, public_url = 'http://a' }",
     "public_url: none -> http://a\nproxies: 10.0.0.1 -> 10.0.0.1, unix\n"},
    {"return { listen = '127.0.0.1:1' }", "return { listen = { '127.0.0.1:1', '[::1]:2' }, limits = { header = 512 } }",
     "! listen: 127.0.0.1:1 -> 127.0.0.1:1, [::1]:2\n! limits.header: 8KiB -> 512B\n"},
    /* what a namespace has from the server's limits is said once */
    {"return { namespaces = { a = {}, b = { limits = { keys = 7 } } } }",
     "return { limits = { keys = 9 }, namespaces = { a = { limits = { keys = 8 } }, b = {} } }",
     "namespaces.a.limits.keys: 10000 -> 8\nnamespaces.b.limits.keys: 7 -> 9\nlimits.keys: 10000 -> 9\n"},
    {"return { limits = { keys = 5 }, namespaces = { a = {} } }",
     "return { limits = { keys = 9 }, namespaces = { a = {} } }", "limits.keys: 5 -> 9\n"},
    {"return { namespaces = { a = { policy = 'x', idle = 0 }, b = {} } }",
     "return { namespaces = { a = { policy = 'y', idle = '1h' }, c = {} } }",
     "namespaces.a.policy: x -> y\nnamespaces.a.idle: 0ms -> 1h\nnamespaces.c: new\n"
     "namespaces.b: taken out; who is in a room of it stays, nobody new comes in\n"},
    {"return { namespaces = { a = { knobs = { x = 1, y = 'z' } } } }",
     "return { namespaces = { a = { knobs = { y = 'z', x = 1 } } } }", ""},
    {"return { namespaces = { a = { knobs = { x = 1 } } } }", "return { namespaces = { a = { knobs = { x = '1' } } } }",
     "namespaces.a.knobs: changed\n"},
    {"return { namespaces = { a = { knobs = { x = 1 } } } }", "return { namespaces = { a = {} } }",
     "namespaces.a.knobs: changed\n"},
};

START_TEST(what_is_said) {
  struct ed_config *running = accepted(CASES[_i].before), *fresh = accepted(CASES[_i].after);
  struct ed_reload reload = {0};
  ed_reload_merge(fresh, running, &reload);
  char *said = sayings(&reload);
  ck_assert_str_eq(said, CASES[_i].said);
  free(said);
  ed_reload_deinit(&reload);
  ed_config_free(running);
  ed_config_free(fresh);
}
END_TEST

static const struct ed_space *space(const struct ed_config *config, const char *name) {
  for (size_t i = 0; i < config->spaces_len; i++)
    if (strcmp(config->spaces[i]->name, name) == 0) return config->spaces[i];
  return NULL;
}

/* The next configuration, in place of what runs. */
static void go_on(struct ed_config **running, const char *source, struct ed_reload *reload) {
  struct ed_config *fresh = accepted(source);
  ed_reload_deinit(reload);
  ed_reload_merge(fresh, *running, reload);
  ed_config_free(*running);
  *running = fresh;
}

START_TEST(rooms_find_the_new_one) {
  struct ed_config *running = accepted("return { namespaces = { a = { idle = 5 }, b = { limits = { keys = 7 } } } }");
  const struct ed_space *first = running->spaces[0], *a = space(running, "a"), *b = space(running, "b");
  struct ed_reload reload = {0};
  go_on(&running, "return { namespaces = { b = { policy = 'p', limits = { keys = 8 } }, c = {} } }", &reload);
  ck_assert_ptr_eq(running->spaces[0], first);
  ck_assert_ptr_eq(space(running, "b"), b);
  ck_assert_str_eq(b->policy, "p");
  ck_assert_uint_eq(b->limits.keys, 8);
  ck_assert_ptr_null(space(running, "a"));
  ck_assert_str_eq(a->name, "a"); /* a room may be there yet */
  ck_assert_uint_eq(a->idle_ms, 5000);
  ck_assert_uint_eq(reload.spaces_len, 1);
  ck_assert_ptr_eq(reload.spaces[0].space, b);
  ck_assert(!reload.spaces[0].knobs);

  go_on(&running, "return { namespaces = { default = { knobs = { x = 1 } } } }", &reload); /* and gone for longer */
  ck_assert_uint_eq(running->retired_len, 3);
  ck_assert_ptr_eq(reload.spaces[0].space, first);
  ck_assert(reload.spaces[0].knobs);

  go_on(&running, "return { namespaces = { a = { idle = 9 } } }", &reload); /* it comes back */
  ck_assert_ptr_eq(space(running, "a"), a);
  ck_assert_uint_eq(a->idle_ms, 9000);
  ck_assert_uint_eq(running->retired_len, 2);
  ck_assert_uint_eq(reload.spaces_len, 2); /* default, a */
  ck_assert_uint_eq(reload.spaces[1].idle_ms, 5000);
  ed_reload_deinit(&reload);
  ed_config_free(running);
}
END_TEST

/* What others point to is the same text, and the next reload says again what waits. */
START_TEST(what_waits_for_a_restart_stays) {
  struct ed_config *running = accepted("return { listen = '127.0.0.1:1', scripts = 'a' }");
  const char *listen = running->listen.list[0], *scripts = running->scripts;
  struct ed_reload reload = {0};
  for (int i = 0; i < 3; i++) {
    go_on(&running, "return { listen = '127.0.0.1:2', scripts = 'b' }", &reload);
    ck_assert_ptr_eq(running->listen.list[0], listen);
    ck_assert_ptr_eq(running->scripts, scripts);
    ck_assert_uint_eq(reload.restart.len, 2);
  }
  go_on(&running, "return { listen = '127.0.0.1:1', scripts = 'a' }", &reload);
  ck_assert_ptr_eq(running->listen.list[0], listen);
  ck_assert_uint_eq(reload.restart.len, 0);
  ed_reload_deinit(&reload);
  ed_config_free(running);
}
END_TEST

static Suite *reload_suite(void) {
  Suite *suite = suite_create("main/reload");
  TCase *tests = tcase_create("reload");
  tcase_add_loop_test(tests, what_is_said, 0, sizeof CASES / sizeof *CASES);
  tcase_add_test(tests, rooms_find_the_new_one);
  tcase_add_test(tests, what_waits_for_a_restart_stays);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(reload_suite)
