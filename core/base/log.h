/* What the daemon tells its operator: logfmt lines on a stream. There is no global log; everything that may speak is
 * given one. */
#ifndef ED_BASE_LOG_H
#define ED_BASE_LOG_H

#include <stdio.h>

enum ed_log_level { ED_LOG_ERROR, ED_LOG_WARN, ED_LOG_INFO, ED_LOG_DEBUG };

struct ed_log {
  FILE *out;               /* borrowed; NULL: silent */
  enum ed_log_level level; /* the most talkative level that is written */
};

/* One line: time (UTC, RFC 3339), level, `part` (the folder that speaks, such as "net"), and the message, quoted and
 * with control characters escaped, so that what a client sent can never forge a line. */
void ed_log(const struct ed_log *log, enum ed_log_level level, const char *part, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* 0 and the level of a name ("error", "warn", "info", "debug"), or -EINVAL. */
int ed_log_level_parse(const char *name, enum ed_log_level *level);

const char *ed_log_level_name(enum ed_log_level level);

#endif
