/* The process as the system sees it: in the background, with its number in a file, and where it writes to. */
#ifndef ED_MAIN_PROCESS_H
#define ED_MAIN_PROCESS_H

#include <stdbool.h>

struct ed_process {
  bool background;
  int parent;           /* a pipe's end: who started us waits for a byte in it; -1: nobody does */
  int pidfile;          /* locked as long as it is open; -1: none */
  const char *pid_path; /* borrowed */
  int terminal;         /* what standard error was before the log had a file; -1: it is that still */
};

/* Nothing is done yet. */
void ed_process_init(struct ed_process *process);

/* Goes on in a new process with a session of its own, in the same working folder and with standard input, output and
 * error as they are. 0 there. 1 in the one that was called, once the other serves, and -1 where that has ended before
 * (it has said why) or cannot begin (said here). No threads may be there. */
int ed_process_fork(struct ed_process *process);

/* Writes its number into `path` (borrowed), and keeps that locked until ed_process_end removes it. What a process that
 * is gone has left there is replaced. -1 after a line on standard error. */
int ed_process_write_pid(struct ed_process *process, const char *path);

/* From now on standard output and error go to the end of this file, opened anew; NULL: where they went at first, or in
 * the background nowhere. -1: it cannot be opened, they go where they went. */
int ed_process_log_to(struct ed_process *process, const char *path);

/* It serves: lets go of who waits for that, and in the background of the terminal. */
void ed_process_ready(struct ed_process *process);

void ed_process_end(struct ed_process *process);

#endif
