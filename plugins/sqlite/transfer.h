/* A room as JSON lines, out of a database and into one: for backups and for moving house. Works on the file, without a
 * host.
 *
 * The first line is the room, each further one a message, stream by stream, oldest first:
 *   {"room":"default/abc","policy":"default","seq":12,"created":MS,"expires":MS}
 *   {"key":"k","seq":3,"time":MS,"base":true,"json":"{\"a\": 1}"}
 *   {"key":"k","seq":4,"time":MS,"base":false,"cbor":"oWFhAQ=="}
 * A JSON value stands as a text, so that its bytes come back as they are, line ends too; a CBOR value in base64. */
#ifndef SQLITE_TRANSFER_H
#define SQLITE_TRANSFER_H

#include <stdio.h>

#include "db.h"

/* The room NAMESPACE/ID from the database at `path`, also while a daemon is at work on it (what it has not yet written
 * is not there). 0 or a negative errno with `why`; -ENOENT: no such room. */
int transfer_export(const char *path, const char *name, FILE *out, char why[DB_WHY]);

/* The room that `in` holds into the database at `path`, made where it is not there; all of it or nothing. -EEXIST: the
 * room is there already. -EBUSY: a daemon is at work on it. */
int transfer_import(const char *path, FILE *in, char why[DB_WHY]);

#endif
