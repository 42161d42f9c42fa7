#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/repeats.h"

#define TEXT_MAX 1024
#define LINE_MAX_LEN (TEXT_MAX * 6 + 256) /* six bytes for one: \u0007 */

static const char *const NAMES[] = {"error", "warn", "info", "debug"};
static const char *const FORMATS[] = {"logfmt", "json"};

/* ---- names ---- */

static int find(const char *const *names, size_t len, const char *name) {
  for (size_t i = 0; i < len; i++)
    if (strcmp(name, names[i]) == 0) return (int)i;
  return -EINVAL;
}

int ed_log_level_parse(const char *name, enum ed_log_level *level) {
  int found = find(NAMES, sizeof NAMES / sizeof *NAMES, name);
  if (found >= 0) *level = (enum ed_log_level)found;
  return found < 0 ? found : 0;
}

const char *ed_log_level_name(enum ed_log_level level) { return NAMES[level]; }

int ed_log_format_parse(const char *name, enum ed_log_format *format) {
  int found = find(FORMATS, sizeof FORMATS / sizeof *FORMATS, name);
  if (found >= 0) *format = (enum ed_log_format)found;
  return found < 0 ? found : 0;
}

const char *ed_log_format_name(enum ed_log_format format) { return FORMATS[format]; }

static int parse_part(const char *item, struct ed_log_levels *levels) {
  const char *equals = strchr(item, '=');
  if (!equals) return ed_log_level_parse(item, &levels->all);
  size_t len = (size_t)(equals - item);
  if (len < 1 || len > ED_LOG_PART_MAX || levels->parts_len == ED_LOG_PARTS_MAX) return -EINVAL;
  if (strspn(item, "abcdefghijklmnopqrstuvwxyz0123456789_-") != len) return -EINVAL;
  struct ed_log_part *part = &levels->parts[levels->parts_len++];
  memcpy(part->name, item, len);
  return ed_log_level_parse(equals + 1, &part->level);
}

int ed_log_levels_parse(const char *text, struct ed_log_levels *levels) {
  struct ed_log_levels parsed = {.all = ED_LOG_INFO};
  char copy[512], *rest = copy;
  if ((size_t)snprintf(copy, sizeof copy, "%s", text) >= sizeof copy) return -EINVAL;
  for (char *item; (item = strsep(&rest, ","));)
    if (parse_part(item, &parsed) != 0) return -EINVAL;
  *levels = parsed;
  return 0;
}

void ed_log_levels_text(const struct ed_log_levels *levels, char *out, size_t len) {
  int used = snprintf(out, len, "%s", NAMES[levels->all]);
  for (size_t i = 0; i < levels->parts_len && used > 0 && (size_t)used < len; i++)
    used += snprintf(out + used, len - (size_t)used, ",%s=%s", levels->parts[i].name, NAMES[levels->parts[i].level]);
}

static bool silent(const struct ed_log *log, enum ed_log_level level, const char *part) {
  for (size_t i = log->parts_len; i-- > 0;) /* the last counts */
    if (strcmp(log->parts[i].name, part) == 0) return level > log->parts[i].level;
  return level > log->level;
}

/* ---- a line ---- */

struct line {
  size_t len;
  char text[LINE_MAX_LEN];
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *line, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(line->text + line->len, sizeof line->text - line->len, format, args);
  va_end(args);
  if (len > 0) line->len += (size_t)len; /* it fits: LINE_MAX_LEN */
}

/* Bytes of the well-formed UTF-8 sequence at `at` (Unicode, table 3-7), and its code point; 0: there is none. */
static size_t sequence(const uint8_t *at, uint32_t *code) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t len = *at < 0x80 ? 1 : (*at & 0xe0) == 0xc0 ? 2 : (*at & 0xf0) == 0xe0 ? 3 : (*at & 0xf8) == 0xf0 ? 4 : 0;
  if (len == 0) return 0;
  *code = len == 1 ? *at : *at & (0x7fu >> len);
  for (size_t i = 1; i < len; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0; /* the NUL at the end, too */
    *code = *code << 6 | (at[i] & 0x3fu);
  }
  bool fine = *code >= least[len] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
  return fine ? len : 0;
}

/* Moves a terminal's cursor, ends a line somewhere, or turns the direction of writing. */
static bool harmful(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || (code >= 0x200e && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void add_quoted(struct line *line, bool json, const char *text) {
  uint32_t code = 0;
  add(line, "\"");
  for (const uint8_t *at = (const uint8_t *)text; *at;) {
    size_t len = sequence(at, &code);
    if (len == 0)
      add(line, json ? "\\ufffd" : "\\x%02x", *at);
    else if (code == '"' || code == '\\')
      add(line, "\\%c", (char)code);
    else if (code == '\n')
      add(line, "\\n");
    else if (harmful(code))
      add(line, json || code > 0xff ? "\\u%04x" : "\\x%02x", (unsigned)code);
    else
      add(line, "%.*s", (int)len, (const char *)at);
    at += len ? len : 1;
  }
  add(line, "\"");
}

static void write_line(const struct ed_log *log, unsigned level, const char *part, const char *text, uint64_t count) {
  struct timespec now;
  struct tm utc;
  char stamp[32];
  struct line line = {0};
  bool json = log->format == ED_LOG_JSON;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  add(&line,
      json ? "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"part\":\"%s\",\"msg\":"
           : "time=%s.%03ldZ level=%s part=%s msg=",
      stamp, now.tv_nsec / 1000000, NAMES[level], part);
  add_quoted(&line, json, text);
  if (count) add(&line, json ? ",\"repeated\":%llu" : " repeated=%llu", (unsigned long long)count);
  add(&line, json ? "}\n" : "\n");
  fwrite(line.text, 1, line.len, log->out);
  fflush(log->out);
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void ed_log(const struct ed_log *log, enum ed_log_level level, const char *part, const char *format, ...) {
  if (!log || !log->out || silent(log, level, part)) return;
  char text[TEXT_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  uint64_t count = 0;
  struct ed_repeated lost = {0};
  bool write = !log->repeats || ed_repeats_say(log->repeats, now_ms(), level, part, text, &count, &lost);
  if (lost.count) write_line(log, lost.level, lost.part, lost.text, lost.count);
  if (write) write_line(log, level, part, text, count);
}

void ed_log_tick(const struct ed_log *log, bool all) {
  struct ed_repeated due;
  if (!log || !log->out || !log->repeats) return;
  while (ed_repeats_due(log->repeats, now_ms(), all, &due)) write_line(log, due.level, due.part, due.text, due.count);
}
