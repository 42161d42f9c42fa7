/* The command line. */
#include <errno.h>
#include <string.h>

#include "main.h"
#include "main/cli.h"

#define ARGS_MAX 20

/* Parses the words of `line`; what it says goes to `said`, of 200 bytes. The words live until the next call. */
static int parse(struct ed_cli *cli, const char *line, char said[200]) {
  static char words[300];
  char *argv[ARGS_MAX] = {0}, *rest = words;
  int argc = 0;
  snprintf(words, sizeof words, "%s", line);
  while (argc < ARGS_MAX - 1 && (argv[argc] = strsep(&rest, " "))) argc++;
  memset(said, 0, 200);
  FILE *err = fmemopen(said, 199, "w");
  int rc = ed_cli_parse(cli, argc, argv, err);
  fclose(err);
  return rc;
}

START_TEST(everything) {
  struct ed_cli cli;
  char said[200];
  ck_assert_int_eq(parse(&cli, "eddyd -c f -l a -s x=1 --listen b --set y=2 --log-level warn --check", said), 0);
  ck_assert_str_eq(said, "");
  ck_assert_int_eq(cli.action, ED_CLI_CHECK);
  ck_assert_str_eq(cli.options.file, "f");
  ck_assert_str_eq(cli.options.log, "warn");
  ck_assert_uint_eq(cli.options.listen_len, 2);
  ck_assert_str_eq(cli.options.listen[0], "a");
  ck_assert_str_eq(cli.options.listen[1], "b");
  ck_assert_uint_eq(cli.options.settings_len, 2);
  ck_assert_str_eq(cli.options.settings[0], "x=1");
  ck_assert_str_eq(cli.options.settings[1], "y=2");
  ed_cli_deinit(&cli);
  ck_assert_int_eq(parse(&cli, "eddyd", said), 0);
  ck_assert_int_eq(cli.action, ED_CLI_RUN);
  ck_assert(!cli.options.file && !cli.options.log && !cli.options.listen_len && !cli.options.settings_len);
  ed_cli_deinit(&cli);
}
END_TEST

static const struct {
  const char *line;
  enum ed_cli_action action;
} ACTIONS[] = {{"eddyd --knobs", ED_CLI_KNOBS},
               {"eddyd --version", ED_CLI_VERSION},
               {"eddyd --export-all", ED_CLI_EXPORT},
               {"eddyd --export a", ED_CLI_EXPORT},
               {"eddyd --import", ED_CLI_IMPORT},
               {"eddyd --help", ED_CLI_HELP},
               {"eddyd -h", ED_CLI_HELP}};

START_TEST(actions) {
  struct ed_cli cli;
  char said[200];
  ck_assert_int_eq(parse(&cli, ACTIONS[_i].line, said), 0);
  ck_assert_int_eq(cli.action, ACTIONS[_i].action);
  ed_cli_deinit(&cli);
}
END_TEST

START_TEST(in_the_background) {
  struct ed_cli cli;
  char said[200];
  ck_assert_int_eq(parse(&cli, "eddyd --daemon --pidfile p", said), 0);
  ck_assert(cli.action == ED_CLI_RUN && cli.background);
  ck_assert_str_eq(cli.pidfile, "p");
  ed_cli_deinit(&cli);
  ck_assert_int_eq(parse(&cli, "eddyd", said), 0);
  ck_assert(!cli.background && !cli.pidfile);
  ed_cli_deinit(&cli);
}
END_TEST

static bool is(const char *text, const char *wanted) { return wanted ? text && strcmp(text, wanted) == 0 : !text; }

static const struct {
  const char *line, *room, *input;
  bool force;
} TRANSFERS[] = {
    {"eddyd --export a/b -s x=1", "a/b", NULL, false},   {"eddyd --export=c", "c", NULL, false},
    {"eddyd --export-all", NULL, NULL, false},           {"eddyd --import --force", NULL, NULL, true},
    {"eddyd --import file -s x=1", NULL, "file", false}, {"eddyd --force --import=file", NULL, "file", true}};

START_TEST(transfers) {
  struct ed_cli cli;
  char said[200];
  ck_assert_int_eq(parse(&cli, TRANSFERS[_i].line, said), 0);
  ck_assert(is(cli.room, TRANSFERS[_i].room) && is(cli.input, TRANSFERS[_i].input));
  ck_assert(cli.force == TRANSFERS[_i].force);
  ed_cli_deinit(&cli);
}
END_TEST

static const struct {
  const char *line, *said;
} REFUSED[] = {
    {"eddyd -l a --foo", "eddyd: unknown option --foo; see eddyd --help\n"},
    {"eddyd -l a -x", "eddyd: unknown option -x; see eddyd --help\n"},
    {"eddyd -l a -c", "eddyd: -c needs a value; see eddyd --help\n"},
    {"eddyd -s a --log-level", "eddyd: --log-level needs a value; see eddyd --help\n"},
    {"eddyd --check=1", "eddyd: unknown option --check=1; see eddyd --help\n"},
    {"eddyd --export", "eddyd: --export needs a value; see eddyd --help\n"},
    {"eddyd --export a b", "eddyd: unexpected b; see eddyd --help\n"},
    {"eddyd --import=a b", "eddyd: unexpected b; see eddyd --help\n"},
    {"eddyd --import a b", "eddyd: unexpected b; see eddyd --help\n"},
    {"eddyd --export a --import", "eddyd: one --export, --export-all or --import at a time; see eddyd --help\n"},
    {"eddyd --export a --force", "eddyd: --force goes with --import only; see eddyd --help\n"},
    {"eddyd -l a extra", "eddyd: unexpected extra; see eddyd --help\n"}};

START_TEST(refused) {
  struct ed_cli cli;
  char said[200];
  ck_assert_int_eq(parse(&cli, REFUSED[_i].line, said), -EINVAL);
  ck_assert_str_eq(said, REFUSED[_i].said);
}
END_TEST

static Suite *cli_suite(void) {
  Suite *suite = suite_create("main/cli");
  TCase *tests = tcase_create("cli");
  tcase_add_test(tests, everything);
  tcase_add_test(tests, in_the_background);
  tcase_add_loop_test(tests, actions, 0, sizeof ACTIONS / sizeof *ACTIONS);
  tcase_add_loop_test(tests, transfers, 0, sizeof TRANSFERS / sizeof *TRANSFERS);
  tcase_add_loop_test(tests, refused, 0, sizeof REFUSED / sizeof *REFUSED);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(cli_suite)
