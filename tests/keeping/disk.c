/* A disk as the tests want it, preloaded into the daemon: slow, failing, torn, or losing power. What it does is said by a file of
 * numbers that the harness has mapped as well (disk.py), so it changes while the daemon runs. Only the database is touched: files
 * whose path begins with DISK_PATH, but for -shm and -lock, which are made anew after a crash. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum cut { CUT_NONE, CUT_TEAR, CUT_POWER };

struct control {
  _Atomic int slow_us;     /* each write takes so long */
  _Atomic int write_errno; /* 0, or what writes fail with */
  _Atomic int sync_errno;  /* likewise */
  _Atomic int cut;         /* enum cut: at that many writes and syncs from now, the process ends with SIGKILL */
  _Atomic int cut_after;
  _Atomic int seed;    /* of what a cut leaves */
  _Atomic int records; /* 1 from the beginning: what is not synced is known, for CUT_POWER */
  _Atomic int hits;    /* writes and syncs that failed; the daemon counts */
  _Atomic int took_us; /* the longest that one of them has taken; likewise */
};

/* What a write that is not synced has overwritten. */
struct undo {
  struct undo *before;
  int fd;
  ino_t ino;
  off64_t at;
  size_t len;
  char old[]; /* zeros where the file did not go so far */
};

static struct control *control;
static const char *path;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct undo *undos; /* the last first */
static struct { ino_t ino; int fd; } files[16]; /* never closed: closing one would let go of SQLite's locks */

static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int), (*real_fdatasync)(int);

__attribute__((constructor)) static void begin(void) {
  *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  *(void **)&real_write = dlsym(RTLD_NEXT, "write");
  *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
  *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  const char *name = getenv("DISK_CONTROL");
  int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *at = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  path = getenv("DISK_PATH");
  if (at != MAP_FAILED && path) control = at;
}

static bool ends_with(const char *text, const char *end) {
  size_t len = strlen(text), end_len = strlen(end);
  return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_ours(int fd) {
  if (!control) return false;
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t len = readlink(link, name, sizeof name - 1);
  if (len < 0) return false;
  name[len] = 0;
  return strncmp(name, path, strlen(path)) == 0 && !ends_with(name, "-shm") && !ends_with(name, "-lock");
}

static ino_t ino_of(int fd) {
  struct stat about;
  return fstat(fd, &about) == 0 ? about.st_ino : 0;
}

static int own_fd(int fd, ino_t ino) {
  size_t i = 0;
  while (files[i].ino && files[i].ino != ino && i < sizeof files / sizeof *files - 1) i++;
  if (files[i].ino != ino) files[i].ino = ino, files[i].fd = dup(fd);
  return files[i].fd;
}

static void record(int fd, size_t len, off64_t at) {
  struct undo *undo = calloc(1, sizeof *undo + len);
  undo->ino = ino_of(fd);
  undo->fd = own_fd(fd, undo->ino);
  undo->at = at;
  undo->len = len;
  if (pread64(fd, undo->old, len, at) < 0) abort();
  undo->before = undos;
  undos = undo;
}

static void synced(int fd) {
  ino_t ino = ino_of(fd);
  for (struct undo **link = &undos; *link;) {
    struct undo *undo = *link;
    if (undo->ino != ino) {
      link = &undo->before;
      continue;
    }
    *link = undo->before;
    free(undo);
  }
}

/* Of what was not synced, everything or any part is gone. */
static void lose(unsigned *seed) {
  bool all = rand_r(seed) % 2;
  for (const struct undo *undo = undos; undo; undo = undo->before)
    if (all || rand_r(seed) % 2) real_pwrite(undo->fd, undo->old, undo->len, undo->at);
}

/* With the lock. The write at hand is carried out in part. */
static void cut(int fd, const void *from, size_t len, off64_t at) {
  enum cut kind = (enum cut)control->cut;
  if (kind == CUT_NONE || control->cut_after-- > 0) return;
  unsigned seed = (unsigned)control->seed;
  if (len) real_pwrite(fd, from, (size_t)rand_r(&seed) % len, at);
  if (kind == CUT_POWER) lose(&seed);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* A full disk takes some of it before it says so. */
static ssize_t fails(int fd, const void *from, size_t len, off64_t at, int error) {
  control->hits++;
  if (error == ENOSPC && len > 1) return real_pwrite(fd, from, len / 2, at);
  errno = error;
  return -1;
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(int64_t since_us) {
  int took_us = (int)(now_us() - since_us);
  if (took_us > control->took_us) control->took_us = took_us;
}

static ssize_t put(int fd, const void *from, size_t len, off64_t at) {
  int64_t since_us = now_us();
  if (control->slow_us) usleep((useconds_t)control->slow_us);
  pthread_mutex_lock(&lock);
  if (control->records) record(fd, len, at);
  cut(fd, from, len, at);
  int error = control->write_errno;
  ssize_t rc = error ? fails(fd, from, len, at, error) : real_pwrite(fd, from, len, at);
  pthread_mutex_unlock(&lock);
  note(since_us);
  return rc;
}

ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at) {
  return is_ours(fd) ? put(fd, from, len, at) : real_pwrite(fd, from, len, at);
}

ssize_t pwrite(int fd, const void *from, size_t len, off_t at) { return pwrite64(fd, from, len, at); }

ssize_t write(int fd, const void *from, size_t len) {
  int error = is_ours(fd) ? control->write_errno : 0;
  if (!error) return real_write(fd, from, len);
  control->hits++;
  errno = error;
  return -1;
}

static int sync_file(int fd, int (*real)(int)) {
  if (!is_ours(fd)) return real(fd);
  int64_t since_us = now_us();
  pthread_mutex_lock(&lock);
  cut(fd, NULL, 0, 0);
  int error = control->sync_errno, rc = -1;
  if (error) {
    control->hits++;
    errno = error;
  } else if ((rc = real(fd)) == 0) {
    synced(fd);
  }
  pthread_mutex_unlock(&lock);
  note(since_us);
  return rc;
}

int fsync(int fd) { return sync_file(fd, real_fsync); }
int fdatasync(int fd) { return sync_file(fd, real_fdatasync); }
