/* Loads a configuration from source text, for tests, through a file of its own. */
#ifndef ED_TESTS_MAIN_LOAD_H
#define ED_TESTS_MAIN_LOAD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "main/config.h"

/* The configuration of `source` (NULL: no file) and of options; NULL where it is refused. What is wrong, a line each
 * with the file called "FILE", is put in `said`, owned by the caller. */
static inline struct ed_config *load(const char *source, struct ed_config_options options, char **said) {
  char path[] = "/tmp/eddy-config-XXXXXX";
  if (source) {
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, source, strlen(source)) != (ssize_t)strlen(source) || close(fd)) abort();
    options.file = path;
  }
  struct ed_config *config = NULL;
  struct ed_problems problems = {0};
  int rc = ed_config_load(&config, &options, &problems);
  if ((rc == 0) != (config != NULL) || (rc == 0) != (problems.len == 0)) abort();
  for (size_t i = 0; source && i < problems.len; i++)
    if (strcmp(problems.list[i].place, path) == 0) strcpy(problems.list[i].place, "FILE");
  size_t len;
  FILE *out = open_memstream(said, &len);
  ed_problems_print(&problems, out);
  fclose(out);
  ed_problems_deinit(&problems);
  if (source) unlink(path);
  return config;
}

#endif
