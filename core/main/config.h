/* The configuration: etc/eddy.lua and the command line, checked against the table of knobs. */
#ifndef ED_MAIN_CONFIG_H
#define ED_MAIN_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/texts.h"
#include "host/plugin.h"
#include "main/lines.h"
#include "main/problems.h"
#include "net/callers.h"
#include "room/space.h"

struct ed_config {         /* owns all that it points to */
  char *file;              /* that it was read from; NULL: none */
  struct ed_lines lines;   /* of that */
  struct ed_texts listen;  /* "127.0.0.1:8080", "[::1]:8080", "unix:/run/eddy.sock" */
  struct ed_texts proxies; /* addresses, networks such as "10.0.0.0/8", "unix" */
  const char *scripts;     /* folder; relative to the working folder, or absolute */
  const char *public_url;  /* NULL: none */
  struct ed_config_tls {
    struct ed_texts listen;        /* addresses; none: no TLS */
    const char *certificate, *key; /* paths, as `scripts`; where `listen` is not empty there are both */
  } tls;
  struct ed_log_levels log;
  enum ed_log_format log_format;
  const char *log_file; /* NULL: none */
  uint64_t drain_ms;
  const char *admin_listen; /* "auto", "off", or one address as of `listen` */
  const char *admin_key;    /* NULL: none */
  bool admin_public;
  struct ed_texts admin_origins;  /* pages; none: those of the public addresses alone */
  uint64_t rooms, connections;    /* at most, in all */
  struct ed_caller_rules callers; /* of one address */
  uint64_t header_bytes, upgrade_ms, ping_interval_ms, ping_timeout_ms;
  struct ed_policy_limits {
    uint64_t instructions, call_ms, call_bytes, allocation; /* of one call into a script */
    uint64_t memory, rooms;                                 /* of one Lua state: bytes, and rooms that share it */
    uint64_t source, timers;                                /* bytes of a script file; timers of a room */
  } policies;
  struct ed_limits limits;        /* what namespaces that say nothing else have */
  const struct ed_space **spaces; /* [0] is "default" */
  size_t spaces_len, spaces_cap;
  const struct ed_space **retired; /* that were taken out while it runs: rooms may still be theirs */
  size_t retired_len, retired_cap;
  const char *plugin_path;        /* folder; NULL: beside the program, or where that is installed */
  struct ed_plugin_spec *plugins; /* in the order of the file */
  size_t plugins_len, plugins_cap;
};

struct ed_config_options {     /* all borrowed, and needed during the call only */
  const char *file;            /* NULL: no file, every knob at its default */
  const char *const *settings; /* "NAME=VALUE" with a dotted name, as of -s */
  size_t settings_len;
  const char *const *listen; /* as of -l: together they replace the file's; none: the file's stand */
  size_t listen_len;
  const char *log; /* as of --log-level; NULL: the file's */
};

/* A new configuration in `config`, owned by the caller, and 0; or -EINVAL, and all that is wrong in `problems`, sorted.
 * Reads the file and nothing else, keeps nothing between calls: calling it again later is how to reload. */
int ed_config_load(struct ed_config **config, const struct ed_config_options *options, struct ed_problems *problems);

void ed_config_free(struct ed_config *config); /* NULL: nothing */

#endif
