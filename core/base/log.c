#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

static const char *const NAMES[] = {"error", "warn", "info", "debug"};

int ed_log_level_parse(const char *name, enum ed_log_level *level) {
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if (strcmp(name, NAMES[i]) == 0) {
      *level = (enum ed_log_level)i;
      return 0;
    }
  return -EINVAL;
}

const char *ed_log_level_name(enum ed_log_level level) { return NAMES[level]; }

void ed_log(const struct ed_log *log, enum ed_log_level level, const char *part, const char *format, ...) {
  if (!log || !log->out || level > log->level) return;

  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);

  struct timespec now;
  struct tm utc;
  char stamp[32];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);

  flockfile(log->out);
  fprintf(log->out, "time=%s.%03ldZ level=%s part=%s msg=\"", stamp, now.tv_nsec / 1000000, NAMES[level], part);
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    if (*p == '"' || *p == '\\')
      fprintf(log->out, "\\%c", *p);
    else if (*p == '\n')
      fputs("\\n", log->out);
    else if (*p < 0x20 || *p == 0x7f)
      fprintf(log->out, "\\x%02x", *p);
    else
      putc_unlocked(*p, log->out);
  }
  fputs("\"\n", log->out);
  fflush(log->out);
  funlockfile(log->out);
}
