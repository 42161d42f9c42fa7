/* core/main/plugin_options: options of plugins, against what they declare. The plugin `first` is built beside this
 * program. */
#include <limits.h>
#include <unistd.h>

#include "load.h"
#include "main.h"

static char folder[PATH_MAX];

static void begin(void) {
  ssize_t len = readlink("/proc/self/exe", folder, sizeof folder - 16);
  ck_assert_int_gt(len, 0);
  folder[len] = 0;
  strcpy(strrchr(folder, '/'), "/fixtures");
}

/* With `plugins` as its table of plugins. */
static struct ed_config *load_with(const char *plugins, const char *setting, char **said) {
  char *source;
  if (asprintf(&source, "return { plugin_path = '%s', plugins = {\n%s } }", folder, plugins) < 0) abort();
  struct ed_config_options options = {.settings = &setting, .settings_len = setting ? 1 : 0};
  struct ed_config *config = load(source, options, said);
  free(source);
  return config;
}

static struct ed_config *accepted(const char *plugins, const char *setting) {
  char *said;
  struct ed_config *config = load_with(plugins, setting, &said);
  ck_assert_msg(config != NULL, "%s", said);
  free(said);
  return config;
}

static const struct ed_plugin_setting *setting_of(const struct ed_config *config, const char *name) {
  const struct ed_plugin_spec *spec = &config->plugins[0];
  for (size_t i = 0; i < spec->settings_len; i++)
    if (strcmp(spec->settings[i].name, name) == 0) return &spec->settings[i];
  ck_abort_msg("no %s", name);
}

START_TEST(defaults) {
  struct ed_config *config = accepted("first = {}", NULL);
  ck_assert_uint_eq(config->plugins_len, 1);
  ck_assert_uint_eq(config->plugins[0].settings_len, 6);
  ck_assert_str_eq(setting_of(config, "text")->text, "hello");
  ck_assert_uint_eq(setting_of(config, "time")->number, 50);
  ck_assert_uint_eq(setting_of(config, "bytes")->number, 1 << 20);
  ck_assert_uint_eq(setting_of(config, "count")->number, 3);
  ck_assert_str_eq(setting_of(config, "mode")->text, "one");
  ck_assert_uint_eq(setting_of(config, "flag")->number, 1);
  ed_config_free(config);
}
END_TEST

START_TEST(set) {
  struct ed_config *config =
      accepted("first = { text = '', time = 0.7, bytes = 5, count = 10, mode = 'two', flag = false }", NULL);
  ck_assert_str_eq(setting_of(config, "text")->text, "");
  ck_assert_uint_eq(setting_of(config, "time")->number, 700);
  ck_assert_uint_eq(setting_of(config, "bytes")->number, 5);
  ck_assert_uint_eq(setting_of(config, "count")->number, 10);
  ck_assert_str_eq(setting_of(config, "mode")->text, "two");
  ck_assert_uint_eq(setting_of(config, "flag")->number, 0);
  ed_config_free(config);
  config = accepted("first = { time = '1s' }", "plugins.first.time=20ms");
  ck_assert_uint_eq(setting_of(config, "time")->number, 20);
  ed_config_free(config);
  config = accepted("first = {}", "plugins.first.flag=false");
  ck_assert_uint_eq(setting_of(config, "flag")->number, 0);
  ed_config_free(config);
  config = accepted("", NULL);
  ck_assert_uint_eq(config->plugins_len, 0);
  ed_config_free(config);
}
END_TEST

/* As the file has them, whatever Lua makes of its table; those of the command line last. */
START_TEST(in_order) {
  static const char *const orders[][2] = {{"shorter = {},\nlonger = {}", "slf"}, {"longer = {},\nshorter = {}", "lsf"}};
  for (size_t i = 0; i < 2; i++) {
    struct ed_config *config = accepted(orders[i][0], "plugins.first.count=1");
    ck_assert_uint_eq(config->plugins_len, 3);
    for (size_t k = 0; k < 3; k++) ck_assert_int_eq(*ed_plugin_file_name(config->plugins[k].file), orders[i][1][k]);
    ed_config_free(config);
  }
}
END_TEST

static const struct {
  const char *plugins, *said;
} REFUSED[] = {
    {"first = { txet = 'x' }", "FILE:2: unknown name plugins.first.txet; did you mean plugins.first.text?\n"},
    {"first = {\n qqqqqqq = 1 }", "FILE:3: unknown name plugins.first.qqqqqqq\n"},
    {"first = { 5 }", "FILE:2: plugins.first: a value without a name\n"},
    {"first = { text = 5 }", "FILE:2: plugins.first.text: expected a text\n"},
    {"first = { time = '2s' }", "FILE:2: plugins.first.time: out of range (1ms to 1s)\n"},
    {"first = { time = 'x' }", "FILE:2: plugins.first.time: expected a duration such as \"5s\", not \"x\"\n"},
    {"first = { count = 11 }", "FILE:2: plugins.first.count: out of range (1 to 10)\n"},
    {"first = { count = '3' }", "FILE:2: plugins.first.count: expected a whole number, not \"3\"\n"},
    {"first = { mode = 'on' }", "FILE:2: plugins.first.mode: \"on\" is none of: one two\n"},
    {"first = { mode = '' }", "FILE:2: plugins.first.mode: \"\" is none of: one two\n"},
    {"first = { flag = 1 }", "FILE:2: plugins.first.flag: expected true or false, not 1\n"},
    {"first = true", "FILE:2: plugins.first: expected a plugin and its options, PLUGIN = { NAME = VALUE, ... }\n"},
    {"first = { count = 0 },\nfirst2 = {}, shorter = { x = 1 }",
     "FILE:2: plugins.first.count: out of range (1 to 10)\n"
     "FILE:3: plugins.first2: no such plugin: there is no first2.so in FOLDER; plugin_path names another folder\n"
     "FILE:3: unknown name plugins.shorter.x\n"},
    {"paths = {},\nrival = {}", "FILE:3: plugins.rival: the plugins paths and rival both want the path /shop\n"},
    {"rival = {}, hello = {},\npaths = {}",
     "FILE:2: plugins.hello: no such plugin: there is no hello.so in FOLDER; plugin_path names another folder\n"
     "FILE:3: plugins.paths: the plugins rival and paths both want the path /shop\n"},
    {"foreign = {}", "FILE:2: plugins.foreign: FOLDER/foreign.so: made for ABI 7, this daemon speaks 1\n"},
};

START_TEST(refused) {
  char *said, want[2 * PATH_MAX];
  ck_assert_ptr_null(load_with(REFUSED[_i].plugins, NULL, &said));
  const char *rest = REFUSED[_i].said, *found = strstr(rest, "FOLDER");
  if (found)
    snprintf(want, sizeof want, "%.*s%s%s", (int)(found - rest), rest, folder, found + 6);
  else
    snprintf(want, sizeof want, "%s", rest);
  ck_assert_str_eq(said, want);
  free(said);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("main/plugin_options");
  TCase *tests = tcase_create("plugin_options");
  tcase_add_checked_fixture(tests, begin, NULL);
  tcase_add_test(tests, defaults);
  tcase_add_test(tests, set);
  tcase_add_test(tests, in_order);
  tcase_add_loop_test(tests, refused, 0, (int)(sizeof REFUSED / sizeof *REFUSED));
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
