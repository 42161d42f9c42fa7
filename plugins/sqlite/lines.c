#include "lines.h"

#include <errno.h>

#include "mem.h"

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct cursor {
  const char *at, *end;
};

static void space(struct cursor *cursor) {
  while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r')) cursor->at++;
}

static bool take(struct cursor *cursor, const char *token) {
  size_t len = strlen(token);
  space(cursor);
  if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, token, len) != 0) return false;
  cursor->at += len;
  return true;
}

/* ---- texts ---- */

static int hex4(struct cursor *cursor) {
  int value = 0;
  if (cursor->end - cursor->at < 4) return -1;
  for (int i = 0; i < 4; i++) {
    static const char digits[] = "0123456789abcdef";
    char c = *cursor->at++;
    const char *digit = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    if (!digit) return -1;
    value = value * 16 + (int)(digit - digits);
  }
  return value;
}

/* The code point of an escape \uXXXX, or of a pair of them; -1 where it is malformed. */
static int code_point(struct cursor *cursor) {
  int high = hex4(cursor);
  if (high < 0xd800 || high > 0xdfff) return high;
  if (high > 0xdbff || cursor->end - cursor->at < 2 || memcmp(cursor->at, "\\u", 2) != 0) return -1;
  cursor->at += 2;
  int low = hex4(cursor);
  return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static char *put_utf8(char *to, int code) {
  if (code < 0x80) {
    *to++ = (char)code;
    return to;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const int heads[] = {0, 0xc0, 0xe0, 0xf0};
  *to++ = (char)(heads[more] | code >> (6 * more));
  while (more-- > 0) *to++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
  return to;
}

static bool escape(struct cursor *cursor, char **to) {
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  if (cursor->at == cursor->end) return false;
  char c = *cursor->at++;
  if (c == 'u') {
    int code = code_point(cursor);
    if (code >= 0) *to = put_utf8(*to, code);
    return code >= 0;
  }
  const char *name = c ? strchr(names, c) : NULL;
  if (name) *(*to)++ = meanings[name - names];
  return name != NULL;
}

/* What stands escaped is never shorter than what it means. */
static bool take_text(struct cursor *cursor, struct line_text *text) {
  if (text->given || !take(cursor, "\"")) return false;
  char *to = text->at = mem_check(malloc((size_t)(cursor->end - cursor->at) + 1));
  text->given = true;
  while (cursor->at < cursor->end && *cursor->at != '"') {
    char c = *cursor->at++;
    if ((unsigned char)c < 0x20) return false;
    if (c != '\\')
      *to++ = c;
    else if (!escape(cursor, &to))
      return false;
  }
  text->len = (size_t)(to - text->at);
  *to = 0;
  return cursor->at++ < cursor->end;
}

static bool take_base64(struct cursor *cursor, struct line_text *text) {
  if (!take_text(cursor, text) || text->len % 4) return false;
  char *to = text->at;
  for (size_t i = 0; i < text->len; i += 4) {
    uint32_t bits = 0;
    size_t bytes = 3;
    for (size_t k = 0; k < 4; k++) {
      char c = text->at[i + k];
      bool pads = c == '=' && i + 4 == text->len && (k == 3 || (k == 2 && text->at[i + 3] == '='));
      const char *letter = c && !pads ? strchr(LETTERS, c) : NULL;
      if (!letter && !pads) return false;
      bits = bits << 6 | (letter ? (uint32_t)(letter - LETTERS) : 0);
      bytes -= pads;
    }
    for (size_t k = 0; k < bytes; k++) *to++ = (char)(bits >> (16 - 8 * k));
  }
  text->len = (size_t)(to - text->at);
  return true;
}

static bool take_number(struct cursor *cursor, int64_t *number) {
  space(cursor);
  const char *from = cursor->at;
  int64_t value = 0;
  while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *cursor->at++ - '0', &value))
      return false;
  *number = value;
  return cursor->at > from;
}

/* ---- the line ---- */

static bool take_member(struct cursor *cursor, struct line *line) {
  if (take(cursor, "\"room\":")) return take_text(cursor, &line->room);
  if (take(cursor, "\"policy\":")) return take_text(cursor, &line->policy);
  if (take(cursor, "\"key\":")) return take_text(cursor, &line->key);
  if (take(cursor, "\"json\":")) return take_text(cursor, &line->json);
  if (take(cursor, "\"cbor\":")) return take_base64(cursor, &line->cbor);
  if (take(cursor, "\"seq\":")) return line->has_seq = take_number(cursor, &line->seq);
  if (take(cursor, "\"end\":")) return line->has_end = take_number(cursor, &line->end);
  if (take(cursor, "\"created\":")) return take_number(cursor, &line->created);
  if (take(cursor, "\"expires\":")) return take_number(cursor, &line->expires);
  if (take(cursor, "\"time\":")) return take_number(cursor, &line->time);
  if (!take(cursor, "\"base\":")) return false;
  line->base = take(cursor, "true");
  return line->base || take(cursor, "false");
}

int line_parse(struct line *line, const char *text, size_t len, size_t *column) {
  struct cursor cursor = {.at = text, .end = text + len};
  *line = (struct line){0};
  bool fine = take(&cursor, "{") && take_member(&cursor, line);
  while (fine && take(&cursor, ",")) fine = take_member(&cursor, line);
  fine = fine && take(&cursor, "}");
  space(&cursor);
  if (fine && cursor.at == cursor.end) return 0;
  *column = (size_t)(cursor.at - text) + 1;
  line_deinit(line);
  return -EINVAL;
}

void line_deinit(struct line *line) {
  free(line->room.at);
  free(line->policy.at);
  free(line->key.at);
  free(line->json.at);
  free(line->cbor.at);
  *line = (struct line){0};
}

/* ---- and back ---- */

void line_put_text(FILE *out, const char *at, size_t len) {
  fputc('"', out);
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)at[i];
    if (c == '"' || c == '\\')
      fprintf(out, "\\%c", c);
    else if (c < 0x20)
      fprintf(out, "\\u%04x", c);
    else
      fputc(c, out);
  }
  fputc('"', out);
}

void line_put_base64(FILE *out, const char *at, size_t len) {
  fputc('"', out);
  for (size_t i = 0; i < len; i += 3) {
    uint32_t bits = 0;
    size_t bytes = len - i < 3 ? len - i : 3;
    for (size_t k = 0; k < 3; k++) bits = bits << 8 | (k < bytes ? (unsigned char)at[i + k] : 0);
    for (size_t k = 0; k < 4; k++) fputc(k <= bytes ? LETTERS[bits >> (18 - 6 * k) & 63] : '=', out);
  }
  fputc('"', out);
}
