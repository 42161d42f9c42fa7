#include "host/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <utlist.h>

#include "base/mem.h"

bool ed_policy_name_valid(const char *name) {
  size_t len = strlen(name);
  if (len < 1 || len > 64) return false;
  for (const char *c = name; *c; c++)
    if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' || *c == '-'))
      return false;
  return true;
}

/* A module is named a.b: letters, digits, _ and -, and dots that stand for folders. So no name leads out of a folder.
 */
static bool module_name_valid(const char *name) {
  size_t len = strlen(name);
  if (len < 1 || len > 64 || name[0] == '.' || name[len - 1] == '.' || strstr(name, "..")) return false;
  for (const char *c = name; *c; c++)
    if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("_-.", *c)))
      return false;
  return true;
}

static char *path_of(const struct ed_host *host, const char *folder, const char *name) {
  struct ed_buf path = {0};
  ed_buf_printf(&path, "%s/%s/", host->options.scripts, folder);
  for (const char *c = name; *c; c++) ed_buf_add_byte(&path, *c == '.' ? '/' : (uint8_t)*c);
  ed_buf_add(&path, ".lua", 5); /* with its NUL */
  return (char *)path.at;
}

bool ed_host_knows(struct ed_host *host, const char *policy) {
  if (!ed_policy_name_valid(policy)) return false;
  struct ed_policy *found;
  HASH_FIND_STR(host->policies, policy, found);
  if (found && found->current) return true;
  char *path = path_of(host, "rooms", policy);
  struct stat info;
  bool there = stat(path, &info) == 0 && S_ISREG(info.st_mode);
  free(path);
  return there;
}

/* ---- sources ---- */

int ed_source_read(struct ed_host *host, const char *path, struct ed_buf *text) {
  size_t max = host->options.source_max;
  FILE *file = fopen(path, "re");
  if (!file) return -errno;
  int result = 0;
  for (;;) {
    size_t got = fread(ed_buf_reserve(text, 4096), 1, 4096, file);
    text->len += got;
    if (text->len > max) result = -EFBIG;
    if (ferror(file)) result = -EIO;
    if (got == 0 || result < 0) break;
  }
  fclose(file);
  if (result < 0) ed_buf_deinit(text);
  return result;
}

static void source_free(struct ed_source *source) {
  free(source->name);
  free(source->path);
  ed_buf_deinit(&source->text);
  free(source);
}

static void sources_free(struct ed_source *sources) {
  struct ed_source *source, *next;
  LL_FOREACH_SAFE(sources, source, next) source_free(source);
}

/* A file that is not there is remembered as well: when it appears, the program is loaded again. */
static struct ed_source *source_add(struct ed_program *program, const char *name, const char *folder, const char *file,
                                    int *result) {
  struct ed_host *host = program->policy->host;
  struct ed_source *source = ed_zalloc(sizeof *source);
  source->name = ed_strdup(name);
  source->path = path_of(host, folder, file);
  source->library = strcmp(folder, "lib") == 0;
  *result = ed_source_read(host, source->path, &source->text);
  LL_PREPEND(program->sources, source); /* so of two with one name the one that counts is found first */
  return source;
}

struct ed_source *ed_program_source(struct ed_program *program, const char *name, char why[200]) {
  struct ed_host *host = program->policy->host;
  struct ed_source *source;
  size_t count = 0;
  LL_FOREACH(program->sources, source)
  if (count++, strcmp(source->name, name) == 0) {
    if (source->text.at) return source;
    snprintf(why, 200, "%.150s could not be read", source->path);
    return NULL;
  }

  bool main = name[0] == 0;
  if (!main && !module_name_valid(name)) {
    snprintf(why, 200, "a module's name is made of letters, digits, _ - and dots");
    return NULL;
  }
  if (count >= ED_SOURCES_MAX) { /* those that are not there are remembered too: a script may ask for any name */
    snprintf(why, 200, "a policy has at most %d modules", ED_SOURCES_MAX / 2);
    return NULL;
  }
  int result = -ENOENT;
  if (!main) source = source_add(program, name, "lib", name, &result);
  if (result == -ENOENT) source = source_add(program, name, "rooms", main ? program->policy->name : name, &result);
  if (result == 0) return source;
  if (result == -EFBIG)
    snprintf(why, 200, "%.150s is longer than %zu bytes", source->path, host->options.source_max);
  else
    snprintf(why, 200, "%.150s: %s", source->path, strerror(-result));
  return NULL;
}

/* ---- programs ---- */

static void program_free(struct ed_program *program) {
  while (program->homes) {
    struct ed_home *home = program->homes;
    home->program = NULL; /* nothing keeps it warm any more */
    DL_DELETE(program->homes, home);
    ed_home_settle(home);
  }
  sources_free(program->sources);
  free(program);
}

void ed_policy_untry(struct ed_policy *policy) {
  sources_free(policy->tried);
  policy->tried = NULL;
}

void ed_program_failed(struct ed_program *program, const struct ed_script_error *error) {
  struct ed_policy *policy = program->policy;
  ed_policy_untry(policy);
  if (error->kind != ED_SCRIPT_ERROR) return; /* the machine may have been busy */
  policy->tried = program->sources;
  program->sources = NULL;
}

void ed_program_settle(struct ed_program *program) {
  if (program->instances || program->policy->current == program) return;
  DL_DELETE(program->policy->programs, program);
  program_free(program);
}

struct ed_program *ed_program_new(struct ed_policy *policy, struct ed_script_error *error) {
  struct ed_program *program = ed_zalloc(sizeof *program);
  program->policy = policy;
  program->version = ++policy->version;
  char why[200];
  if (!ed_program_source(program, "", why)) {
    *error = (struct ed_script_error){.kind = ED_SCRIPT_ERROR};
    snprintf(error->text, sizeof error->text, "%s", why);
    ed_program_failed(program, error);
    program_free(program);
    return NULL;
  }
  if (!ed_home_for(program, false, error)) {
    ed_program_failed(program, error);
    program_free(program);
    return NULL;
  }
  DL_APPEND(policy->programs, program);
  return program;
}

struct ed_policy *ed_policy_find(struct ed_host *host, const char *name, struct ed_script_error *error) {
  *error = (struct ed_script_error){.kind = ED_SCRIPT_ERROR};
  if (!ed_policy_name_valid(name)) {
    snprintf(error->text, sizeof error->text, "a policy's name is 1 to 64 of A-Z a-z 0-9 _ -");
    return NULL;
  }
  struct ed_policy *policy;
  HASH_FIND_STR(host->policies, name, policy);
  if (!policy) {
    size_t len = strlen(name);
    policy = ed_zalloc(sizeof *policy + len + 1);
    policy->host = host;
    memcpy(policy->name, name, len + 1);
    HASH_ADD_STR(host->policies, name, policy);
    host->counts.policies++;
  }
  if (!policy->current) policy->current = ed_program_new(policy, error);
  return policy->current ? policy : NULL;
}
