/* The admin interface: what an operator asks of a running server, over HTTP and JSON. README.md has every call. Net
 * brings the requests (ed_net_admin); what only the floor above can do, it does through the table below. */
#ifndef ED_ADMIN_ADMIN_H
#define ED_ADMIN_ADMIN_H

#include "base/log.h"
#include "net/net.h"

#define ED_ADMIN_KEY_MIN 16 /* characters of a key */
#define ED_ADMIN_KEY_MAX 256

struct ed_admin;
struct ed_host;

struct ed_admin_ops {
  /* Reads again what can be read while it runs. 0, or -1 where all stays as it was; what was done, or what is wrong,
   * is added to `said` as text of one or more lines. */
  int (*reload)(void *arg, struct ed_buf *said);
  void (*set_log)(void *arg, enum ed_log_level level);
};

struct ed_admin_options { /* all borrowed until ed_admin_free */
  const char *key; /* whoever does not come over the interface's own unix socket must have it; NULL: nobody has */
  const struct ed_log *log;
  const struct ed_space *const *spaces;
  size_t spaces_len;
  const char *const *plugins; /* names */
  size_t plugins_len;
  uint64_t connections; /* at most */
  const struct ed_admin_ops *ops;
  void *arg;
};

struct ed_admin *ed_admin_new(const struct ed_admin_options *options);
/* Other options from now on, borrowed like those before. */
void ed_admin_change(struct ed_admin *admin, const struct ed_admin_options *options);
void ed_admin_free(struct ed_admin *admin); /* no connection may be left. NULL: nothing */

/* For ed_net_options.admin; lives as long as `admin`. */
const struct ed_net_admin *ed_admin_table(const struct ed_admin *admin);

/* Before ed_net_run: whom it is about. Borrowed. `host` NULL: there are no policies. */
void ed_admin_attach(struct ed_admin *admin, struct ed_net *net, struct ed_host *host);

#endif
