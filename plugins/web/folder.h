/* The files of a folder, in memory, as they are on disk: of its parts start, console, demos, client and react. Hidden
 * files and node_modules are left out, symbolic links are followed to files of the folder only. */
#ifndef WEB_FOLDER_H
#define WEB_FOLDER_H

#include <stdint.h>

#include "file.h"

struct folder {
  char *root;          /* absolute, without links */
  uint64_t most;       /* bytes in memory; what goes beyond is left out */
  struct file **files; /* by path; one reference to each */
  size_t len, cap;
  uint64_t bytes;
  char *left_out; /* the first file that is, as there are too many or too large ones; NULL: none */
};

/* Whether `root` is a folder; then `folder` is one, empty. */
bool folder_init(struct folder *folder, const char *root, uint64_t most);
void folder_deinit(struct folder *folder);

/* Reads what is new or has changed. True where anything is not as it was; a folder that cannot be read, or not for
 * want of descriptors, stays as it was. */
bool folder_read(struct folder *folder);

struct file *folder_find(const struct folder *folder, const char *path); /* NULL: there is none */

#endif
