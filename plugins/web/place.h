/* Where the files are. */
#ifndef WEB_PLACE_H
#define WEB_PLACE_H

/* The folder beside the plugin's own file (a build has a link there), or where an installation has it: to be freed.
 * NULL where there is neither; then `why` says where it was looked for. */
char *place_find(char why[512]);

#endif
