/* Names to lines, and names to the nearest name. */
#include <string.h>

#include "main.h"
#include "main/lines.h"
#include "main/nearest.h"

static const char SOURCE[] =
    "-- idle = 1\n"                                      /* 1 */
    "--[[ idle = 2\n"                                    /* 2 */
    "]] local zoo = { idle = \"3h\" }\n"                 /* 3 */
    "local text = [==[\n"                                /* 4 */
    "depth = 5 ]] fake = 1 ]==] .. 'a = 1 \\' b = 2' \n" /* 5 */
    "local same = text == \"x\" or text ~= depth\n"      /* 6 */
    "return {\n"                                         /* 7 */
    "  listen = { 'a', { x = 1 } },\n"                   /* 8 */
    "  depth = 1,\n"                                     /* 9 */
    "  limits = { depth = 2,\n"                          /* 10 */
    "    [\"key\"] = 3, ['b c'] = 4,\n"                  /* 11 */
    "    depth = 5 },\n"                                 /* 12 */
    "  namespaces = { zoo = zoo, default = {\n"          /* 13 */
    "    limits = {\n"                                   /* 14 */
    "      key = '\\\n'} } },\n"                         /* 15, 16 */
    "  drain = '5s', -- }\n"                             /* 17 */
    "  log = 'info'\n"                                   /* 18 */
    "}\n";

static const struct {
  const char *path;
  int line;
} PLACES[] = {{"listen", 8},
              {"depth", 9},
              {"limits", 10},
              {"limits.depth", 12}, /* the last counts */
              {"limits.key", 11},
              {"limits.b c", 11},
              {"namespaces", 13},
              {"namespaces.default.limits", 14},
              {"namespaces.default.limits.key", 15},
              {"namespaces.zoo", 13},
              {"namespaces.zoo.idle", 3}, /* put together from a local */
              {"drain", 17},
              {"log", 18},
              {"listen.x", 8},
              {"text", 4},
              {"fake", 0},
              {"a", 0},
              {"b", 0},
              {"nothing", 0},
              {"limit", 0},
              {"", 0}};

START_TEST(finds) {
  struct ed_lines lines;
  ed_lines_init(&lines, SOURCE, sizeof SOURCE - 1);
  ck_assert_int_eq(ed_lines_find(&lines, PLACES[_i].path), PLACES[_i].line);
  ed_lines_deinit(&lines);
}
END_TEST

START_TEST(survives_any_cut) {
  for (size_t len = 0; len < sizeof SOURCE; len++) {
    char *copy = malloc(len ? len : 1); /* so that a sanitizer sees a step beyond */
    memcpy(copy, SOURCE, len);
    struct ed_lines lines;
    ed_lines_init(&lines, copy, len);
    ed_lines_deinit(&lines);
    free(copy);
  }
}
END_TEST

START_TEST(survives_deep_braces) {
  char source[2000];
  for (size_t i = 0; i < sizeof source; i += 4) memcpy(source + i, "a={\n", 4);
  struct ed_lines lines;
  ed_lines_init(&lines, source, sizeof source);
  ck_assert_int_eq(ed_lines_find(&lines, "a.a.a"), 3);
  ed_lines_deinit(&lines);
}
END_TEST

START_TEST(nearest) {
  static const char *const names[] = {"listen", "limits", "log", "drain", "ping_interval", "ping_timeout"};
  static const struct {
    const char *name, *near;
  } cases[] = {{"lisen", "listen"},
               {"listne", "listen"},
               {"listten", "listen"},
               {"limit", "limits"},
               {"lgo", "log"},
               {"logs", "log"},
               {"train", "drain"},
               {"ping_timout", "ping_timeout"},
               {"pingtimeout", "ping_timeout"},
               {"xyz", NULL},
               {"", NULL},
               {"unrelated", NULL},
               {"log", "log"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *near = ed_nearest(cases[i].name, names, sizeof names / sizeof *names);
    ck_assert_msg((!near && !cases[i].near) || (near && cases[i].near && strcmp(near, cases[i].near) == 0), "%s: %s",
                  cases[i].name, near ? near : "none");
  }
  char longest[200] = {0};
  memset(longest, 'l', sizeof longest - 1);
  const char *const candidate = longest;
  ck_assert_ptr_null(ed_nearest(longest, names, 6));
  ck_assert_ptr_null(ed_nearest("l", &candidate, 1));
}
END_TEST

static Suite *lines_suite(void) {
  Suite *suite = suite_create("main/lines");
  TCase *tests = tcase_create("lines");
  tcase_add_loop_test(tests, finds, 0, sizeof PLACES / sizeof *PLACES);
  tcase_add_test(tests, survives_any_cut);
  tcase_add_test(tests, survives_deep_braces);
  tcase_add_test(tests, nearest);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(lines_suite)
