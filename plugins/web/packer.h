/* Makes gzip forms of files on a thread of its own, which begins with the first of them. */
#ifndef WEB_PACKER_H
#define WEB_PACKER_H

#include "eddy/plugin.h"
#include "file.h"

struct packer;

struct packer *packer_new(const struct eddy_host *host, struct eddy_core *core);
void packer_free(struct packer *packer); /* what was not begun is left as it is */

/* Once it is done `file` has it; on the loop's thread. A file that was weighed already: nothing. */
void packer_add(struct packer *packer, struct file *file);

#endif
