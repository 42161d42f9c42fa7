/* A file in memory, and its gzip form. Counted references, on the loop's thread only: an answer that is being sent has
 * one, so has the thread that packs it; what they read of it does not change. */
#ifndef WEB_FILE_H
#define WEB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct file {
  char *path; /* below the folder: "console/index.html" */
  size_t refs;
  struct file_mark { /* of what was read; another one: it has changed */
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
  } mark;
  bool fresh; /* it was changed just before it was read, and may be again without another mark */
  unsigned char *body, *packed;
  size_t len, packed_len;       /* packed_len 0: there is no gzip form, or not yet */
  bool weighed;                 /* it was tried to pack it, or is being */
  char tag[24], packed_tag[28]; /* ETags, with their quotes */
};

struct file *file_new(const char *path, unsigned char *body, size_t len); /* takes the body; one reference */
struct file *file_ref(struct file *file);
void file_unref(void *file);

/* "\"0123456789abcdef\"", of what these bytes are. */
void file_tag(const void *bytes, size_t len, char tag[24]);

/* The gzip form, to be freed; NULL where it would not be smaller by a tenth. From any thread. */
unsigned char *file_pack(const unsigned char *body, size_t len, size_t *packed_len);

#endif
