/* Preloaded into the daemon: every write to the database takes a while longer, so that a kill finds commits half done. Only on a
 * slow disk is there a moment at all in which a message could be heard and not be safe. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at) {
  ssize_t (*real)(int, const void *, size_t, off64_t);
  *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
  const char *us = getenv("SLOW_DISK_US");
  usleep(us ? (useconds_t)atoi(us) : 0);
  return real(fd, from, len, at);
}
