#include "main/lines.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define DEPTH_MAX 32 /* braces beyond are not followed */

struct ed_line {
  char *path; /* dotted; owned */
  int line;
};

enum kind { END, WORD, STRING, MARK }; /* a mark is any other character, one at a time; "==" is one '~' */

struct token {
  enum kind kind;
  char mark;
  struct ed_span text; /* of a word or a string, without its quotes and with escapes as written */
  int line;
};

struct scan {
  struct ed_lines *lines;
  const char *at, *end;
  int line;
  struct ed_span names[DEPTH_MAX]; /* what each open brace is the value of; {NULL, 0} for a list's item or the root */
  size_t depth;
};

/* At `[[` or `[==[`: the number of `=`, else -1. */
static int long_level(const struct scan *scan) {
  const char *p = scan->at;
  if (p >= scan->end || *p++ != '[') return -1;
  int level = 0;
  while (p < scan->end && *p == '=') p++, level++;
  return p < scan->end && *p == '[' ? level : -1;
}

/* Skips a long string or comment that begins here, to behind its closing bracket. */
static void skip_long(struct scan *scan, int level) {
  for (scan->at += level + 2; scan->at < scan->end; scan->at++) {
    if (*scan->at == '\n') scan->line++;
    if (*scan->at != ']') continue;
    const char *p = scan->at + 1;
    int equals = 0;
    while (p < scan->end && *p == '=') p++, equals++;
    if (equals == level && p < scan->end && *p == ']') {
      scan->at = p + 1;
      return;
    }
  }
}

static void skip_comment(struct scan *scan) {
  scan->at += 2;
  int level = long_level(scan);
  if (level >= 0) {
    skip_long(scan, level);
    return;
  }
  while (scan->at < scan->end && *scan->at != '\n') scan->at++;
}

static void skip_blank(struct scan *scan) {
  for (; scan->at < scan->end; scan->at++) {
    if (*scan->at == '\n') {
      scan->line++;
    } else if (*scan->at == '-' && scan->end - scan->at > 1 && scan->at[1] == '-') {
      skip_comment(scan);
      scan->at--; /* the loop goes on to it */
    } else if (!isspace((unsigned char)*scan->at)) {
      return;
    }
  }
}

static struct token quoted(struct scan *scan) {
  struct token token = {.kind = STRING, .line = scan->line};
  char quote = *scan->at++;
  const char *from = scan->at;
  for (; scan->at < scan->end && *scan->at != quote && *scan->at != '\n'; scan->at++) {
    if (*scan->at != '\\' || scan->end - scan->at < 2) continue;
    if (*++scan->at == '\n') scan->line++;
  }
  token.text = ed_span(from, (size_t)(scan->at - from));
  if (scan->at < scan->end && *scan->at == quote) scan->at++;
  return token;
}

static bool in_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static struct token next(struct scan *scan) {
  skip_blank(scan);
  struct token token = {.kind = END, .line = scan->line};
  if (scan->at >= scan->end) return token;
  int level = long_level(scan);
  if (level >= 0) {
    skip_long(scan, level);
    token.kind = STRING; /* never a name: no text */
    return token;
  }
  if (*scan->at == '"' || *scan->at == '\'') return quoted(scan);
  const char *from = scan->at;
  if (in_word(*scan->at)) {
    while (scan->at < scan->end && in_word(*scan->at)) scan->at++;
    token.kind = WORD;
    token.text = ed_span(from, (size_t)(scan->at - from));
    return token;
  }
  token.kind = MARK;
  token.mark = *scan->at++;
  if (token.mark == '=' && scan->at < scan->end && *scan->at == '=') {
    token.mark = '~';
    scan->at++;
  }
  return token;
}

static void add(struct scan *scan, struct ed_span name, int line) {
  struct ed_lines *lines = scan->lines;
  struct ed_buf path = {0};
  for (size_t i = 0; i < scan->depth && i < DEPTH_MAX; i++) {
    if (!scan->names[i].len) continue;
    ed_buf_add_span(&path, scan->names[i]);
    ed_buf_add_byte(&path, '.');
  }
  ed_buf_add_span(&path, name);
  ed_buf_add_byte(&path, 0);
  lines->list = ed_grow(lines->list, sizeof *lines->list, lines->len, &lines->cap);
  lines->list[lines->len++] = (struct ed_line){(char *)path.at, line};
}

void ed_lines_init(struct ed_lines *lines, const char *source, size_t len) {
  *lines = (struct ed_lines){0};
  struct scan scan = {.lines = lines, .at = source, .end = source + len, .line = 1};
  struct ed_span given = {0};         /* the name whose value comes next */
  struct token last = {.kind = MARK}; /* the last word or string, and the bracket behind it */
  for (struct token token; (token = next(&scan)).kind != END;) {
    bool mark = token.kind == MARK;
    if (mark && token.mark == '=' && last.text.len) {
      given = last.text;
      add(&scan, given, last.line);
    } else if (mark && token.mark == '{') {
      if (scan.depth < DEPTH_MAX) scan.names[scan.depth] = given;
      scan.depth++;
      given = (struct ed_span){0};
    } else {
      if (mark && token.mark == '}' && scan.depth) scan.depth--;
      given = (struct ed_span){0};
    }
    if (mark && token.mark == ']' && last.kind == STRING) continue; /* ["name"] */
    last = token;
  }
}

void ed_lines_deinit(struct ed_lines *lines) {
  for (size_t i = 0; i < lines->len; i++) free(lines->list[i].path);
  free(lines->list);
  *lines = (struct ed_lines){0};
}

/* How many whole names two dotted paths have in common, counted from their ends. */
static int common(const char *a, const char *b) {
  const char *p = a + strlen(a), *q = b + strlen(b);
  int names = 0;
  for (; p > a && q > b; names++) {
    const char *p_end = p, *q_end = q;
    while (p > a && p[-1] != '.') p--;
    while (q > b && q[-1] != '.') q--;
    if (!ed_span_equal(ed_span(p, (size_t)(p_end - p)), ed_span(q, (size_t)(q_end - q)))) break;
    if (p > a) p--;
    if (q > b) q--;
  }
  return names;
}

int ed_lines_exact(const struct ed_lines *lines, const char *path) {
  for (size_t i = lines->len; i-- > 0;)
    if (strcmp(lines->list[i].path, path) == 0) return lines->list[i].line;
  return 0;
}

int ed_lines_find(const struct ed_lines *lines, const char *path) {
  int line = 0, best = 1;
  for (size_t i = 0; i < lines->len; i++) {
    int score = 2 * common(lines->list[i].path, path) + (strcmp(lines->list[i].path, path) == 0);
    if (score < best) continue;
    best = score;
    line = lines->list[i].line;
  }
  return line;
}
