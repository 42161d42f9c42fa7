#include "main/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "base/mem.h"

enum { LOG_LEVEL = 256, CHECK, KNOBS, TEST, EXPORT, EXPORT_ALL, IMPORT, FORCE, DAEMON, PIDFILE, VERSION };

const struct ed_cli_option ED_CLI_OPTIONS[] = {
    {'c', "config", "FILE", "the configuration; without it ./etc/eddy.lua, if there, else every knob's default"},
    {'l', "listen", "ADDRESS", "HOST:PORT, [IPV6]:PORT or unix:/PATH, in place of the configuration's; repeatable"},
    {'s', "set", "NAME=VALUE", "a knob, such as limits.depth=64; repeatable, the last counts"},
    {LOG_LEVEL, "log-level", "LEVEL", "error, warn, info or debug, such as info,net=debug"},
    {DAEMON, "daemon", NULL, "go on in the background, and end here once rooms are served there"},
    {PIDFILE, "pidfile", "FILE", "the process' number, as long as it runs; two cannot have the same"},
    {CHECK, "check", NULL, "say all that is wrong with the configuration and the policies it names, and end"},
    {KNOBS, "knobs", NULL, "list every knob with its default, its range and what it does"},
    {TEST, "test", "FILE", "run a policy's own tests, a file NAME_test.lua, and end; repeatable"},
    {EXPORT, "export", "ROOM",
     "the room NAMESPACE/ID (or ID, of the namespace default) as JSON lines on stdout, and end;\n"
     "what the plugin that keeps rooms has of it, also while a daemon is running"},
    {EXPORT_ALL, "export-all", NULL, "likewise every room"},
    {IMPORT, "import", "[FILE]",
     "keep the rooms of an export, from FILE or stdin, and end; all, or where anything is wrong\n"
     "none; refused while a daemon has the database open"},
    {FORCE, "force", NULL, "with --import: in place of rooms that are there already"},
    {VERSION, "version", NULL, NULL},
    {'h', "help", NULL, NULL},
};
const size_t ED_CLI_OPTIONS_LEN = sizeof ED_CLI_OPTIONS / sizeof *ED_CLI_OPTIONS;

#define OPTIONS_LEN (sizeof ED_CLI_OPTIONS / sizeof *ED_CLI_OPTIONS)
#define SAYS_COLUMN 26 /* of --help */

static void print_says(FILE *out, const char *says) {
  for (; *says; says++) {
    fputc(*says, out);
    if (*says == '\n') fprintf(out, "%*s", SAYS_COLUMN, "");
  }
  fputc('\n', out);
}

void ed_cli_help(FILE *out) {
  fputs("Usage: eddyd [OPTION]...\nA server for real-time rooms over WebSocket.\n\n", out);
  for (size_t i = 0; i < OPTIONS_LEN; i++) {
    const struct ed_cli_option *option = &ED_CLI_OPTIONS[i];
    char name[40];
    bool letter = option->value < 256;
    snprintf(name, sizeof name, "--%s%s%s", option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    fprintf(out, "  %c%c%c ", letter ? '-' : ' ', letter ? option->value : ' ', letter ? ',' : ' ');
    fprintf(out, option->says ? "%-20s" : "%s\n", name);
    if (option->says) print_says(out, option->says);
  }
  fputs(
      "\nSIGTERM and SIGINT end it: members are sent away over the time of the knob drain; once more, and it ends at once.\n"
      "SIGHUP reads the configuration again, without closing a connection. Exit status: 0 ended as asked,\n"
      "1 a bad configuration or no way to listen, 2 a bad command line. Of an export or import also: 1 it cannot be "
      "read\n"
      "or written, 3 no such room, 4 a room is there already, 5 another process is at work on it, 6 a bad line.\n",
      out);
}

static void add(struct ed_texts *texts, const char *text) {
  texts->list = ed_grow(texts->list, sizeof *texts->list, texts->len, &texts->cap);
  texts->list[texts->len++] = text;
}

/* One of a command line: a backup that was asked for and then not made would be missed too late. */
static int transfer(struct ed_cli *cli, enum ed_cli_action action, const char *of) {
  if (cli->action == ED_CLI_EXPORT || cli->action == ED_CLI_IMPORT) return -EEXIST;
  cli->action = action;
  *(action == ED_CLI_EXPORT ? &cli->room : &cli->input) = of;
  return 0;
}

static int take(struct ed_cli *cli, int option) {
  switch (option) {
    case 'c': cli->options.file = optarg; return 0;
    case 'l': add(&cli->listen, optarg); return 0;
    case 's': add(&cli->settings, optarg); return 0;
    case LOG_LEVEL: cli->options.log = optarg; return 0;
    case CHECK: cli->action = ED_CLI_CHECK; return 0;
    case KNOBS: cli->action = ED_CLI_KNOBS; return 0;
    case TEST:
      cli->action = ED_CLI_TEST;
      add(&cli->tests, optarg);
      return 0;
    case EXPORT: return transfer(cli, ED_CLI_EXPORT, optarg);
    case EXPORT_ALL: return transfer(cli, ED_CLI_EXPORT, NULL);
    case IMPORT: return transfer(cli, ED_CLI_IMPORT, optarg);
    case DAEMON: cli->background = true; return 0;
    case PIDFILE: cli->pidfile = optarg; return 0;
    case FORCE: cli->force = true; return 0;
    case VERSION: cli->action = ED_CLI_VERSION; return 0;
    case 'h': cli->action = ED_CLI_HELP; return 0;
    default: return -EINVAL;
  }
}

/* As getopt wants them: a leading colon, so that a missing value is told from an unknown option. */
static void fill_getopt(struct option options[OPTIONS_LEN + 1], char *letters) {
  *letters++ = ':';
  for (size_t i = 0; i < OPTIONS_LEN; i++) {
    const struct ed_cli_option *option = &ED_CLI_OPTIONS[i];
    int takes = !option->argument ? no_argument : *option->argument == '[' ? optional_argument : required_argument;
    options[i] = (struct option){option->name, takes, NULL, option->value};
    if (option->value < 256) *letters++ = (char)option->value;
    if (option->value < 256 && option->argument) *letters++ = ':';
  }
  *letters = 0;
  options[OPTIONS_LEN] = (struct option){0};
}

int ed_cli_parse(struct ed_cli *cli, int argc, char **argv, FILE *err) {
  *cli = (struct ed_cli){0};
  optind = 0; /* glibc: begin anew, so that tests can call this more than once */
  opterr = 0;
  int rc = 0, option;
  struct option options[OPTIONS_LEN + 1];
  char letters[2 * OPTIONS_LEN + 2];
  fill_getopt(options, letters);
  while (rc == 0 && (option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
    rc = take(cli, option);
    if (rc == -EEXIST)
      fputs("eddyd: one --export, --export-all or --import at a time; see eddyd --help\n", err);
    else if (rc && option == ':')
      fprintf(err, "eddyd: %s needs a value; see eddyd --help\n", argv[optind - 1]);
    else if (rc && optopt > 0 && optopt < LOG_LEVEL)
      fprintf(err, "eddyd: unknown option -%c; see eddyd --help\n", optopt);
    else if (rc)
      fprintf(err, "eddyd: unknown option %s; see eddyd --help\n", argv[optind - 1]);
  }
  if (rc == 0 && optind < argc && cli->action == ED_CLI_IMPORT && !cli->input) cli->input = argv[optind++];
  if (rc == 0 && cli->force && cli->action != ED_CLI_IMPORT) {
    fputs("eddyd: --force goes with --import only; see eddyd --help\n", err);
    rc = -EINVAL;
  }
  if (rc == 0 && optind < argc) {
    fprintf(err, "eddyd: unexpected %s; see eddyd --help\n", argv[optind]);
    rc = -EINVAL;
  }
  cli->options.listen = cli->listen.list;
  cli->options.listen_len = cli->listen.len;
  cli->options.settings = cli->settings.list;
  cli->options.settings_len = cli->settings.len;
  if (rc) ed_cli_deinit(cli);
  return rc ? -EINVAL : 0;
}

void ed_cli_deinit(struct ed_cli *cli) {
  free(cli->listen.list);
  free(cli->settings.list);
  free(cli->tests.list);
  *cli = (struct ed_cli){0};
}
