/* The rule `conflate` for slow members: what is out of date is dropped from what one has still to be sent. Of its own queue
 * alone is looked at, when it is over its limit; others notice nothing.
 *
 * What may go are broadcasts that the chunks' notes know of: a replace, or a relay, of a key that is replaced further back
 * in the queue; and where that is not enough relays, oldest first. An append never goes, nor does anything that was said
 * to this member alone, nor a frame whose beginning was sent. What stays keeps its order. */
#ifndef ED_ROOM_CONFLATE_H
#define ED_ROOM_CONFLATE_H

#include "base/hash.h"
#include "room/chunk.h"

/* Drops what is out of date, and relays as long as more than `most` bytes are left; what stays is copied into chunks of
 * the queue's own. How many messages went. Ranges that are held in the outbox (see ed_queue_peek) stay ranges. */
size_t ed_queue_conflate(struct ed_queue *queue, uint64_t open, size_t most, const struct ed_hash_secret *secret);

/* The same without dropping anything, whatever is held. */
void ed_queue_collect(struct ed_queue *queue);

#endif
