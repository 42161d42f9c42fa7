#include "main/problems.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"

void ed_problems_deinit(struct ed_problems *problems) {
  for (size_t i = 0; i < problems->len; i++) {
    free(problems->list[i].place);
    free(problems->list[i].text);
  }
  free(problems->list);
  *problems = (struct ed_problems){0};
}

void ed_problems_add(struct ed_problems *problems, const char *place, int line, const char *format, ...) {
  char *text;
  va_list args;
  va_start(args, format);
  int len = vasprintf(&text, format, args);
  va_end(args);
  if (len < 0) ed_oom(0);
  problems->list = ed_grow(problems->list, sizeof *problems->list, problems->len, &problems->cap);
  problems->list[problems->len++] = (struct ed_problem){ed_strdup(place), line, text};
}

static int rank(const struct ed_problem *problem) { return problem->line ? problem->line : INT_MAX; }

/* An insertion sort: the lists are short, and qsort would not keep the order of equals. */
void ed_problems_sort(struct ed_problems *problems) {
  for (size_t i = 1; i < problems->len; i++) {
    struct ed_problem moved = problems->list[i];
    size_t to = i;
    for (; to && rank(&problems->list[to - 1]) > rank(&moved); to--) problems->list[to] = problems->list[to - 1];
    problems->list[to] = moved;
  }
}

/* Names and values are quoted in problems as somebody wrote them: they must not forge lines or move a terminal's
 * cursor. */
static void print_text(const char *text, FILE *out) {
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    if (*p < 0x20 || *p == 0x7f)
      fprintf(out, "\\x%02x", *p);
    else
      putc(*p, out);
  }
}

void ed_problems_print(const struct ed_problems *problems, FILE *out) {
  for (size_t i = 0; i < problems->len; i++) {
    const struct ed_problem *problem = &problems->list[i];
    print_text(problem->place, out);
    if (problem->line) fprintf(out, ":%d", problem->line);
    fputs(": ", out);
    print_text(problem->text, out);
    putc('\n', out);
  }
}
