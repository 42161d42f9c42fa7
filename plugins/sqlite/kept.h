/* What the plugin knows of a room: one that is in memory, or one that has left it and is not written to the end. Made
 * and freed on the loop thread; the writer sees those named by the batches that it has, which keep them alive. */
#ifndef SQLITE_KEPT_H
#define SQLITE_KEPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct eddy_room;

struct kept {
  /* Of both threads: fixed from the beginning, but for `broken`. */
  int64_t id;         /* rooms.id */
  atomic_bool broken; /* the database has no place for it any more (a corrupt page): nothing of it is written or read */

  /* Of the writer's thread. */
  bool gone; /* a list deletes it: what else the list has of its streams is not looked at */

  /* Of the loop thread. */
  struct eddy_room *room;   /* NULL: it has left memory */
  bool deleted;             /* for good; a new one may have its name */
  bool named;               /* in the table of names: the last one of its name */
  bool held;                /* its outbox is */
  bool in_open;             /* the open batch has something of it */
  bool settled;             /* its row has the epoch and says what was lost, which a change makes wrong */
  uint32_t unwritten;       /* batches that have something of it, the open one too */
  uint64_t ticket;          /* of the last of these that was handed over */
  uint64_t seq;             /* the last number used */
  uint64_t mark;            /* the last change told */
  uint64_t durable;         /* numbers up to here are reserved on disk */
  uint64_t asked;           /* and up to here once all batches are written */
  uint64_t epoch;           /* the room's; 0: the host knows of none */
  uint64_t block;           /* length of the last reservation */
  int64_t expires_ms;       /* as it was last written */
  struct kept *prev, *next; /* all of them */
  UT_hash_handle hh;        /* by name */
  size_t name_len;
  char name[]; /* of both threads; NUL-terminated */
};

#endif
