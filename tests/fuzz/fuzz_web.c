/* What the plugin web reads of a request: no path that it takes leads anywhere but down, no argument is longer than it
 * may be, and what is decoded is UTF-8. The input is one text for all of them. */
#include "../../plugins/web/request.c"
#include "fuzz.h"

static void ask_path(struct eddy_text text) {
  char path[REQUEST_PATH_MAX];
  if (!request_path(text, path)) return;
  size_t len = strlen(path);
  MUST(len > 0 && len < sizeof path && path[0] != '/');
  MUST(!strstr(path, "..") || (strncmp(path, "..", 2) != 0 && !strstr(path, "/..")));
  MUST(!strstr(path, "//") && !strchr(path, '\\') && path[0] != '.' && !strstr(path, "/."));
  MUST(path[len - 1] != '/');
  MUST(request_type(path) != NULL);
}

static void ask_arguments(struct eddy_text text) {
  static const size_t mosts[] = {0, 1, 7, 1024};
  for (size_t i = 0; i < sizeof mosts / sizeof *mosts; i++) {
    char *value = malloc(mosts[i] + 1); /* so that one byte more is found */
    int result = request_argument(text, "a", value, mosts[i]);
    MUST(result >= -1 && result <= 1);
    if (result == 1) MUST(strlen(value) <= mosts[i] && !ed_utf8_check(ed_span(value, strlen(value))));
    free(value);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct eddy_text text = {.at = (const char *)data, .len = len};
  ask_path(text);
  ask_arguments(text);
  request_takes_gzip(text);
  MUST(!request_has_tag(text, "\"t\"") || memchr(data, '*', len) || memmem(data, len, "\"t\"", 3));
  return 0;
}
