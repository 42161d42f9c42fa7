/* The daemon's main: the command line, the configuration, the server. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "main/cli.h"
#include "main/knobs.h"
#include "main/plugin_knobs.h"
#include "main/plugin_transfer.h"
#include "main/policies.h"
#include "main/server.h"

#define STATUS_CONFIGURATION 1 /* also: no way to listen */
#define STATUS_USAGE 2
#define DEFAULT_FILE "etc/eddy.lua"

/* As ed_config_load. */
static int load(struct ed_config **config, const struct ed_cli *cli, struct ed_problems *problems) {
  return ed_config_load(config, &cli->options, problems);
}

/* Those of the plugins, too: of the folder that the configuration names. One that is wrong is no reason to keep from
 * anybody what would be right. */
static void knobs(const struct ed_cli *cli) {
  struct ed_config *config = NULL;
  struct ed_problems problems = {0};
  load(&config, cli, &problems);
  ed_knobs_print(stdout);
  ed_plugin_knobs_print(stdout, config ? config->plugin_path : NULL);
  ed_problems_print(&problems, stderr);
  ed_problems_deinit(&problems);
  ed_config_free(config);
}

/* The exit status of the server, or with --daemon of having started one. */
static int run(struct ed_config **config, const struct ed_cli *cli) {
  struct ed_process process;
  const struct ed_server_options options = {.config = &cli->options, .process = &process};
  int status = EXIT_SUCCESS;
  signal(SIGHUP, SIG_IGN);  /* until it is served */
  signal(SIGPIPE, SIG_IGN); /* who reads the log may go */
  signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is as a full disk */
  ed_process_init(&process);
  int forked = cli->background ? ed_process_fork(&process) : 0;
  if (forked) return forked > 0 ? EXIT_SUCCESS : STATUS_CONFIGURATION;
  if ((cli->pidfile && ed_process_write_pid(&process, cli->pidfile)) || ed_server_run(config, &options))
    status = STATUS_CONFIGURATION;
  ed_process_end(&process);
  return status;
}

static int check_or_run(const struct ed_cli *cli) {
  struct ed_config *config = NULL;
  struct ed_problems problems = {0};
  int status = EXIT_SUCCESS;
  if (load(&config, cli, &problems)) {
    status = STATUS_CONFIGURATION;
  } else if (cli->action == ED_CLI_EXPORT || cli->action == ED_CLI_IMPORT) {
    status = ed_plugin_transfer(config, cli);
  } else if (cli->action == ED_CLI_TEST) {
    if (ed_policies_test(config, &cli->tests, stdout)) status = STATUS_CONFIGURATION;
  } else if (ed_server_check(config, &problems)) {
    status = STATUS_CONFIGURATION;
  } else if (cli->action == ED_CLI_CHECK) {
    puts("configuration ok");
  } else {
    status = run(&config, cli);
  }
  ed_problems_print(&problems, stderr);
  ed_problems_deinit(&problems);
  ed_config_free(config);
  return status;
}

/* Of what was asked for, no part may be missing without a word. */
static int said_all(void) {
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout)) return EXIT_SUCCESS;
  fprintf(stderr, "eddyd: standard output could not be written: %s\n", strerror(errno ? errno : EIO));
  return STATUS_CONFIGURATION;
}

int main(int argc, char **argv) {
  struct ed_cli cli;
  int status = EXIT_SUCCESS;
  if (ed_cli_parse(&cli, argc, argv, stderr)) return STATUS_USAGE;
  if (!cli.options.file && access(DEFAULT_FILE, F_OK) == 0) cli.options.file = DEFAULT_FILE;
  switch (cli.action) {
    case ED_CLI_HELP: ed_cli_help(stdout); break;
    case ED_CLI_VERSION: puts("eddyd " EDDY_VERSION); break;
    case ED_CLI_KNOBS: knobs(&cli); break;
    case ED_CLI_EXPORT:
    case ED_CLI_IMPORT:
    case ED_CLI_TEST:
    case ED_CLI_CHECK:
    case ED_CLI_RUN: status = check_or_run(&cli); break;
  }
  if (status == EXIT_SUCCESS && cli.action != ED_CLI_RUN) status = said_all();
  ed_cli_deinit(&cli);
  return status;
}
