#include "main/ctl/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_FOLDER "/run/eddyd"
#define SOCKET "admin.sock"

static bool in_folder(const char *folder, int folder_len, const char *below, char path[ED_PLACE_MAX]) {
  int len = snprintf(path, ED_PLACE_MAX, "%.*s%s", folder_len, folder, below);
  return len > 0 && len < ED_PLACE_MAX - (int)sizeof SOCKET;
}

/* The user's own runtime folder, as far as it is one. */
static bool own_folder(char path[ED_PLACE_MAX]) {
  const char *folder = getenv("XDG_RUNTIME_DIR");
  return folder && folder[0] == '/' && in_folder(folder, (int)strlen(folder), "/eddyd", path);
}

static void add_socket(char path[ED_PLACE_MAX]) { /* in_folder has left room for it */
  size_t len = strlen(path);
  snprintf(path + len, ED_PLACE_MAX - len, "/" SOCKET);
}

bool ed_place_make(char path[ED_PLACE_MAX]) {
  const char *given = getenv("RUNTIME_DIRECTORY"); /* one or more, with colons between */
  bool found = true;
  if (given && given[0] == '/')
    found = in_folder(given, (int)strcspn(given, ":"), "", path);
  else if (geteuid() == 0)
    snprintf(path, ED_PLACE_MAX, SYSTEM_FOLDER);
  else
    found = own_folder(path);
  if (!found || (mkdir(path, 0755) != 0 && errno != EEXIST)) return false;
  add_socket(path);
  return true;
}

void ed_place_find(char path[ED_PLACE_MAX]) {
  if (geteuid() != 0 && own_folder(path)) {
    add_socket(path);
    if (access(path, F_OK) == 0) return;
  }
  snprintf(path, ED_PLACE_MAX, SYSTEM_FOLDER "/" SOCKET);
}
