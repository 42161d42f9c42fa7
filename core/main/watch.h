/* Watches the folder of scripts, and tells the host when something in it has changed. */
#ifndef ED_MAIN_WATCH_H
#define ED_MAIN_WATCH_H

#include "base/log.h"

struct ed_host;
struct ed_watch;
struct uv_loop_s;

/* Watches `scripts` with its lib/ and rooms/ (and folders below these), all borrowed. What changes within 50 ms is told
 * once: an editor that writes a file in pieces, or puts a new one in its place, is one change; what never comes to rest
 * is told twice a second. A folder that cannot be watched is said in the log, and tried again every second. */
struct ed_watch *ed_watch_new(struct uv_loop_s *loop, const char *scripts, struct ed_host *host,
                              const struct ed_log *log);

/* Stops; its handles are closed when the loop has turned once more. */
void ed_watch_free(struct ed_watch *watch);

#endif
