#include "main/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "base/mem.h"

enum { LOG_LEVEL = 256, CHECK, KNOBS, TEST, EXPORT, EXPORT_ALL, IMPORT, FORCE, VERSION };

static const struct option OPTIONS[] = {{"config", required_argument, NULL, 'c'},
                                        {"listen", required_argument, NULL, 'l'},
                                        {"set", required_argument, NULL, 's'},
                                        {"log-level", required_argument, NULL, LOG_LEVEL},
                                        {"check", no_argument, NULL, CHECK},
                                        {"knobs", no_argument, NULL, KNOBS},
                                        {"test", required_argument, NULL, TEST},
                                        {"export", required_argument, NULL, EXPORT},
                                        {"import", optional_argument, NULL, IMPORT},
                                        {"export-all", no_argument, NULL, EXPORT_ALL},
                                        {"force", no_argument, NULL, FORCE},
                                        {"version", no_argument, NULL, VERSION},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

void ed_cli_help(FILE *out) {
  fputs(
      "Usage: eddyd [OPTION]...\n"
      "A server for real-time rooms over WebSocket.\n"
      "\n"
      "  -c, --config FILE       the configuration; without it ./etc/eddy.lua, if there, else every knob's default\n"
      "  -l, --listen ADDRESS    HOST:PORT, [IPV6]:PORT or unix:/PATH, in place of the configuration's; repeatable\n"
      "  -s, --set NAME=VALUE    a knob, such as limits.depth=64; repeatable, the last counts\n"
      "      --log-level LEVEL   error, warn, info or debug\n"
      "      --check             say all that is wrong with the configuration and the policies it names, and end\n"
      "      --knobs             list every knob with its default, its range and what it does\n"
      "      --test FILE         run a policy's own tests, a file NAME_test.lua, and end; repeatable\n"
      "      --export ROOM       the room NAMESPACE/ID (or ID, of the namespace default) as JSON lines on stdout, and "
      "end;\n"
      "                          what the plugin that keeps rooms has of it, also while a daemon is running\n"
      "      --export-all        likewise every room\n"
      "      --import [FILE]     keep the rooms of an export, from FILE or stdin, and end; all, or where anything is "
      "wrong\n"
      "                          none; refused while a daemon has the database open\n"
      "      --force             with --import: in place of rooms that are there already\n"
      "      --version\n"
      "  -h, --help\n"
      "\n"
      "SIGTERM and SIGINT end it: what is queued goes out, connections are closed. Exit status: 0 ended as asked,\n"
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
    case FORCE: cli->force = true; return 0;
    case VERSION: cli->action = ED_CLI_VERSION; return 0;
    case 'h': cli->action = ED_CLI_HELP; return 0;
    default: return -EINVAL;
  }
}

int ed_cli_parse(struct ed_cli *cli, int argc, char **argv, FILE *err) {
  *cli = (struct ed_cli){0};
  optind = 0; /* glibc: begin anew, so that tests can call this more than once */
  opterr = 0;
  int rc = 0, option;
  while (rc == 0 && (option = getopt_long(argc, argv, ":c:l:s:h", OPTIONS, NULL)) != -1) {
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
