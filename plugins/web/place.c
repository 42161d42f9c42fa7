#include "place.h"

#include <dlfcn.h>
#include <limits.h>
#include <sys/stat.h>

#include "eddy/plugin.h"
#include "mem.h"

char *place_find(char why[512]) {
  static const char *const ways[] = {"web", "../../../share/eddy/web"};
  Dl_info info;
  char own[PATH_MAX] = "", path[PATH_MAX + 32];
  struct stat found;
  if (dladdr(&eddy_plugin, &info) && realpath(info.dli_fname, own)) *strrchr(own, '/') = 0;
  for (size_t i = 0; own[0] && i < sizeof ways / sizeof *ways; i++) {
    snprintf(path, sizeof path, "%s/%s", own, ways[i]);
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode)) return mem_check(strdup(path));
  }
  snprintf(why, 512, "there is no folder %.200s/%s nor %s from there; plugins.web.files may name another", own, ways[0],
           ways[1]);
  return NULL;
}
