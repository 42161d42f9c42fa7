#include "main/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "base/mem.h"

enum { LOG_LEVEL = 256, CHECK, KNOBS, TEST, VERSION };

static const struct option OPTIONS[] = {
    {"config", required_argument, NULL, 'c'}, {"listen", required_argument, NULL, 'l'},
    {"set", required_argument, NULL, 's'},    {"log-level", required_argument, NULL, LOG_LEVEL},
    {"check", no_argument, NULL, CHECK},      {"knobs", no_argument, NULL, KNOBS},
    {"test", required_argument, NULL, TEST},  {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};

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
      "      --version\n"
      "  -h, --help\n"
      "\n"
      "SIGTERM and SIGINT end it: what is queued goes out, connections are closed. Exit status: 0 ended as asked,\n"
      "1 a bad configuration or no way to listen, 2 a bad command line.\n",
      out);
}

static void add(struct ed_texts *texts, const char *text) {
  texts->list = ed_grow(texts->list, sizeof *texts->list, texts->len, &texts->cap);
  texts->list[texts->len++] = text;
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
    if (rc && option == ':')
      fprintf(err, "eddyd: %s needs a value; see eddyd --help\n", argv[optind - 1]);
    else if (rc && optopt > 0 && optopt < LOG_LEVEL)
      fprintf(err, "eddyd: unknown option -%c; see eddyd --help\n", optopt);
    else if (rc)
      fprintf(err, "eddyd: unknown option %s; see eddyd --help\n", argv[optind - 1]);
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
  return rc;
}

void ed_cli_deinit(struct ed_cli *cli) {
  free(cli->listen.list);
  free(cli->settings.list);
  free(cli->tests.list);
  *cli = (struct ed_cli){0};
}
