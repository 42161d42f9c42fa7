#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "request.h"

#define DEPTH_MAX 8
#define FILES_MAX 4096
#define FRESH_S 2 /* a change so shortly before a file was read may be followed by one that its time does not show */

static const char *const PARTS[] = {"client", "console", "demos", "react", "start"};

/* One round through the folder. */
struct round {
  const struct folder *before;
  struct folder *now;
  time_t began;
  bool changed;
  bool short_of; /* of descriptors or memory: what was found is not all that there is */
};

static void note_error(struct round *round) {
  round->short_of |= errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* ---- one file ---- */

static struct file_mark mark_of(const struct stat *stat) {
  return (struct file_mark){
      .inode = stat->st_ino, .size = stat->st_size, .modified = stat->st_mtim, .changed = stat->st_ctim};
}

static bool time_same(const struct timespec *a, const struct timespec *b) {
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool mark_same(const struct file_mark *a, const struct file_mark *b) {
  return a->inode == b->inode && a->size == b->size && time_same(&a->modified, &b->modified) &&
         time_same(&a->changed, &b->changed);
}

static bool read_all(int fd, unsigned char *at, size_t len) {
  while (len) {
    ssize_t got = read(fd, at, len);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    len -= (size_t)got;
  }
  return true;
}

/* What is in it now; NULL where it cannot be read, or is something else by now. */
static struct file *load(struct round *round, const char *full, const char *path, size_t most) {
  struct stat stat;
  int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    note_error(round);
    return NULL;
  }
  struct file *file = NULL;
  unsigned char *body = NULL;
  if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && (uint64_t)stat.st_size <= most) {
    body = mem_resize(NULL, (size_t)stat.st_size);
    if (read_all(fd, body, (size_t)stat.st_size)) file = file_new(path, body, (size_t)stat.st_size);
  }
  if (file)
    file->mark = mark_of(&stat);
  else
    free(body);
  close(fd);
  return file;
}

static void add(struct folder *folder, struct file *file) {
  if (folder->len == folder->cap) {
    folder->cap = folder->cap ? folder->cap * 2 : 64;
    folder->files = mem_resize(folder->files, folder->cap * sizeof(struct file *));
  }
  folder->files[folder->len++] = file;
  folder->bytes += file->len;
}

static void leave_out(struct folder *folder, const char *path) {
  if (!folder->left_out) folder->left_out = mem_check(strdup(path));
}

/* The file as it was, where it is still that; else as it is. What was changed back, or only touched, stays what it was.
 */
static void take(struct round *round, const char *full, const char *path, const struct stat *stat) {
  struct folder *now = round->now;
  struct file *old = folder_find(round->before, path);
  struct file_mark mark = mark_of(stat);
  if ((uint64_t)stat->st_size > now->most - now->bytes || now->len >= FILES_MAX) {
    leave_out(now, path);
    round->changed |= old != NULL;
    return;
  }
  if (old && !old->fresh && mark_same(&old->mark, &mark)) {
    add(now, file_ref(old));
    return;
  }
  struct file *file = load(round, full, path, now->most - now->bytes);
  bool same = file && old && file->len == old->len && memcmp(file->body, old->body, file->len) == 0;
  if (file) file->fresh = file->mark.changed.tv_sec + FRESH_S >= round->began;
  if (same) {
    old->mark = file->mark;
    old->fresh = file->fresh;
    file_unref(file);
    file = file_ref(old);
  }
  if (file) add(now, file);
  round->changed |= !same && (file || old);
}

/* ---- the folder ---- */

static bool is_hidden(const char *name) {
  return name[0] == '.' || name[strlen(name) - 1] == '~' || strcmp(name, "node_modules") == 0;
}

/* Where a link leads: to a file of the folder, and then `real` is that. */
static bool follow(const struct folder *folder, const char *full, char real[PATH_MAX], struct stat *stat) {
  size_t len = strlen(folder->root);
  return realpath(full, real) && strncmp(real, folder->root, len) == 0 && real[len] == '/' && lstat(real, stat) == 0 &&
         S_ISREG(stat->st_mode);
}

static void visit(struct round *round, const char *path, unsigned depth);

static void visit_entry(struct round *round, const char *folder, const char *name, unsigned depth) {
  char path[PATH_MAX], full[PATH_MAX], real[PATH_MAX];
  struct stat stat;
  if (is_hidden(name)) return;
  int len = snprintf(path, sizeof path, "%s/%s", folder, name);
  int full_len = snprintf(full, sizeof full, "%s/%s", round->now->root, path);
  if (len >= REQUEST_PATH_MAX || full_len >= (int)sizeof full || lstat(full, &stat) != 0) return;
  if (S_ISDIR(stat.st_mode) && depth < DEPTH_MAX)
    visit(round, path, depth + 1);
  else if (S_ISREG(stat.st_mode))
    take(round, full, path, &stat);
  else if (S_ISLNK(stat.st_mode) && follow(round->now, full, real, &stat))
    take(round, real, path, &stat);
}

static void visit(struct round *round, const char *path, unsigned depth) {
  char full[PATH_MAX];
  struct dirent **entries;
  if (snprintf(full, sizeof full, "%s/%s", round->now->root, path) >= (int)sizeof full) return;
  int count = scandir(full, &entries, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    visit_entry(round, path, entries[i]->d_name, depth);
    free(entries[i]);
  }
  if (count >= 0)
    free(entries);
  else
    note_error(round);
}

bool folder_init(struct folder *folder, const char *root, uint64_t most) {
  struct stat found;
  *folder = (struct folder){.root = realpath(root, NULL), .most = most};
  if (folder->root && stat(folder->root, &found) == 0 && S_ISDIR(found.st_mode)) return true;
  folder_deinit(folder);
  return false;
}

static void drop_files(struct folder *folder) {
  for (size_t i = 0; i < folder->len; i++) file_unref(folder->files[i]);
  free(folder->files);
  free(folder->left_out);
}

void folder_deinit(struct folder *folder) {
  drop_files(folder);
  free(folder->root);
  *folder = (struct folder){0};
}

static int by_path(const void *a, const void *b) {
  return strcmp((*(struct file *const *)a)->path, (*(struct file *const *)b)->path);
}

bool folder_read(struct folder *folder) {
  struct folder now = {.root = folder->root, .most = folder->most};
  struct round round = {.before = folder, .now = &now, .began = time(NULL)};
  if (access(folder->root, R_OK | X_OK) != 0) return false;
  for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
    char full[PATH_MAX];
    struct stat part;
    bool fits = snprintf(full, sizeof full, "%s/%s", folder->root, PARTS[i]) < (int)sizeof full;
    if (fits && lstat(full, &part) == 0 && S_ISDIR(part.st_mode)) visit(&round, PARTS[i], 1);
  }
  if (round.short_of) {
    drop_files(&now);
    return false;
  }
  if (now.len) qsort(now.files, now.len, sizeof *now.files, by_path);
  bool changed = round.changed || now.len != folder->len;
  drop_files(folder);
  *folder = now;
  return changed;
}

struct file *folder_find(const struct folder *folder, const char *path) {
  size_t from = 0, to = folder->len;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    int order = strcmp(path, folder->files[middle]->path);
    if (order == 0) return folder->files[middle];
    if (order < 0)
      to = middle;
    else
      from = middle + 1;
  }
  return NULL;
}
