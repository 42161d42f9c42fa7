/* Whole configurations: what they come to, and every way in which one is refused. */
#include "load.h"
#include "main.h"

struct refused {
  const char *source;
  const char *said; /* all of it */
};

static const struct refused REFUSED[] = {
    /* what a Lua file may do */
    {"return", "FILE: the configuration must return a table\n"},
    {"\nreturn {", "FILE:2: unexpected symbol near '<eof>'\n"},
    {"while true do\nend", "FILE:1: this computes for too long (more than 10000000 steps)\n"},
    {"local function f() return f() end f()", "FILE:1: this computes for too long (more than 10000000 steps)\n"},
    {"return { scripts = ('x'):rep(1e9) }", "FILE: this takes too much memory (more than 16 MiB)\n"},
    {"local s = 'x' while true do s = s .. s end", "FILE: this takes too much memory (more than 16 MiB)\n"},
    {"local t = {}\ntable.insert(t, -2^31, 1)", "FILE:2: bad argument #2 to 'insert' (position out of bounds)\n"},
    {"table.remove({}, -2^31)", "FILE:1: bad argument #2 to 'remove' (position out of bounds)\n"},
    {"return {}, os.exit()", "FILE:1: unknown name 'os'; a text needs quotes\n"},
    {"io.write('x')", "FILE:1: unknown name 'io'; a text needs quotes\n"},
    {"require 'ffi'", "FILE:1: unknown name 'require'; a text needs quotes\n"},
    {"load 'x'", "FILE:1: unknown name 'load'; a text needs quotes\n"},
    {"pcall(error)", "FILE:1: unknown name 'pcall'; a text needs quotes\n"},
    {"coroutine.wrap(error)", "FILE:1: unknown name 'coroutine'; a text needs quotes\n"},
    {"getmetatable('')", "FILE:1: unknown name 'getmetatable'; a text needs quotes\n"},
    {"string.dump(error)", "FILE:1: attempt to call field 'dump' (a nil value)\n"},
    {"return ('x'):find('x')", "FILE:1: attempt to call method 'find' (a nil value)\n"},
    {"return { debug = ture }", "FILE:1: unknown name 'ture'; did you mean 'true'?\n"},
    {"error {}", "FILE: the configuration raised an error\n"},
    {"\x1bLJ\x02", "FILE: attempt to load chunk with wrong mode\n"},
    {"local t = {} t.t = t return t", "FILE: the configuration has tables nested in more than 16 others\n"},
    {"local t = {} for i = 1, 17 do t = { a = t } end return t",
     "FILE: the configuration has tables nested in more than 16 others\n"},
    {"local t = {} for i = 1, 16 do t = { a = t } end return t", "FILE:1: unknown name a\n"},
    {"local t = {} for i = 1, 2e5 do t[i] = i end return t", "FILE: the configuration has more than 100000 values\n"},
    {"return { [true] = 1 }", "FILE: a name is text, not a boolean\n"},
    {"return { namespaces = { a = {}, ['a\\0b'] = {} } }", "FILE: a name has no NUL in it\n"},
    /* names */
    {"return {\n\nlisen = '' }", "FILE:3: unknown name lisen; did you mean listen?\n"},
    {"return { xyz = 1 }", "FILE:1: unknown name xyz\n"},
    {"return { 5 }", "FILE: the configuration: a value without a name\n"},
    {"return { depth = 5,\nlimits = { depth = 5 } }", "FILE:1: unknown name depth; did you mean limits.depth?\n"},
    {"return { limits = {\nkyes = 5 } }", "FILE:2: unknown name limits.kyes; did you mean limits.keys?\n"},
    {"return { ['namespaces.NAME.idle'] = 5 }", "FILE:1: unknown name namespaces.NAME.idle\n"},
    {"return { ['limits.depth'] = 5 }", "FILE:1: unknown name limits.depth\n"},
    {"return { ['limits.rooms'] = 5 }", "FILE:1: unknown name limits.rooms\n"},
    {"return { namespaces = { default = {\nlimits = { rooms = 5 } } } }",
     "FILE:2: unknown name namespaces.default.limits.rooms; did you mean limits.rooms?\n"},
    {"return { namespaces = { ['a b'] = {} } }",
     "FILE:1: namespaces.a b: the name of a namespace is 1 to 64 of A-Z a-z 0-9 _ -\n"},
    {"local a = { idel = 5 }\nreturn { namespaces = { a = a } }",
     "FILE:1: unknown name namespaces.a.idel; did you mean namespaces.a.idle?\n"},
    {"return { plugin_path = '/none', plugins = { nosuch = {} } }",
     "FILE:1: plugins.nosuch: no such plugin: there is no nosuch.so in /none; plugin_path names another folder\n"},
    /* values */
    {"return { limits = 5 }", "FILE:1: limits: expected a table, { NAME = VALUE, ... }\n"},
    {"return { plugins = 5 }", "FILE:1: plugins: expected a table of plugins, PLUGIN = { ... }\n"},
    {"return { namespaces = true }", "FILE:1: namespaces: expected a table of namespaces, NAME = { ... }\n"},
    {"return { namespaces = { a = 1 } }", "FILE:1: namespaces.a: expected a table, { NAME = VALUE, ... }\n"},
    {"return { namespaces = { a = { knobs = 1 } } }",
     "FILE:1: namespaces.a.knobs: expected a table, { NAME = VALUE, ... }\n"},
    {"return { namespaces = { a = { knobs = { ['1x'] = 1 } } } }",
     "FILE:1: namespaces.a.knobs.1x: a knob has a name of letters, digits and _, not beginning with a digit\n"},
    {"return { namespaces = { a = { knobs = { x = {} } } } }",
     "FILE:1: namespaces.a.knobs.x: expected a number, a text, true or false\n"},
    {"return { namespaces = { a = { knobs = { x = 'e\\255' } } } }",
     "FILE:1: namespaces.a.knobs.x: the text is not in UTF-8\n"},
    {"return { limits = { depth = '5' } }", "FILE:1: limits.depth: expected a whole number, not \"5\"\n"},
    {"return { limits = { depth = 1.5 } }", "FILE:1: limits.depth: expected a whole number, not 1.5\n"},
    {"return { limits = { depth = -1 } }", "FILE:1: limits.depth: expected a whole number, not -1\n"},
    {"return { limits = { depth = 0/0 } }", "FILE:1: limits.depth: expected a whole number, not nan\n"},
    {"return { limits = { depth = 1/0 } }", "FILE:1: limits.depth: out of range (1 to 1024)\n"},
    {"return { limits = { depth = 1025 } }", "FILE:1: limits.depth: out of range (1 to 1024)\n"},
    {"return { limits = { depth = 0 } }", "FILE:1: limits.depth: out of range (1 to 1024)\n"},
    {"return { limits = { depth = error } }", "FILE:1: limits.depth: expected a whole number, not a function\n"},
    {"return { limits = { message = '257MiB' } }", "FILE:1: limits.message: out of range (16B to 256MiB)\n"},
    {"return { limits = { message = '1Mib' } }",
     "FILE:1: limits.message: expected a size such as \"64KiB\", not \"1Mib\"\n"},
    {"return { drain = true }", "FILE:1: drain: expected a duration such as \"5s\", not true\n"},
    {"return { drain = -1 }", "FILE:1: drain: expected a duration such as \"5s\", not -1\n"},
    {"return { drain = 1e300 }", "FILE:1: drain: out of range (0ms to 1h)\n"},
    {"return { drain = '61m' }", "FILE:1: drain: out of range (0ms to 1h)\n"},
    {"return { log = 'loud' }",
     "FILE:1: log: \"loud\": a log level is error, warn, info or debug; net=info that of a part\n"},
    {"return { log = 'info,nte=debug' }", "FILE:1: log: there is no part or plugin nte; did you mean net?\n"},
    {"return { log = 'info,net=debug,wonderland=error' }",
     "FILE:1: log: there is no part or plugin wonderland; parts are admin, host, lws, main, net, policy, room\n"},
    {"return { log = 1 }", "FILE:1: log: expected a text, not 1\n"},
    {"return { scripts = '' }", "FILE:1: scripts: \"\": a path is not empty\n"},
    {"return { scripts = 'a\\0b' }", "FILE:1: scripts: expected a text, not a text with a NUL in it\n"},
    {"return { listen = {} }", "FILE:1: listen: this needs a value\n"},
    {"return { listen = 5 }", "FILE:1: listen: expected a text or a list of texts, not 5\n"},
    {"return { listen = { a = '' } }", "FILE:1: listen.a: expected a text or a list of texts\n"},
    {"return { namespaces = { a = { debug = 'true' } } }",
     "FILE:1: namespaces.a.debug: expected true or false, not \"true\"\n"},
    {"return { namespaces = { a = { policy = 'a b' } } }",
     "FILE:1: namespaces.a.policy: \"a b\": a name is 1 to 64 of A-Z a-z 0-9 _ -\n"},
    /* all at once, by line; what a terminal would obey is escaped */
    {"return {\n  log = '\\27[2J',\n  drain = {},\n  limits = { depth = 0,\n    key = 0 },\n}",
     "FILE:2: log: \"\\x1b[2J\": a log level is error, warn, info or debug; net=info that of a part\n"
     "FILE:3: drain: expected a duration such as \"5s\", not a table\n"
     "FILE:4: limits.depth: out of range (1 to 1024)\n"
     "FILE:5: limits.key: out of range (1B to 64KiB)\n"},
};

START_TEST(refused) {
  char *said;
  struct ed_config *config = load(REFUSED[_i].source, (struct ed_config_options){0}, &said);
  ck_assert_ptr_null(config);
  ck_assert_str_eq(said, REFUSED[_i].said);
  free(said);
}
END_TEST

static struct ed_config *accepted(const char *source, struct ed_config_options options) {
  char *said;
  struct ed_config *config = load(source, options, &said);
  ck_assert_str_eq(said, "");
  ck_assert_ptr_nonnull(config);
  free(said);
  return config;
}

static void check_defaults(const struct ed_config *config) {
  ck_assert_uint_eq(config->listen.len, 1);
  ck_assert_str_eq(config->listen.list[0], "127.0.0.1:8080");
  ck_assert_uint_eq(config->proxies.len, 0);
  ck_assert_ptr_null(config->public_url);
  ck_assert_int_eq(config->log.all, ED_LOG_INFO);
  ck_assert_uint_eq(config->drain_ms, 5000);
  ck_assert_uint_eq(config->rooms, 100000);
  ck_assert_uint_eq(config->connections, 50000);
  ck_assert_uint_eq(config->header_bytes, 8192);
  ck_assert_uint_eq(config->upgrade_ms, 10000);
  ck_assert_uint_eq(config->ping_interval_ms, 30000);
  ck_assert_uint_eq(config->ping_timeout_ms, 90000);
  ck_assert_uint_eq(config->spaces_len, 1);
  const struct ed_space *space = config->spaces[0];
  ck_assert_str_eq(space->name, "default");
  ck_assert_str_eq(space->policy, "default");
  ck_assert_uint_eq(space->idle_ms, 24 * 3600 * 1000);
  ck_assert(!space->create_on_connect && !space->debug);
  ck_assert_uint_eq(space->knobs_len, 0);
  const struct ed_limits wanted = {.message = 1 << 20,
                                   .depth = 128,
                                   .key = 512,
                                   .keys = 10000,
                                   .room_messages = 100000,
                                   .room_bytes = 64 << 20,
                                   .stream_messages = 50000,
                                   .stream_bytes = 16 << 20,
                                   .members = 10000,
                                   .queue = 4 << 20,
                                   .errors = 100,
                                   .excess = 1000};
  ck_assert_mem_eq(&space->limits, &wanted, sizeof wanted);
}

START_TEST(defaults) {
  struct ed_config *config = accepted(NULL, (struct ed_config_options){0});
  check_defaults(config);
  ck_assert_str_eq(config->scripts, "scripts");
  ed_config_free(config);
  config = accepted("return {}", (struct ed_config_options){0});
  check_defaults(config);
  ck_assert_str_eq(config->scripts, "/tmp/scripts"); /* relative to the file */
  ed_config_free(config);
}
END_TEST

START_TEST(values) {
  struct ed_config *config = accepted(
      "local big = 2 * 1024 ^ 2\n"
      "return {\n"
      "  listen = { '127.0.0.1:0', '[::1]:9', 'unix:/tmp/x' }, scripts = '/s', public_url = 'https://a.example/b',\n"
      "  proxies = '10.0.0.0/8', log = 'debug', drain = 2.5,\n"
      "  limits = { rooms = 7, message = big, depth = 5, key = '1KiB', ping_interval = 0 },\n"
      "  namespaces = {\n"
      "    zoo = { idle = 0, create_on_connect = true, limits = { depth = 6 } },\n"
      "    default = { debug = true, idle = '2h' },\n"
      "    [('a'):rep(64)] = { knobs = { every = '40ms', keep = 200, on = false } },\n"
      "  },\n"
      "}\n",
      (struct ed_config_options){0});
  ck_assert_uint_eq(config->listen.len, 3);
  ck_assert_str_eq(config->listen.list[1], "[::1]:9");
  ck_assert_str_eq(config->scripts, "/s");
  ck_assert_str_eq(config->public_url, "https://a.example/b");
  ck_assert_str_eq(config->proxies.list[0], "10.0.0.0/8");
  ck_assert_int_eq(config->log.all, ED_LOG_DEBUG);
  ck_assert_uint_eq(config->drain_ms, 2500);
  ck_assert_uint_eq(config->rooms, 7);
  ck_assert_uint_eq(config->ping_interval_ms, 0);
  ck_assert_uint_eq(config->spaces_len, 3); /* default first, the rest by name */
  const struct ed_space *first = config->spaces[0], *long_name = config->spaces[1], *zoo = config->spaces[2];
  ck_assert_str_eq(first->name, "default");
  ck_assert(first->debug && !first->create_on_connect);
  ck_assert_uint_eq(first->idle_ms, 7200 * 1000);
  ck_assert_uint_eq(first->limits.depth, 5);
  ck_assert_uint_eq(first->limits.message, 2 << 20);
  ck_assert_str_eq(zoo->name, "zoo");
  ck_assert(!zoo->debug && zoo->create_on_connect);
  ck_assert_uint_eq(zoo->idle_ms, 0);
  ck_assert_uint_eq(zoo->limits.depth, 6);
  ck_assert_uint_eq(zoo->limits.key, 1024);
  ck_assert_uint_eq(strlen(long_name->name), 64);
  ck_assert_uint_eq(long_name->knobs_len, 3);
  const struct ed_policy_knob *knobs = long_name->knobs;
  ck_assert(strcmp(knobs[0].name, "every") == 0 && knobs[0].kind == ED_KNOB_TEXT && !strcmp(knobs[0].text, "40ms"));
  ck_assert(strcmp(knobs[1].name, "keep") == 0 && knobs[1].kind == ED_KNOB_NUMBER && knobs[1].number == 200);
  ck_assert(strcmp(knobs[2].name, "on") == 0 && knobs[2].kind == ED_KNOB_BOOL && !knobs[2].truth);
  ed_config_free(config);
}
END_TEST

START_TEST(may_compute) {
  struct ed_config *config = accepted(
      "local hosts = {}\n"
      "for i, port in ipairs { 80, 81 } do table.insert(hosts, string.format('127.0.0.%d:%d', i, port)) end\n"
      "table.insert(hosts, 1, '[::1]:' .. math.floor(79.5)) table.remove(hosts, 2)\n"
      "return { listen = hosts, log = ('INFO'):lower() }",
      (struct ed_config_options){0});
  ck_assert_uint_eq(config->listen.len, 2);
  ck_assert_str_eq(config->listen.list[0], "[::1]:79");
  ck_assert_str_eq(config->listen.list[1], "127.0.0.2:81");
  ed_config_free(config);
}
END_TEST

static const char *const SETTINGS[] = {"limits.depth=7",
                                       "drain=1",
                                       "limits.queue=2KiB",
                                       "namespaces.default.debug=true",
                                       "namespaces.new.idle=5m",
                                       "namespaces.new.knobs.a=40ms",
                                       "namespaces.new.knobs.b=1e3",
                                       "namespaces.new.knobs.c=true",
                                       "namespaces.new.knobs.d=",
                                       "proxies=10.0.0.0/8,127.0.0.1",
                                       "scripts=a=b",
                                       "limits.depth=8"};

START_TEST(command_line) {
  static const char *const listen[] = {"127.0.0.1:1", "unix:/tmp/a,b"};
  const struct ed_config_options options = {.settings = SETTINGS,
                                            .settings_len = sizeof SETTINGS / sizeof *SETTINGS,
                                            .listen = listen,
                                            .listen_len = 2,
                                            .log = "warn"};
  struct ed_config *config = accepted("return { listen = 5, log = 5, proxies = 5, limits = { depth = 0 } }", options);
  ck_assert_uint_eq(config->listen.len, 2);
  ck_assert_str_eq(config->listen.list[1], "unix:/tmp/a,b");
  ck_assert_int_eq(config->log.all, ED_LOG_WARN);
  ck_assert_uint_eq(config->limits.depth, 8);
  ck_assert_uint_eq(config->limits.queue, 2048);
  ck_assert_uint_eq(config->drain_ms, 1000);
  ck_assert_uint_eq(config->proxies.len, 2);
  ck_assert_str_eq(config->scripts, "/tmp/a=b");
  ck_assert(config->spaces[0]->debug);
  ck_assert_str_eq(config->spaces[1]->name, "new");
  ck_assert_uint_eq(config->spaces[1]->idle_ms, 300000);
  const struct ed_policy_knob *knobs = config->spaces[1]->knobs;
  ck_assert_uint_eq(config->spaces[1]->knobs_len, 4);
  ck_assert(knobs[0].kind == ED_KNOB_TEXT && strcmp(knobs[0].text, "40ms") == 0);
  ck_assert(knobs[1].kind == ED_KNOB_NUMBER && knobs[1].number == 1000);
  ck_assert(knobs[2].kind == ED_KNOB_BOOL && knobs[2].truth);
  ck_assert(knobs[3].kind == ED_KNOB_TEXT && strcmp(knobs[3].text, "") == 0);
  ed_config_free(config);
}
END_TEST

START_TEST(a_table_in_place_of_a_value) {
  const char *setting = "limits.depth=8";
  struct ed_config *config =
      accepted("return { limits = 5 }", (struct ed_config_options){.settings = &setting, .settings_len = 1});
  ck_assert_uint_eq(config->limits.depth, 8);
  ed_config_free(config);
}
END_TEST

static const struct refused SETTINGS_REFUSED[] = {
    {"nonsense", "-s nonsense: this needs the form NAME=VALUE, such as limits.depth=64\n"},
    {"=5", "-s =5: this needs the form NAME=VALUE, such as limits.depth=64\n"},
    {"a..b=5", "-s a..b=5: this needs the form NAME=VALUE, such as limits.depth=64\n"},
    {".a=5", "-s .a=5: this needs the form NAME=VALUE, such as limits.depth=64\n"},
    {"a.=5", "-s a.=5: this needs the form NAME=VALUE, such as limits.depth=64\n"},
    {"lisen=x", "-s lisen=x: unknown name lisen; did you mean listen?\n"},
    {"limits.depth=x", "-s limits.depth=x: limits.depth: expected a whole number, not \"x\"\n"},
    {"limits.depth=99999999999999999999",
     "-s limits.depth=99999999999999999999: limits.depth: out of range (1 to 1024)\n"},
    {"limits.depth.x=1", "-s limits.depth.x=1: limits.depth: expected a whole number, not a table\n"},
    {"limits=1", "-s limits=1: limits: expected a table, { NAME = VALUE, ... }\n"},
    {"listen=", "-s listen=: listen: this needs a value\n"},
    {"namespaces.default.debug=yes",
     "-s namespaces.default.debug=yes: namespaces.default.debug: expected true or false, "
     "not \"yes\"\n"},
    {"namespaces.a b.idle=1",
     "-s namespaces.a b.idle=1: namespaces.a b: the name of a namespace is 1 to 64 of A-Z a-z 0-9 _ -\n"},
    {"plugins.No.path=x", "-s plugins.No.path=x: plugins.No: a plugin's name is 1 to 32 of a-z 0-9 _\n"},
    {"plugins.x=1", "-s plugins.x=1: plugins.x: expected a plugin and its options, PLUGIN = { NAME = VALUE, ... }\n"},
};

START_TEST(command_line_refused) {
  const char *setting = SETTINGS_REFUSED[_i].source;
  char *said;
  ck_assert_ptr_null(load(NULL, (struct ed_config_options){.settings = &setting, .settings_len = 1}, &said));
  ck_assert_str_eq(said, SETTINGS_REFUSED[_i].said);
  free(said);
}
END_TEST

START_TEST(file_and_command_line_at_once) {
  const char *setting = "lisen=x";
  char *said;
  const struct ed_config_options options = {.settings = &setting, .settings_len = 1, .log = "x"};
  ck_assert_ptr_null(load("return {", options, &said));
  ck_assert_str_eq(said,
                   "FILE:1: unexpected symbol near '<eof>'\n"
                   "-s lisen=x: unknown name lisen; did you mean listen?\n"
                   "--log-level x: log: \"x\": a log level is error, warn, info or debug; net=info that of a part\n");
  free(said);
}
END_TEST

START_TEST(no_file) {
  char *said;
  ck_assert_ptr_null(load(NULL, (struct ed_config_options){.file = "/nonexistent/eddy.lua"}, &said));
  ck_assert_str_eq(said, "/nonexistent/eddy.lua: cannot be read: No such file or directory\n");
  free(said);
  ck_assert_ptr_null(load(NULL, (struct ed_config_options){.file = "/tmp"}, &said));
  ck_assert_str_eq(said, "/tmp: cannot be read: Is a directory\n");
  free(said);
  ck_assert_ptr_null(load(NULL, (struct ed_config_options){.file = "/dev/zero"}, &said));
  ck_assert_str_eq(said, "/dev/zero: larger than 1048576 bytes\n");
  free(said);
}
END_TEST

static Suite *config_suite(void) {
  Suite *suite = suite_create("main/config");
  TCase *tests = tcase_create("config");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, refused, 0, sizeof REFUSED / sizeof *REFUSED);
  tcase_add_test(tests, defaults);
  tcase_add_test(tests, values);
  tcase_add_test(tests, may_compute);
  tcase_add_test(tests, command_line);
  tcase_add_test(tests, a_table_in_place_of_a_value);
  tcase_add_loop_test(tests, command_line_refused, 0, sizeof SETTINGS_REFUSED / sizeof *SETTINGS_REFUSED);
  tcase_add_test(tests, file_and_command_line_at_once);
  tcase_add_test(tests, no_file);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(config_suite)
