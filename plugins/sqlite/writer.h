/* The writer: a thread with a connection of its own, which writes what it is handed in the order in which it is handed,
 * and goes on trying where that fails. What it has taken is not given up before it is stopped. */
#ifndef SQLITE_WRITER_H
#define SQLITE_WRITER_H

#include "store.h"

struct writer;

struct writer_report {   /* of one commit */
  struct batch *batches; /* written; the receiver's to free */
  double commit_s;       /* how long the transaction took */
  double lag_s;          /* since the first of them was handed over */
};

struct writer_options {
  uint64_t interval_ms; /* 0: each batch at once, and those that come meanwhile together. Otherwise so long after the
                           first */
  bool full;            /* every commit is synced to disk; otherwise those that reserve numbers */
  uint64_t patience_ms; /* how long it goes on trying once it is stopped */
  /* All on the writer's thread. */
  void (*written)(void *arg, const struct writer_report *report);
  void (*broke)(void *arg, const char *why);  /* a room was set aside; see store_commit */
  void (*failed)(void *arg, const char *why); /* a commit; it will be tried again. NULL: one has worked again */
  void *arg;
};

/* Takes over the store, also where it fails. 0 or a negative errno. */
int writer_new(struct writer **writer, struct store *store, const struct writer_options *options);

/* Writes what is left, or gives up on it after `patience_ms`; how many records were lost so. */
uint64_t writer_free(struct writer *writer);

/* Takes over the batch, whose ticket is greater than that of the one before. */
void writer_give(struct writer *writer, struct batch *batch);

/* Does not wait for the interval this time. */
void writer_hurry(struct writer *writer);

/* Waits until everything up to `ticket` is written: 0, -EIO where writing fails at the moment, or -ETIMEDOUT. */
int writer_wait(struct writer *writer, uint64_t ticket, uint64_t timeout_ms);

#endif
