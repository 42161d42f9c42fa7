/* eddyctl: its options, its commands, and what they share. For the files of this folder. */
#ifndef ED_MAIN_CTL_CTL_H
#define ED_MAIN_CTL_CTL_H

#include <stdio.h>

#include "base/buf.h"
#include "main/ctl/place.h"

#define ED_CTL_PATIENCE_S 30

enum ed_ctl_status { /* exit statuses */
                     ED_CTL_FINE = 0,
                     ED_CTL_REFUSED = 1, /* the server said no, or there is no such thing */
                     ED_CTL_USAGE = 2,
                     ED_CTL_UNREACHABLE = 3,
};

struct ed_ctl {
  const char *program, *command;
  char socket[ED_PLACE_MAX]; /* empty: over TCP */
  char host[256], port[8];   /* then these, and what the path of every call begins with */
  char base[256];
  bool tls;
  const char *ca;  /* file of certificates that are trusted; NULL: those of the system */
  bool insecure;   /* whatever certificate */
  const char *key; /* NULL: none */
  bool json, names;
  bool quiet; /* what goes wrong is not said: whoever set this says it */
  const char *action, *compact_seq, *sort, *limit, *keep, *upto, *count, *delay;
  const char *words[4]; /* of the command; NULL where there are no more */
  bool screen;          /* stdout is a terminal */
  unsigned columns, lines;
};

typedef int ed_ctl_fn(struct ed_ctl *ctl); /* an exit status */

/* The tables: parsing, --help, the manual page and the shell's completion are made from them. */
struct ed_ctl_command {
  const char *name, *words; /* "ROOM KEY", "[PATTERN]" */
  ed_ctl_fn *fn;
  const char *says;
};
extern const struct ed_ctl_command ED_CTL_COMMANDS[];
extern const size_t ED_CTL_COMMANDS_LEN;

struct ed_ctl_option {
  char letter;                 /* 0: none */
  const char *name, *argument; /* argument NULL: it takes none */
  const char *commands;        /* that it is for, separated by spaces; NULL: all */
  const char *says;
};
extern const struct ed_ctl_option ED_CTL_OPTIONS[];
extern const size_t ED_CTL_OPTIONS_LEN;

int ed_ctl_main(int argc, char **argv);

/* A line on standard error, "eddyctl: ...". Gives `status` back. */
int ed_ctl_fail(const struct ed_ctl *ctl, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- client.c ---- */

/* A call: an exit status, FINE with the answer's JSON in `answer`; else it was told. `body` NULL: a GET. */
int ed_ctl_call(const struct ed_ctl *ctl, const char *path, const char *body, struct ed_buf *answer);
/* Path and query are put together with these; both end with a NUL that does not count. */
void ed_ctl_path(struct ed_buf *path, const char *room, const char *tail); /* "/rooms/NS/ID" + tail */
void ed_ctl_arg(struct ed_buf *path, const char *name, struct ed_span value);

/* A WebSocket; `line` is the caller's to close, `input` what was read of it already. */
struct ed_ctl_line;
int ed_ctl_follow(const struct ed_ctl *ctl, const char *path, struct ed_ctl_line *line, struct ed_buf *input);
/* The next message, into `frame`. FINE; or another exit status, and it was told why there are no more. */
int ed_ctl_hear(const struct ed_ctl *ctl, struct ed_ctl_line *line, struct ed_buf *input, struct ed_buf *frame);

/* ---- text.c: what people read ---- */

/* Control characters are made harmless. `width` 0: all of it; else cut to so many columns and, where negative, padded
 * to as many. */
void ed_ctl_put(FILE *out, struct ed_span text, int width);
void ed_ctl_put_value(FILE *out, struct ed_span json, int width); /* a string without its quotes */
void ed_ctl_put_lines(FILE *out, struct ed_span json);            /* likewise, and its lines stay lines */
void ed_ctl_count_text(double number, char out[16]);              /* 1234 -> "1.2k" */
void ed_ctl_size_text(double bytes, char out[16]);                /* "1.2M" */
void ed_ctl_span_text(double ms, char out[16]);                   /* "3d 4h", "12s" */
void ed_ctl_clock_text(double unix_ms, bool day, char out[32]);   /* local time */

/* ---- the commands ---- */
ed_ctl_fn ed_ctl_status, ed_ctl_rooms, ed_ctl_room, ed_ctl_keys, ed_ctl_get, ed_ctl_push, ed_ctl_trim, ed_ctl_drop,
    ed_ctl_tail, ed_ctl_policy, ed_ctl_kick, ed_ctl_close, ed_ctl_delete, ed_ctl_reload, ed_ctl_log, ed_ctl_drain,
    ed_ctl_top;

#endif
