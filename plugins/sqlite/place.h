/* Whether there is place for a new room: so that strangers who make rooms cannot fill the disk. Rooms that are there go
 * on whatever this says. Of the loop thread. */
#ifndef SQLITE_PLACE_H
#define SQLITE_PLACE_H

#include "store.h"

struct place {
  uint64_t rooms_max, bytes_max, free_min; /* options; 0: does not matter */
  uint64_t rooms;                          /* that are kept */
  const char *path;                        /* borrowed: the database */
  uint64_t looked_ms;                      /* when file and disk were last looked at; 0: never */
  uint64_t bytes, free;                    /* in the file, on the disk, as they were then */
};

/* Counts rooms. */
void place_init(struct place *place, struct shelf *shelf, const char *path);

/* NULL, or the option that a new room would be against. The disk is looked at once a second: `now_ms` is any steady
 * clock. */
const char *place_lacks(struct place *place, struct shelf *shelf, uint64_t now_ms);

#endif
