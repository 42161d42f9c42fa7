/* Every knob of the configuration is a row of one table. Parsing, checking and the listing of `eddyd --knobs` are all
 * made from it; a new knob is a field where it lands, and a row. */
#ifndef ED_MAIN_KNOBS_H
#define ED_MAIN_KNOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "main/report.h"
#include "main/tree.h"

enum ed_kind {                    /* what a knob holds, and the type of the field where it lands */
               ED_KIND_DURATION,  /* uint64_t, milliseconds */
               ED_KIND_SIZE,      /* uint64_t, bytes */
               ED_KIND_COUNT,     /* uint64_t */
               ED_KIND_BOOL,      /* bool */
               ED_KIND_LEVEL,     /* struct ed_log_levels */
               ED_KIND_FORMAT,    /* enum ed_log_format */
               ED_KIND_SLOW,      /* enum ed_slow */
               ED_KIND_NAME,      /* const char *, owned: 1 to 64 of A-Z a-z 0-9 _ - */
               ED_KIND_PATH,      /* const char *, owned */
               ED_KIND_URL,       /* const char *, owned: what the server is called from outside */
               ED_KIND_ADMIN,     /* const char *, owned: where the admin interface listens */
               ED_KIND_KEY,       /* const char *, owned: a secret, which no message shows */
               ED_KIND_ADDRESSES, /* struct ed_texts: where to listen */
               ED_KIND_NETWORKS,  /* struct ed_texts: addresses and CIDR networks */
               ED_KIND_ORIGINS,   /* struct ed_texts: pages, as browsers name them */
               ED_KIND_RATE,      /* struct ed_rate, of what is counted */
               ED_KIND_BYTE_RATE  /* struct ed_rate, of bytes */
};

enum ed_home {                 /* the struct that a knob lands in, and so the table that it may stand in */
               ED_HOME_CONFIG, /* struct ed_config */
               ED_HOME_LIMITS, /* struct ed_limits: of the server, and again of each namespace */
               ED_HOME_SPACE   /* struct ed_space */
};

struct ed_knob {
  const char *name; /* dotted; "NAME" stands for that of a namespace */
  enum ed_kind kind;
  enum ed_home home;
  size_t at;            /* offset of the field in its home */
  bool restart;         /* a running server goes on with what it began with */
  const char *fallback; /* as text; NULL: the field stays zero */
  uint64_t min, max;    /* of a duration (ms), a size or a count */
  const char *says;     /* a sentence */
};

extern const struct ed_knob ED_KNOBS[];
extern const size_t ED_KNOBS_LEN;

/* The row of `prefix` + `name`, which lands in `home`; NULL: none. */
const struct ed_knob *ed_knob_find(enum ed_home home, const char *prefix, const char *name);

/* Puts the value of `node` where the knob lands in `home`, in place of what was there; what is wrong with it goes to
 * `report`, and then the field may be left as it was. */
void ed_knob_set(const struct ed_knob *knob, void *home, const struct ed_node *node, const struct ed_report *report);

/* All knobs that land in `home` at their defaults, in place of what was there. (The table's own texts are parsed like
 * any other; were one wrong, `report` would say so.) */
void ed_knobs_default(enum ed_home kind, void *home, const struct ed_report *report);
void ed_knobs_release(enum ed_home kind, void *home); /* frees what they own in `home` */

/* Whether it has the same value in two homes; the value as text, cut where it is long; the values exchanged. */
bool ed_knob_same(const struct ed_knob *knob, const void *home, const void *other);
void ed_knob_text(const struct ed_knob *knob, const void *home, char out[200]);
void ed_knob_swap(const struct ed_knob *knob, void *home, void *other);

/* 1 to 64 of A-Z a-z 0-9 _ -: what namespaces and policies may be called. */
bool ed_knob_name_valid(const char *name);

const char *ed_knob_kind_text(enum ed_kind kind); /* "duration" */

/* "1s to 24h"; empty where the kind has no range. */
void ed_knob_range(const struct ed_knob *knob, char out[80]);

/* Every knob with kind, default, range and sentence, for people to read. */
void ed_knobs_print(FILE *out);

#endif
