/* From a configuration to a server that runs. */
#ifndef ED_MAIN_SERVER_H
#define ED_MAIN_SERVER_H

#include "base/buf.h"
#include "main/config.h"
#include "main/process.h"

struct ed_server;

struct ed_server_options {                /* all borrowed until ed_server_run returns */
  const struct ed_config_options *config; /* as it was loaded, to load it again */
  struct ed_process *process;
};

/* Whether what a configuration names is as it should be: policies, with their knobs, certificate and key. 0; or
 * -EINVAL, and what is wrong in `problems`. */
int ed_server_check(const struct ed_config *config, struct ed_problems *problems);

/* Listens, serves until SIGTERM or SIGINT has drained it, and ends. `*config` is replaced when it is loaded again; its
 * owner stays the caller. 0; or a negative errno where it could not begin, with the reason in the log. */
int ed_server_run(struct ed_config **config, const struct ed_server_options *options);

/* Reads the configuration again, as SIGHUP does, and goes on with it; no connection is closed. What has changed, and
 * what waits for a restart, is added to `said`, a line each. -1 where it is wrong: then all that is, with file and
 * line, and nothing has changed. From the loop. */
int ed_server_reload(struct ed_server *server, struct ed_buf *said);

#endif
