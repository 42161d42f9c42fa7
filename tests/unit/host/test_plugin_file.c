/* core/host/plugin_file: shared objects, right and wrong ones. They are built beside this program, in fixtures/. */
#include <limits.h>
#include <unistd.h>

#include "host/plugin_private.h"
#include "main.h"

static char folder[PATH_MAX];
static struct ed_plugin_file *file;
static char why[512];

static void begin(void) {
  ssize_t len = readlink("/proc/self/exe", folder, sizeof folder - 16);
  ck_assert_int_gt(len, 0);
  folder[len] = 0;
  strcpy(strrchr(folder, '/'), "/fixtures");
  file = NULL;
}

static void opens(const char *name) {
  ck_assert_msg(ed_plugin_file_open(&file, name, folder, why) == 0, "%s", why);
  ck_assert_str_eq(ed_plugin_file_name(file), name);
}

static void refused(const char *name, const char *word) {
  ck_assert_int_lt(ed_plugin_file_open(&file, name, folder, why), 0);
  ck_assert_msg(strstr(why, word) != NULL, "no \"%s\" in: %s", word, why);
}

START_TEST(of_the_first_header) {
  opens("first");
  const struct eddy_option *options = ed_plugin_file_options(file);
  ck_assert_str_eq(options[1].name, "time");
  ck_assert_ptr_null(options[6].name);
  ck_assert(file->table.push != NULL);
  ck_assert(file->table.commit == NULL);
  ck_assert(file->table.transfer == NULL && file->table.paths == NULL); /* that header ends before them */
  ed_plugin_file_close(file);
}
END_TEST

START_TEST(of_an_older_header) {
  opens("shorter");
  ck_assert(file->table.join == NULL); /* behind the end of its table */
  ck_assert_ptr_null(ed_plugin_file_options(file)[0].name);
  ed_plugin_file_close(file);
}
END_TEST

START_TEST(of_a_newer_header) {
  opens("longer");
  ck_assert_uint_gt(file->table.size, sizeof file->table);
  ck_assert(file->table.http == NULL && file->table.transfer == NULL);
  ed_plugin_file_close(file);
}
END_TEST

START_TEST(of_another_abi) { refused("foreign", "/fixtures/foreign.so: made for ABI 7, this daemon speaks 1"); }
END_TEST

START_TEST(no_plugins) {
  refused("nothing", "does not export eddy_plugin");
  refused("misnamed", "the plugin in it is called another");
  refused("stub", "shorter than any header's");
  refused("odd", "of a kind that this daemon does not know");
  refused("unsure", "nobody_has_this");
  refused("greedy", "/fixtures/greedy.so: it wants the path /room, which is the daemon's");
}
END_TEST

START_TEST(not_there) {
  refused("absent", "no such plugin: there is no absent.so in ");
  ck_assert_ptr_nonnull(strstr(why, folder));
  ck_assert_int_lt(ed_plugin_file_open(&file, "absent", NULL, why), 0); /* it says both places */
  ck_assert_ptr_nonnull(strstr(why, "/plugins or "));
  ck_assert_ptr_nonnull(strstr(why, "/lib/eddy/plugins"));
  const char *const names[] = {"", "../first", "a/b", "First", "1st", "a.b", "abcdefghijklmnopqrstuvwxyz0123456"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) refused(names[i], "a plugin's name is 1 to 32");
}
END_TEST

static void http(void *self, const struct eddy_http_request *request, struct eddy_http_answer *answer) {
  (void)self, (void)request, (void)answer;
}

START_TEST(paths_of_its_own) {
  static const char *const fine[] = {"", "x", "a-b_c.txt", "0"};
  static const char *const wrong[] = {
      ".x",       "..",      "a/b", "/a",  "A",    "a b",  "abcdefghijklmnopqrstuvwxyz0123456",
      "\xc3\xa9", "healthz", "db",  "new", "room", "admin"};
  const char *list[2] = {NULL};
  struct eddy_plugin table = {.name = "x", .http = http, .paths = list};
  ck_assert_int_eq(ed_plugin_paths_check(&table, why), 0);
  for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
    list[0] = fine[i];
    ck_assert_msg(ed_plugin_paths_check(&table, why) == 0, "%s: %s", fine[i], why);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    list[0] = wrong[i];
    ck_assert_msg(ed_plugin_paths_check(&table, why) != 0, "%s", wrong[i]);
  }
  table.http = NULL;
  list[0] = "x";
  ck_assert_int_ne(ed_plugin_paths_check(&table, why), 0);
  table.paths = NULL;
  ck_assert_int_eq(ed_plugin_paths_check(&table, why), 0);
}
END_TEST

static void note(void *arg, const char *name) {
  char *names = arg;
  strcat(strcat(names, name), " ");
}

START_TEST(all_of_a_folder) {
  char names[512] = "";
  ed_plugin_files_each(folder, note, names);
  ck_assert_str_eq(names, "first foreign greedy longer misnamed nothing odd paths rival shorter stub unsure ");
  names[0] = 0;
  ed_plugin_files_each("/nowhere", note, names);
  ck_assert_str_eq(names, "");
  ed_plugin_files_each(NULL, note, names); /* beside this program */
  ck_assert_ptr_nonnull(strstr(names, "hello metrics "));
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("host/plugin_file");
  TCase *tests = tcase_create("plugin_file");
  tcase_add_checked_fixture(tests, begin, NULL);
  tcase_add_test(tests, of_the_first_header);
  tcase_add_test(tests, of_an_older_header);
  tcase_add_test(tests, of_a_newer_header);
  tcase_add_test(tests, of_another_abi);
  tcase_add_test(tests, no_plugins);
  tcase_add_test(tests, not_there);
  tcase_add_test(tests, paths_of_its_own);
  tcase_add_test(tests, all_of_a_folder);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
