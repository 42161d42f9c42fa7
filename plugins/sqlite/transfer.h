/* Rooms as JSON lines, out of a database and into one: for backups and for moving house. Works on the file, without a
 * server.
 *
 * A line is a room, or a message of the room before it, stream by stream (keys rise by their bytes), oldest first; the
 * last line says how many rooms there were, so that a file that was cut is known as one. Exports may be put behind each
 * other.
 *   {"room":"default/abc","policy":"default","seq":12,"created":MS,"expires":MS}
 *   {"key":"k","seq":3,"time":MS,"base":true,"json":"{\"a\": 1}"}
 *   {"key":"k","seq":4,"time":MS,"base":false,"cbor":"oWFhAQ=="}
 *   {"end":1}
 * A JSON value stands as a text, so that its bytes come back as they are, line ends too; a CBOR value in base64. */
#ifndef SQLITE_TRANSFER_H
#define SQLITE_TRANSFER_H

#include <stdbool.h>
#include <stdio.h>

#include "db.h"
#include "eddy/plugin.h"

struct transfer_count {
  uint64_t rooms, messages;
};

/* The room NAMESPACE/ID, or with an empty name every room by name, from the database at `path`, as it is at one moment;
 * also while a daemon is at work on it (what it has not yet written is not there). 0 or a negative errno with `why`;
 * -ENOENT: no such room. */
int transfer_export(const char *path, struct eddy_text name, FILE *out, struct transfer_count *count, char why[DB_WHY]);

struct transfer_in {
  FILE *in;
  /* A room that is there already is replaced, and goes on from the greater number of the two: nobody who was in it may
   * hear one again. */
  bool force;
  int (*check)(struct eddy_core *core, struct eddy_text key, const struct eddy_value *value); /* as in eddy_transfer */
  struct eddy_core *core;
};

/* All rooms of `in` into the database at `path`, made where it is not there: in one transaction, all or nothing. One
 * whose time is up by then stays until it was used again: it was not brought here to be swept away. 0 or a negative
 * errno with `why`; -EEXIST: a room is there already; -EBUSY: a daemon is at work on the database; -EBADMSG: a line is
 * not as an export writes it. */
int transfer_import(const char *path, const struct transfer_in *in, struct transfer_count *count, char why[DB_WHY]);

#endif
