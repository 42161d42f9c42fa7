/* One line of an export: a flat JSON object of texts, whole numbers and booleans, of which the members are fixed. */
#ifndef SQLITE_LINES_H
#define SQLITE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct line_text { /* may hold NUL bytes; owned by the line */
  bool given;
  char *at;
  size_t len;
};

struct line {
  struct line_text room, policy, key, json, cbor; /* cbor: the bytes, no longer base64 */
  bool has_seq, has_end, base;
  int64_t seq, created, expires, time, end;
};

/* Parses `len` bytes without the line end. 0; or -EINVAL, the byte from which on it is wrong (1: the first) in
 * `column`, and nothing to be freed. */
int line_parse(struct line *line, const char *text, size_t len, size_t *column);
void line_deinit(struct line *line);

void line_put_text(FILE *out, const char *at, size_t len);   /* a JSON string, quoted */
void line_put_base64(FILE *out, const char *at, size_t len); /* likewise */

#endif
