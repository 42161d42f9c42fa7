/* Plugins: shared objects that see eddy/plugin.h and nothing else. A file is opened and checked first (for the
 * configuration's sake, which wants to know its options); all of a server's are then loaded together. They take their
 * place in the hub before what fills the gate already, and as its keeper. */
#ifndef ED_HOST_PLUGIN_H
#define ED_HOST_PLUGIN_H

#include "base/buf.h"
#include "base/log.h"
#include "eddy/plugin.h"
#include "host/counters.h"
#include "room/hub.h"

/* ---- one file ---- */

struct ed_plugin_file;

/* NAME.so from `folder`; NULL: from plugins/ beside the program, or from where it is installed. 0; or a negative errno,
 * and in `why` a sentence fragment: where it was looked for, or what is wrong with it. */
int ed_plugin_file_open(struct ed_plugin_file **file, const char *name, const char *folder, char why[512]);
/* Whether the two want the same page, and in `why` which. */
bool ed_plugin_files_clash(const struct ed_plugin_file *a, const struct ed_plugin_file *b, char why[512]);
void ed_plugin_file_close(struct ed_plugin_file *file); /* it must have been unloaded. NULL: nothing */

const char *ed_plugin_file_name(const struct ed_plugin_file *file);
const struct eddy_option *ed_plugin_file_options(
    const struct ed_plugin_file *file); /* never NULL; ends with a NULL name */

/* Calls fn with the name of each plugin that such a folder holds, or the two places do, by name; opened is none. */
void ed_plugin_files_each(const char *folder, void (*fn)(void *arg, const char *name), void *arg);

/* ---- all of a server's ---- */

struct ed_plugins;

struct ed_plugin_setting { /* of an option, checked */
  const char *name;
  const char *text; /* NULL but for EDDY_OPTION_TEXT */
  uint64_t number;
};

struct ed_plugin_spec { /* borrowed until ed_plugins_free */
  struct ed_plugin_file *file;
  const struct ed_plugin_setting *settings; /* one of each option */
  size_t settings_len;
};

/* Rooms out of what the one among `specs` that keeps them does, or into it, without a server: its `transfer`. The
 * caller has filled what is asked for. The plugin's result; or -ENOSYS, with `why`, where none, or more than one, or an
 * older one keeps rooms. */
int ed_plugins_transfer(const struct ed_plugin_spec *specs, size_t specs_len, const struct ed_log *log,
                        struct eddy_transfer *transfer);

struct ed_spaces { /* namespaces, the default one first; borrowed */
  const struct ed_space *const *list;
  size_t len;
};

struct ed_plugins_options {
  const struct ed_plugin_spec *specs; /* loaded in this order, unloaded in reverse; borrowed during ed_plugins_new */
  size_t specs_len;
  struct ed_hub *hub; /* its gate must have been filled, if it is to be; borrowed until ed_plugins_free */
  const struct ed_log *log;
  struct ed_counters *counters; /* likewise */
  struct ed_spaces (*spaces)(void *arg); /* as they are now. NULL: there are none */
  void *spaces_arg;
  void (*wake)(void *arg); /* from any thread: ed_plugins_work is to be called soon. NULL: the caller does so anyway */
  void *wake_arg;
};

/* 0; or a negative errno, with the reason in the log: two keepers, or a plugin that does not load. The hub has no room
 * yet. */
int ed_plugins_new(struct ed_plugins **plugins, const struct ed_plugins_options *options);
void ed_plugins_free(struct ed_plugins *plugins); /* the hub has no room any more. NULL: nothing */

/* Calls what plugins have posted. */
void ed_plugins_work(struct ed_plugins *plugins);

struct ed_plugin_page {
  struct ed_span method, path, query, body; /* of the request; the path whole: /PLUGIN/... */
  struct ed_span peer, if_none_match, accept_encoding; /* see eddy_http_request */
  int status;                               /* of the answer, as is what follows; owned by the caller */
  struct ed_buf type;                       /* NUL-terminated */
  struct ed_buf fields;                     /* lines of its head, each with its end */
  bool caches, allows;                      /* among them are Cache-Control and Allow */
  struct ed_buf answer;
  struct ed_span kept;          /* in place of `answer`: the plugin's own, until kept_done(kept_arg) has been called */
  void (*kept_done)(void *arg); /* NULL where there is nothing of that */
  void *kept_arg;
};

/* False where no plugin is asked for by the path. */
bool ed_plugins_page(struct ed_plugins *plugins, struct ed_plugin_page *page);

#endif
