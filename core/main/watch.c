#include "main/watch.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "host/host.h"

#define SETTLE_MS 50
#define SETTLE_MOST_MS 500 /* where something does not come to rest */
#define RETRY_MS 1000
#define FOLDERS_MAX 256
#define DEPTH_MAX 4

struct folder {
  uv_fs_event_t handle;
  struct ed_watch *watch;
  char *path;
  uint64_t device, inode; /* of the folder that is watched: another one may have taken its name */
  bool moved; /* or was deleted, perhaps: it is watched anew, as a new folder may get the inode of an old one */
  struct folder *next;
};

struct ed_watch {
  uv_loop_t *loop;
  struct ed_host *host;
  const struct ed_log *log;
  char *scripts;
  struct folder *folders;
  size_t folders_len;
  uv_timer_t settle; /* runs while a change is settling, or a folder is missing */
  bool changed;      /* something was touched since the host was told */
  uint64_t since_ms; /* the first of it, by the loop's clock */
  bool missing;      /* the scripts folder itself; said once */
};

static void folder_closed(uv_handle_t *handle) {
  struct folder *folder = (struct folder *)handle;
  free(folder->path);
  free(folder);
}

static void settled(uv_timer_t *timer);

/* What happens to the folder itself comes under its own name, as if it were in itself. */
static bool is_itself(const struct folder *folder, const char *name) {
  const char *slash = strrchr(folder->path, '/');
  return !name || strcmp(name, slash ? slash + 1 : folder->path) == 0;
}

static void touched(uv_fs_event_t *handle, const char *name, int events, int status) {
  (void)status;
  struct folder *folder = (struct folder *)handle;
  struct ed_watch *watch = folder->watch;
  if ((events & UV_RENAME) && is_itself(folder, name)) folder->moved = true;
  uint64_t now_ms = uv_now(watch->loop);
  if (!watch->changed) watch->since_ms = now_ms;
  watch->changed = true;
  uint64_t latest_ms = watch->since_ms + SETTLE_MOST_MS;
  uint64_t left_ms = latest_ms > now_ms ? latest_ms - now_ms : 0;
  uv_timer_start(&watch->settle, settled, left_ms < SETTLE_MS ? left_ms : SETTLE_MS, 0);
}

static bool watched(const struct ed_watch *watch, const char *path, const struct stat *info) {
  for (const struct folder *folder = watch->folders; folder; folder = folder->next)
    if (strcmp(folder->path, path) == 0 && folder->device == info->st_dev && folder->inode == info->st_ino) return true;
  return false;
}

static void add(struct ed_watch *watch, const char *path, const struct stat *info) {
  struct folder *folder = ed_zalloc(sizeof *folder);
  folder->watch = watch;
  folder->path = ed_strdup(path);
  folder->device = info->st_dev;
  folder->inode = info->st_ino;
  uv_fs_event_init(watch->loop, &folder->handle);
  int error = uv_fs_event_start(&folder->handle, touched, path, 0);
  if (error) {
    ed_log(watch->log, ED_LOG_WARN, "main", "%s cannot be watched, changes there go unnoticed: %s", path,
           uv_strerror(error));
    uv_close((uv_handle_t *)&folder->handle, folder_closed);
    return;
  }
  folder->next = watch->folders;
  watch->folders = folder;
  watch->folders_len++;
}

/* Folders that are gone, or whose name another folder has now, or may have. */
static void drop_stale(struct ed_watch *watch) {
  for (struct folder **at = &watch->folders; *at;) {
    struct folder *folder = *at;
    struct stat info;
    bool there = stat(folder->path, &info) == 0 && info.st_dev == folder->device && info.st_ino == folder->inode;
    if (there && !folder->moved) {
      at = &folder->next;
      continue;
    }
    *at = folder->next;
    watch->folders_len--;
    uv_close((uv_handle_t *)&folder->handle, folder_closed);
  }
}

static void walk(struct ed_watch *watch, const char *path, int depth) {
  struct stat info;
  if (depth > DEPTH_MAX || watch->folders_len >= FOLDERS_MAX || stat(path, &info) < 0 || !S_ISDIR(info.st_mode)) return;
  if (!watched(watch, path, &info)) add(watch, path, &info);
  DIR *dir = opendir(path);
  if (!dir) return;
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN))
      continue;
    struct ed_buf below = {0};
    ed_buf_printf(&below, "%s/%s", path, entry->d_name);
    ed_buf_add_byte(&below, 0);
    walk(watch, (const char *)below.at, depth + 1);
    ed_buf_deinit(&below);
  }
  closedir(dir);
}

static void look(struct ed_watch *watch) {
  drop_stale(watch);
  walk(watch, watch->scripts, 0);
  bool missing = watch->folders_len == 0;
  if (missing && !watch->missing)
    ed_log(watch->log, ED_LOG_WARN, "main", "there is no folder %s to watch", watch->scripts);
  watch->missing = missing;
  if (missing) uv_timer_start(&watch->settle, settled, RETRY_MS, 0);
}

static void settled(uv_timer_t *timer) {
  struct ed_watch *watch = timer->data;
  bool was_missing = watch->missing;
  look(watch);
  if (!watch->changed && (!was_missing || watch->missing)) return;
  watch->changed = false;
  ed_host_changed(watch->host, NULL);
}

struct ed_watch *ed_watch_new(uv_loop_t *loop, const char *scripts, struct ed_host *host, const struct ed_log *log) {
  struct ed_watch *watch = ed_zalloc(sizeof *watch);
  watch->loop = loop;
  watch->host = host;
  watch->log = log;
  watch->scripts = ed_strdup(scripts);
  uv_timer_init(loop, &watch->settle);
  watch->settle.data = watch;
  look(watch);
  return watch;
}

static void closed(uv_handle_t *handle) {
  struct ed_watch *watch = handle->data;
  free(watch->scripts);
  free(watch);
}

void ed_watch_free(struct ed_watch *watch) {
  while (watch->folders) {
    struct folder *folder = watch->folders;
    watch->folders = folder->next;
    uv_close((uv_handle_t *)&folder->handle, folder_closed);
  }
  uv_close((uv_handle_t *)&watch->settle, closed);
}
