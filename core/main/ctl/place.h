/* Where the unix socket of the admin interface is while nobody says otherwise: the daemon and eddyctl must agree. */
#ifndef ED_MAIN_CTL_PLACE_H
#define ED_MAIN_CTL_PLACE_H

#include <stdbool.h>

#define ED_PLACE_MAX 108 /* bytes of a unix socket's path, its NUL included */

/* For the daemon: the socket in the folder that systemd has made for the service ($RUNTIME_DIRECTORY), else for root in
 * /run/eddyd, else in the user's own runtime folder ($XDG_RUNTIME_DIR/eddyd). The folder is made where it is not there.
 * False where there is none to make it in. */
bool ed_place_make(char path[ED_PLACE_MAX]);

/* For eddyctl: that of a daemon of this user, else of the system's. */
void ed_place_find(char path[ED_PLACE_MAX]);

#endif
