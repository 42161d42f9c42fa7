/* Where in a configuration file a name stands. Lua's tables do not remember it, so the source is read a second time, as
 * words: `NAME =` and `["NAME"] =` within how many braces. That finds every name of a configuration that is written
 * down as a table, and the likely one where it is put together by a program. */
#ifndef ED_MAIN_LINES_H
#define ED_MAIN_LINES_H

#include <stddef.h>

struct ed_lines {
  struct ed_line *list;
  size_t len, cap;
};

/* Reads Lua source text. All of it is copied; one owner, who calls ed_lines_deinit. */
void ed_lines_init(struct ed_lines *lines, const char *source, size_t len);
void ed_lines_deinit(struct ed_lines *lines);

/* The line, from 1, where just this path is given a value; 0: nowhere. */
int ed_lines_exact(const struct ed_lines *lines, const char *path);

/* The line, from 1, where the dotted `path` is given a value: the place of this very path; else the one with the most
 * names, counted from the end, in common with it. Of several the last, as it is the last that counts in Lua. 0: none
 * has even the last name. */
int ed_lines_find(const struct ed_lines *lines, const char *path);

#endif
