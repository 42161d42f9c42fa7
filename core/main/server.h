/* From a configuration to a server that runs. */
#ifndef ED_MAIN_SERVER_H
#define ED_MAIN_SERVER_H

#include "main/config.h"

/* Listens, serves until SIGTERM or SIGINT has drained it, and ends. 0; or a negative errno where it could not begin,
 * with the reason in the log. The log's level is changed where an operator asks for it. */
int ed_server_run(const struct ed_config *config, struct ed_log *log);

#endif
