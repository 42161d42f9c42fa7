/* One shared object: found, opened, and checked before anything of it is called. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/plugin_private.h"

#define NAME_MAX_LEN 32
#define TABLE_MIN offsetof(struct eddy_plugin, room_load) /* of the first header */

static const struct eddy_option NO_OPTIONS[] = {{.name = NULL}};

static bool name_valid(const char *name) {
  size_t len = strlen(name);
  return len >= 1 && len <= NAME_MAX_LEN && name[0] >= 'a' && name[0] <= 'z' &&
         strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static char *format(const char *a, const char *b, const char *c, const char *d) {
  struct ed_buf text = {0};
  ed_buf_printf(&text, "%s%s%s%s", a, b, c, d);
  ed_buf_add_byte(&text, 0);
  return (char *)text.at;
}

/* The folder that the program is in; "." where that cannot be said. Owned by the caller. */
static char *program_folder(void) {
  char path[4096];
  ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
  path[len > 0 ? len : 0] = 0;
  char *slash = strrchr(path, '/');
  return slash ? ed_strndup(path, (size_t)(slash - path)) : ed_strdup(".");
}

/* Where to look: `folder`, or the two places; owned by the caller. The second may be NULL. */
static void list_folders(const char *folder, char *folders[2]) {
  char *program = program_folder();
  folders[0] = folder ? ed_strdup(folder) : format(program, "/plugins", "", "");
  folders[1] = folder ? NULL : format(program, "/../lib/eddy/plugins", "", "");
  free(program);
}

/* The path of the file; NULL, with `why`. */
static char *find(const char *name, const char *folder, char why[512]) {
  char *folders[2];
  list_folders(folder, folders);
  char *found = NULL;
  for (size_t i = 0; i < 2 && folders[i] && !found; i++) {
    found = format(folders[i], "/", name, ".so");
    if (access(found, F_OK) == 0) break;
    free(found);
    found = NULL;
  }
  if (!found)
    snprintf(why, 512, "no such plugin: there is no %s.so in %.200s%s%.200s", name, folders[0],
             folders[1] ? " or " : "", folders[1] ? folders[1] : "");
  free(folders[0]);
  free(folders[1]);
  return found;
}

static int wrong(char why[512], const char *path, const char *what) {
  snprintf(why, 512, "%.300s: %.200s", path, what);
  return -EINVAL;
}

static int check_options(const struct eddy_option *option, const char *path, char why[512]) {
  for (; option->name; option++) {
    if (!name_valid(option->name)) return wrong(why, path, "an option's name is not of a-z 0-9 _");
    if ((unsigned)option->kind > EDDY_OPTION_BOOL)
      return wrong(why, path, "an option is of a kind that this daemon does not know");
    if (!option->standard) return wrong(why, path, "an option has no default");
  }
  return 0;
}

/* Copies what there is of the plugin's table: what an older header lacks stays zero, what a newer one adds is not
 * called. */
static int take(struct ed_plugin_file *file, const char *name, char why[512]) {
  const struct eddy_plugin *theirs = dlsym(file->handle, "eddy_plugin");
  if (!theirs) return wrong(why, file->path, "it is no plugin: it does not export eddy_plugin");
  if (theirs->abi != EDDY_ABI) {
    snprintf(why, 512, "%.300s: made for ABI %u, this daemon speaks %u", file->path, theirs->abi, EDDY_ABI);
    return -EINVAL;
  }
  if (theirs->size < TABLE_MIN) return wrong(why, file->path, "its table is shorter than any header's");
  memcpy(&file->table, theirs, theirs->size < sizeof file->table ? theirs->size : sizeof file->table);
  if (!file->table.name || !name_valid(file->table.name))
    return wrong(why, file->path, "its name is not 1 to 32 of a-z 0-9 _");
  if (strcmp(file->table.name, name) != 0) {
    snprintf(why, 512, "%.300s: the plugin in it is called %.32s", file->path, file->table.name);
    return -EINVAL;
  }
  char fault[256];
  if (ed_plugin_paths_check(&file->table, fault)) return wrong(why, file->path, fault);
  if (!file->table.options) file->table.options = NO_OPTIONS;
  return check_options(file->table.options, file->path, why);
}

int ed_plugin_file_open(struct ed_plugin_file **out, const char *name, const char *folder, char why[512]) {
  if (!name_valid(name)) {
    snprintf(why, 512, "a plugin's name is 1 to %d of a-z 0-9 _", NAME_MAX_LEN);
    return -EINVAL;
  }
  char *path = find(name, folder, why);
  if (!path) return -ENOENT;
  struct ed_plugin_file *file = ed_zalloc(sizeof *file);
  file->path = path;
  file->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const char *error = file->handle ? NULL : dlerror();
  int rc = error ? -EINVAL : take(file, name, why);
  if (error) snprintf(why, 512, "%.500s", error); /* it names the path */
  if (rc) {
    ed_plugin_file_close(file);
    return rc;
  }
  *out = file;
  return 0;
}

void ed_plugin_file_close(struct ed_plugin_file *file) {
  if (!file) return;
  if (file->handle) dlclose(file->handle);
  free(file->path);
  free(file);
}

/* ---- all of a folder ---- */

static int is_plugin(const struct dirent *entry) {
  char name[NAME_MAX_LEN + 1];
  size_t len = strlen(entry->d_name);
  if (len < 4 || len - 3 > NAME_MAX_LEN || strcmp(entry->d_name + len - 3, ".so") != 0) return 0;
  snprintf(name, sizeof name, "%.*s", (int)(len - 3), entry->d_name);
  return name_valid(name);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void ed_plugin_files_each(const char *folder, void (*fn)(void *arg, const char *name), void *arg) {
  char *folders[2], **names = NULL;
  size_t len = 0, cap = 0;
  list_folders(folder, folders);
  for (size_t i = 0; i < 2 && folders[i]; i++) {
    struct dirent **entries;
    int count = scandir(folders[i], &entries, is_plugin, NULL);
    for (int k = 0; k < count; k++) {
      names = ed_grow(names, sizeof *names, len, &cap);
      names[len++] = ed_strndup(entries[k]->d_name, strlen(entries[k]->d_name) - 3);
      free(entries[k]);
    }
    if (count >= 0) free(entries);
    free(folders[i]);
  }
  if (len) qsort(names, len, sizeof *names, by_name);
  for (size_t i = 0; i < len; i++)
    if (i == 0 || strcmp(names[i - 1], names[i]) != 0) fn(arg, names[i]);
  for (size_t i = 0; i < len; i++) free(names[i]);
  free(names);
}

const char *ed_plugin_file_name(const struct ed_plugin_file *file) { return file->table.name; }

const struct eddy_option *ed_plugin_file_options(const struct ed_plugin_file *file) { return file->table.options; }
