/* A batch: the changes of all rooms in one turn of the loop, packed behind each other in the order in which they were
 * told. The loop thread fills it; from the moment that it is handed over it belongs to the writer, and comes back to be
 * freed. */
#ifndef SQLITE_BATCH_H
#define SQLITE_BATCH_H

#include "eddy/plugin.h"
#include "kept.h"

enum record_kind {
  RECORD_CREATE, /* key: the policy, seq: numbers reserved, time: now, expires, epoch */
  RECORD_CLOSE,  /* seq: the last number used, expires, epoch; value: what it has lost (lost.h) */
  RECORD_DELETE,
  RECORD_RESERVE, /* seq: numbers reserved, expires, epoch */
  RECORD_EPOCH,   /* something changes */
  RECORD_EXPIRES, /* expires */
  RECORD_POLICY,  /* key: the policy */
  RECORD_APPEND,  /* these as in eddy_change */
  RECORD_REPLACE,
  RECORD_COMPACT,
  RECORD_TRIM,
  RECORD_DROP,
};

struct record {
  enum record_kind kind;
  struct kept *kept;
  struct eddy_text key;
  struct eddy_value value;
  uint64_t seq;
  int64_t time_ms;    /* Unix time */
  int64_t expires_ms; /* Unix time; 0: never */
  uint64_t epoch;     /* that the room has again when it is loaded as it is from here on; 0: a new one */
};

/* A room of the batch, as it stood when the batch was handed over. */
struct touched {
  struct kept *kept;
  uint64_t mark;  /* of its last change by then */
  uint64_t asked; /* numbers reserved by then */
};

struct batch {
  struct batch *next;
  uint64_t ticket;      /* rising from batch to batch */
  uint64_t handed_ns;   /* monotonic, when it was handed over */
  bool urgent;          /* somebody waits for it */
  bool reserves;        /* it reserves numbers: its commit must survive a power failure, whatever else may not */
  uint64_t records_len; /* how many */
  struct touched *rooms;
  size_t rooms_len, rooms_cap;
  char *at; /* records, each with its key and value behind it */
  size_t len, cap;
};

struct batch *batch_new(void);
void batch_free(struct batch *batch);  /* and all those behind it. NULL: nothing */
void batch_clear(struct batch *batch); /* as new, with the memory that it has */

/* Copies the record with all that it points to. */
void batch_add(struct batch *batch, const struct record *record);
void batch_touch(struct batch *batch, struct kept *kept);

/* The record that stands at `at`, one of `batch->at` to `batch->at + batch->len`; the next one stands at the result. It
 * points into the batch. */
const char *batch_read(const char *at, struct record *record);

/* Bytes that it holds, more or less. */
static inline uint64_t batch_bytes(const struct batch *batch) { return batch->len + sizeof *batch; }

#endif
