/* From the configuration that a server runs with to the next one, while rooms and connections point into the old. */
#ifndef ED_MAIN_RELOAD_H
#define ED_MAIN_RELOAD_H

#include "main/config.h"

struct ed_reloaded_space {
  const struct ed_space *space;
  uint64_t idle_ms; /* before */
  bool knobs;       /* what its policy leaves to be set is another */
};

/* All-zero is a valid empty one; one owner, who calls ed_reload_deinit. */
struct ed_reload {
  struct ed_texts changed;          /* "limits.depth: 128 -> 64"; each owned */
  struct ed_texts restart;          /* likewise: what the server goes on with as it was */
  struct ed_reloaded_space *spaces; /* that were there before and are others now */
  size_t spaces_len, spaces_cap;
};
void ed_reload_deinit(struct ed_reload *reload);

/* Makes `fresh` what the server can run with in place of `running`, which is to be freed once nothing but rooms points
 * into it: a namespace keeps its struct, with what `fresh` says in it, so that rooms find the new one where the old one
 * was; one that is gone is retired; and what needs a restart is as it was. Says what differs. */
void ed_reload_merge(struct ed_config *fresh, struct ed_config *running, struct ed_reload *reload);

#endif
