/* core/main/plugin_knobs: the options of the plugins that are built beside this program, as people read them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "main.h"
#include "main/plugin_knobs.h"

static char *listed(const char *folder) {
  char *text;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  ed_plugin_knobs_print(out, folder);
  fclose(out);
  return text;
}

START_TEST(every_kind) {
  char folder[PATH_MAX];
  ssize_t len = readlink("/proc/self/exe", folder, sizeof folder - 16);
  ck_assert_int_gt(len, 0);
  folder[len] = 0;
  strcpy(strrchr(folder, '/'), "/fixtures");
  char *text = listed(folder);
  static const char first[] =
      "\nplugins.first.text\n    text; default: hello\n    A text.\n"
      "\nplugins.first.time\n    duration, 1ms to 1s; default: 50ms\n    A time.\n"
      "\nplugins.first.bytes\n    size; default: 1MiB\n    A size.\n"
      "\nplugins.first.count\n    number, 1 to 10; default: 3\n    A count.\n"
      "\nplugins.first.mode\n    text, one of: one two; default: one\n    One of two.\n"
      "\nplugins.first.flag\n    true or false; default: true\n    Yes or no.\n"
      "\nplugins.foreign\n    It cannot be used: ";
  ck_assert_msg(strncmp(text, first, strlen(first)) == 0, "%s", text);
  ck_assert_ptr_nonnull(strstr(text, "made for ABI 7, this daemon speaks 1\n"));
  ck_assert_ptr_nonnull(strstr(text, "\nplugins.longer\n    A plugin without options.\n"));
  free(text);
}
END_TEST

START_TEST(none) {
  char *text = listed("/nowhere");
  ck_assert_str_eq(text, "");
  free(text);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("main/plugin_knobs");
  TCase *tests = tcase_create("plugin_knobs");
  tcase_add_test(tests, every_kind);
  tcase_add_test(tests, none);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
