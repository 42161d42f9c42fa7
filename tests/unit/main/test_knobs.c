/* The table of knobs itself, and the parsing of single values at the edges of their ranges. */
#include <inttypes.h>

#include "base/units.h"
#include "load.h"
#include "main.h"
#include "main/knobs.h"

static bool ranged(const struct ed_knob *knob) { return knob->kind <= ED_KIND_COUNT; }

START_TEST(rows_make_sense) {
  const struct ed_knob *knob = &ED_KNOBS[_i];
  ck_assert_msg(knob->says && strlen(knob->says) > 10 && knob->says[strlen(knob->says) - 1] == '.', "%s", knob->name);
  ck_assert_msg(knob->min < knob->max || !ranged(knob), "%s", knob->name);
  for (size_t i = 0; i < (size_t)_i; i++) {
    ck_assert_str_ne(ED_KNOBS[i].name, knob->name);
    ck_assert_msg(ED_KNOBS[i].home != knob->home || ED_KNOBS[i].at != knob->at, "%s", knob->name);
  }
  const char *dot = strrchr(knob->name, '.');
  char prefix[64];
  snprintf(prefix, sizeof prefix, "%.*s", (int)(dot ? dot + 1 - knob->name : 0), knob->name);
  ck_assert_ptr_eq(ed_knob_find(knob->home, prefix, dot ? dot + 1 : knob->name), knob);
}
END_TEST

static bool taken(const char *name, uint64_t value, bool milliseconds) {
  char text[128];
  snprintf(text, sizeof text, "%s=%" PRIu64 "%s", name, value, milliseconds ? "ms" : "");
  const char *setting = text;
  char *said;
  struct ed_config *config = load(NULL, (struct ed_config_options){.settings = &setting, .settings_len = 1}, &said);
  bool good = config && !*said;
  ed_config_free(config);
  free(said);
  return good;
}

START_TEST(edges) {
  const struct ed_knob *knob = &ED_KNOBS[_i];
  if (!ranged(knob)) return;
  char name[64];
  bool space = knob->home == ED_HOME_SPACE, ms = knob->kind == ED_KIND_DURATION;
  snprintf(name, sizeof name, "%s%s", space ? "namespaces.x." : "",
           space ? knob->name + strlen("namespaces.NAME.") : knob->name);
  ck_assert_msg(taken(name, knob->min, ms) && taken(name, knob->max, ms), "%s", name);
  ck_assert_msg(!taken(name, knob->max + 1, ms), "%s", name);
  if (knob->min) ck_assert_msg(!taken(name, knob->min - 1, ms), "%s", name);
}
END_TEST

START_TEST(listing) {
  char *text;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  ed_knobs_print(out);
  fclose(out);
  ck_assert_ptr_nonnull(
      strstr(text,
             "\nlimits.depth\n    number, 1 to 1024; default: 128\n    How deep a message may be nested.\n"
             "    A namespace may set its own: namespaces.NAME.limits.depth\n"));
  ck_assert_ptr_nonnull(strstr(text, "\ndrain\n    duration, 0ms to 1h; default: 5s\n"));
  ck_assert_ptr_nonnull(strstr(text, "\npublic_url\n    URL; default: none\n"));
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) ck_assert_ptr_nonnull(strstr(text, ED_KNOBS[i].says));
  free(text);
}
END_TEST

START_TEST(names) {
  char name[66] = {0};
  ck_assert(!ed_knob_name_valid(""));
  ck_assert(ed_knob_name_valid("aZ09_-"));
  ck_assert(!ed_knob_name_valid("a.b") && !ed_knob_name_valid("a/b") && !ed_knob_name_valid("\xc3\xa9"));
  memset(name, 'a', 64);
  ck_assert(ed_knob_name_valid(name));
  name[64] = 'a';
  ck_assert(!ed_knob_name_valid(name));
}
END_TEST

static Suite *knobs_suite(void) {
  Suite *suite = suite_create("main/knobs");
  TCase *tests = tcase_create("knobs");
  tcase_add_loop_test(tests, rows_make_sense, 0, (int)ED_KNOBS_LEN);
  tcase_add_loop_test(tests, edges, 0, (int)ED_KNOBS_LEN);
  tcase_add_test(tests, listing);
  tcase_add_test(tests, names);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(knobs_suite)
