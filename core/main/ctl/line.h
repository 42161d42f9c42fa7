/* A connection of eddyctl: to a unix socket, over TCP, or over TLS. */
#ifndef ED_MAIN_CTL_LINE_H
#define ED_MAIN_CTL_LINE_H

#include <sys/types.h>

#include "main/ctl/ctl.h"

struct ssl_st;

struct ed_ctl_line {
  int fd;
  struct ssl_st *ssl; /* NULL: without TLS */
};

/* To where `ctl` says, with patience for what comes: an exit status, and where it is not FINE it was told why. */
int ed_ctl_line_open(const struct ed_ctl *ctl, struct ed_ctl_line *line);
void ed_ctl_line_close(struct ed_ctl_line *line);

void ed_ctl_line_wait(struct ed_ctl_line *line, unsigned seconds); /* for each read; 0: for ever */
bool ed_ctl_line_send(struct ed_ctl_line *line, struct ed_span bytes);
/* More bytes: how many, 0 at the end, -1 (errno) where none come. */
ssize_t ed_ctl_line_receive(struct ed_ctl_line *line, struct ed_buf *input);

#endif
