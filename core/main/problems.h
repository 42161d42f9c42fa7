/* What is wrong with a configuration: all of it at once, each with its place where that is known. */
#ifndef ED_MAIN_PROBLEMS_H
#define ED_MAIN_PROBLEMS_H

#include <stddef.h>
#include <stdio.h>

struct ed_problem {
  char *place; /* "etc/eddy.lua", "-s drain=5x"; owned */
  int line;    /* of the file; 0: not known, or no file */
  char *text;  /* owned */
};

/* All-zero is a valid empty list; one owner, who calls ed_problems_deinit. */
struct ed_problems {
  struct ed_problem *list;
  size_t len, cap;
};

void ed_problems_deinit(struct ed_problems *problems); /* frees, and leaves a valid empty list */

void ed_problems_add(struct ed_problems *problems, const char *place, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* By line, those of the file before those of the command line; else as they were found. */
void ed_problems_sort(struct ed_problems *problems);

/* One line each: "etc/eddy.lua:12: ...", control characters escaped. */
void ed_problems_print(const struct ed_problems *problems, FILE *out);

#endif
