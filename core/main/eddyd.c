/* The daemon's main: the command line, the configuration, the server. */
#include <stdio.h>
#include <stdlib.h>
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
  struct ed_config_options options = cli->options;
  if (!options.file && access(DEFAULT_FILE, F_OK) == 0) options.file = DEFAULT_FILE;
  return ed_config_load(config, &options, problems);
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
  } else if (ed_policies_check(config, &problems)) {
    status = STATUS_CONFIGURATION;
  } else if (cli->action == ED_CLI_CHECK) {
    puts("configuration ok");
  } else {
    struct ed_log log = {.out = stderr, .level = config->log};
    if (ed_server_run(config, &log)) status = STATUS_CONFIGURATION;
  }
  ed_problems_print(&problems, stderr);
  ed_problems_deinit(&problems);
  ed_config_free(config);
  return status;
}

int main(int argc, char **argv) {
  struct ed_cli cli;
  int status = EXIT_SUCCESS;
  if (ed_cli_parse(&cli, argc, argv, stderr)) return STATUS_USAGE;
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
  ed_cli_deinit(&cli);
  return status;
}
