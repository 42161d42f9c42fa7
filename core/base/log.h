/* What the daemon tells its operator: lines on a stream, as logfmt or as JSON. There is no global log; everything that
 * may speak is given one. All of it is spoken to by one thread. */
#ifndef ED_BASE_LOG_H
#define ED_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ed_repeats;

enum ed_log_level { ED_LOG_ERROR, ED_LOG_WARN, ED_LOG_INFO, ED_LOG_DEBUG };
enum ed_log_format { ED_LOG_LOGFMT, ED_LOG_JSON };

#define ED_LOG_PART_MAX 32  /* bytes of a part's name */
#define ED_LOG_PARTS_MAX 16 /* that have a level of their own */

struct ed_log_part {
  char name[ED_LOG_PART_MAX + 1];
  enum ed_log_level level;
};

struct ed_log_levels { /* "info,net=debug" */
  enum ed_log_level all;
  struct ed_log_part parts[ED_LOG_PARTS_MAX];
  size_t parts_len;
};

struct ed_log {
  FILE *out;                       /* borrowed; NULL: silent */
  enum ed_log_level level;         /* the most talkative level that is written */
  const struct ed_log_part *parts; /* which have another; borrowed */
  size_t parts_len;
  enum ed_log_format format;
  struct ed_repeats *repeats; /* borrowed; NULL: all that comes is written */
};

/* One line: time (UTC, RFC 3339), level, `part` (the folder that speaks, such as "net", or the plugin), and the
 * message. Whatever is in that, it stays inside its quotes and on its line: control characters, what is not UTF-8 and
 * what turns the direction of writing is escaped, so that what a client sent can never forge a line. With `repeats`, a
 * line that was written less than a second ago is only counted; `repeated=N` then says how often it came since. */
void ed_log(const struct ed_log *log, enum ed_log_level level, const char *part, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Writes what has been held back for a second; to be called about that often. `all`: whatever is held back. */
void ed_log_tick(const struct ed_log *log, bool all);

/* 0 and the level of a name ("error", "warn", "info", "debug"), or -EINVAL. */
int ed_log_level_parse(const char *name, enum ed_log_level *level);

const char *ed_log_level_name(enum ed_log_level level);

/* 0 and what a text such as "debug" or "info,net=debug,sqlite=error" means, or -EINVAL. */
int ed_log_levels_parse(const char *text, struct ed_log_levels *levels);

/* The text that it is parsed from. */
void ed_log_levels_text(const struct ed_log_levels *levels, char *out, size_t len);

/* 0 and the format of a name ("logfmt", "json"), or -EINVAL. */
int ed_log_format_parse(const char *name, enum ed_log_format *format);
const char *ed_log_format_name(enum ed_log_format format);

#endif
