/* The command line of eddyd. */
#ifndef ED_MAIN_CLI_H
#define ED_MAIN_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "main/config.h"

enum ed_cli_action {
  ED_CLI_RUN,
  ED_CLI_CHECK,
  ED_CLI_KNOBS,
  ED_CLI_TEST,
  ED_CLI_EXPORT,
  ED_CLI_IMPORT,
  ED_CLI_VERSION,
  ED_CLI_HELP
};

struct ed_cli {
  enum ed_cli_action action;
  struct ed_config_options options; /* texts borrowed from argv; file is NULL without -c */
  struct ed_texts listen, settings; /* the lists in `options`: owned, their texts borrowed */
  struct ed_texts tests;            /* files of --test; likewise */
  const char *room;                 /* of --export; NULL: every room */
  const char *input;                /* of --import; NULL: stdin */
  bool force;                       /* likewise */
  bool background;                  /* --daemon */
  const char *pidfile;              /* NULL: none */
};

/* The table of options: parsing, --help and the manual page are made from it. */
struct ed_cli_option {
  int value;                   /* its letter, or beyond 255 where it has none */
  const char *name, *argument; /* argument NULL: it takes none; "[FILE]": it may be left out */
  const char *says;            /* NULL: its name says it. In lines */
};
extern const struct ed_cli_option ED_CLI_OPTIONS[];
extern const size_t ED_CLI_OPTIONS_LEN;

/* Fills `cli`, to be released with ed_cli_deinit, and 0; or -EINVAL after a line on `err`. Uses getopt, so one at a
 * time. */
int ed_cli_parse(struct ed_cli *cli, int argc, char **argv, FILE *err);
void ed_cli_deinit(struct ed_cli *cli);

void ed_cli_help(FILE *out);

#endif
