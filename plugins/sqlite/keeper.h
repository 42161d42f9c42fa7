/* The loop's side: what each room has told and what of it is safe. Everything here is of the loop thread.
 *
 * Numbers. A room's row holds a number that later messages are beyond: a reservation made ahead in blocks that grow,
 * or, where it was closed as it should be, the last number used. A number is heard of only once a reservation that
 * covers it is on disk, so after any crash the room goes on beyond all that anybody has heard.
 *
 * The outbox. `sync` holds it from the first change that is not on disk, and opens it as far as it is. In the other
 * modes it is held where the reservation is not yet on disk: in a room's first moment, for one commit.
 *
 * The epoch. A row that was closed in order has it, with what each key has lost. In `batch` and `snapshot` the first
 * reservation after a load takes both away, so before any number is heard that a crash could take back. In `sync` it
 * stays, since nothing that was heard goes; what was lost is not known after a crash. */
#ifndef SQLITE_KEEPER_H
#define SQLITE_KEEPER_H

#include "place.h"
#include "writer.h"

#define KEEPER_BLOCK_MIN 4096u
#define KEEPER_BLOCK_GROWTH 8u
#define KEEPER_BLOCK_MAX 1048576u
#define KEEPER_SHORT 512u /* so few numbers left: the next reservation waits no longer for the interval */

struct keeper_meters {
  struct eddy_counter *commits, *changes, *errors, *refused, *queued_bytes, *queued_changes, *failing;
  struct eddy_counter *commit_s, *lag_s, *load_s; /* histograms */
};

enum keeper_warning { KEEPER_WARN_WRITE, KEEPER_WARN_QUEUE, KEEPER_WARN_LOAD, KEEPER_WARN_PLACE, KEEPER_WARNINGS };

struct keeper {
  const struct eddy_host *host;
  struct eddy_core *core;
  struct writer *writer;
  struct shelf shelf;
  struct place place;
  bool sync;
  uint64_t queue_max; /* bytes that may wait for the writer */
  uint64_t queued, queued_changes;
  bool failing;                        /* the last try to write went wrong */
  bool urgent;                         /* something in this turn waits for a commit */
  bool posted;                         /* a hand-over is on its way */
  uint64_t warned_ms[KEEPER_WARNINGS]; /* last line of each kind; 0: none yet */
  bool announced;                      /* the log says that writing fails */
  int64_t clock_ms;                    /* the time of day when it was last looked at, beyond now_ms */
  uint64_t doubt_ms;                   /* by now_ms: until then no room is deleted by the time of day */
  int64_t last_id;                     /* of rooms */
  uint64_t ticket;                     /* of the last batch handed over */
  struct batch *open;                  /* of this turn; NULL: nothing yet */
  struct batch *spare;                 /* empty ones, so that not every turn asks for memory */
  uint64_t spare_len;                  /* bytes of memory that they have */
  struct kept *all;                    /* utlist */
  struct kept *names;                  /* uthash: the last one of each name */
  struct keeper_meters meters;
};

/* The callbacks of struct eddy_plugin. */
int keeper_load(struct keeper *keeper, struct eddy_room *room, struct eddy_text name);
int keeper_opened(struct keeper *keeper, struct eddy_room *room, int is_new);
void keeper_closed(struct keeper *keeper, struct eddy_room *room, int for_good);
void keeper_change(struct keeper *keeper, struct eddy_room *room, const struct eddy_change *change);
int keeper_number(struct keeper *keeper, struct eddy_room *room, uint64_t seq);
void keeper_turn(struct keeper *keeper);

/* The writer's reports, brought to the loop. `why` NULL: it works again. */
void keeper_written(struct keeper *keeper, const struct writer_report *report);
void keeper_failed(struct keeper *keeper, const char *why);
void keeper_broke(struct keeper *keeper, const char *why); /* a room was set aside */

/* Every so often: deletes rooms that are not in memory and whose time is up, and writes down when those in memory would
 * be. */
void keeper_sweep(struct keeper *keeper);

/* Frees what it knows of rooms; the writer has ended. */
void keeper_deinit(struct keeper *keeper);

#endif
