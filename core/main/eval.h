/* Runs a configuration file. It is Lua, in a state that can compute and touch nothing: no files, no network, no time,
 * no other code; bounded in steps and memory, so that it ends. */
#ifndef ED_MAIN_EVAL_H
#define ED_MAIN_EVAL_H

#include <stddef.h>

#include "main/problems.h"
#include "main/tree.h"

#define ED_EVAL_SOURCE_MAX (1 << 20) /* bytes of a configuration file */

/* The table that `source` returns, owned by the caller; NULL with a problem in `problems` where it returns none.
 * `place` is the file's name for problems. */
struct ed_node *ed_eval(const char *source, size_t len, const char *place, struct ed_problems *problems);

#endif
