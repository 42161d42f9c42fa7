#include "main/plugin_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "host/plugin.h"

#define STATUS_FAILED 1
#define STATUS_NO_ROOM 3
#define STATUS_ROOM_THERE 4
#define STATUS_BUSY 5
#define STATUS_BAD_LINE 6

static int status_of(int rc) {
  switch (rc) {
    case 0: return EXIT_SUCCESS;
    case -ENOENT: return STATUS_NO_ROOM;
    case -EEXIST: return STATUS_ROOM_THERE;
    case -EBUSY: return STATUS_BUSY;
    case -EBADMSG: return STATUS_BAD_LINE;
    default: return STATUS_FAILED;
  }
}

/* One line, whatever a file or its name had in it. */
static void complain(const char *what, const char *of, const char *why) {
  struct ed_problems problems = {0};
  ed_problems_add(&problems, "eddyd", 0, "%s %s: %s", what, of, why);
  ed_problems_print(&problems, stderr);
  ed_problems_deinit(&problems);
}

static int do_export(const struct ed_config *config, const char *room, const struct ed_log *log) {
  struct ed_buf name = {0};
  if (room) ed_buf_printf(&name, "%s%s", strchr(room, '/') ? "" : "default/", room);
  struct eddy_transfer transfer = {.fd = STDOUT_FILENO, .room = {.at = (const char *)name.at, .len = name.len}};
  int rc = ed_plugins_transfer(config->plugins, config->plugins_len, log, &transfer);
  if (rc) complain("export of", room ? room : "every room", transfer.why);
  ed_buf_deinit(&name);
  return status_of(rc);
}

static int do_import(const struct ed_config *config, const struct ed_cli *cli, const struct ed_log *log) {
  const char *input = cli->input ? cli->input : "stdin";
  struct eddy_transfer transfer = {.imports = 1, .fd = STDIN_FILENO, .force = cli->force};
  if (cli->input && (transfer.fd = open(cli->input, O_RDONLY | O_CLOEXEC)) < 0) {
    complain("import of", input, strerror(errno));
    return STATUS_FAILED;
  }
  int rc = ed_plugins_transfer(config->plugins, config->plugins_len, log, &transfer);
  if (cli->input) close(transfer.fd);
  if (rc)
    complain("import of", input, transfer.why);
  else
    printf("imported: %" PRIu64 " rooms, %" PRIu64 " messages\n", transfer.rooms, transfer.messages);
  return status_of(rc);
}

int ed_plugin_transfer(const struct ed_config *config, const struct ed_cli *cli) {
  const struct ed_log log = {.out = stderr, .level = config->log.all};
  return cli->action == ED_CLI_EXPORT ? do_export(config, cli->room, &log) : do_import(config, cli, &log);
}
