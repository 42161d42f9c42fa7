/* What a room has lost: of each key the highest number that was broadcast and is not retained, as the host tells it
 * when the room closes, packed for its row. So a client that comes back after the room was loaded again can be told
 * whether it has missed anything that is not there any more. */
#ifndef SQLITE_LOST_H
#define SQLITE_LOST_H

#include <stdbool.h>

#include "eddy/plugin.h"

#define LOST_MAX (256u << 10) /* bytes; of a room with more keys nothing is written */

struct lost { /* being made; {0} is an empty one */
  char *at;   /* owned */
  size_t len, cap;
};

/* All that the host tells, behind a checksum that is of this room and epoch. Empty where that is more than LOST_MAX. */
void lost_pack(struct lost *lost, const struct eddy_host *host, struct eddy_core *core, const struct eddy_room *room,
               int64_t id);
void lost_deinit(struct lost *lost);

/* Tells the host. False, and nothing was told, where it is not as it was written. */
bool lost_unpack(struct eddy_text data, const struct eddy_host *host, struct eddy_core *core, struct eddy_room *room,
                 int64_t id, uint64_t epoch);

#endif
