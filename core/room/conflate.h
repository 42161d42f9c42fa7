/* The rule `conflate` for slow members: what is out of date is dropped from what one has still to be sent. Of its own
 * queue alone is looked at, when it comes near its limit; others notice nothing.
 *
 * What may go are broadcasts that the chunks' notes know of: a replace, or a relay, of a key that is replaced further
 * back in the queue; and where that is not enough relays, oldest first. An append never goes, nor does anything that
 * was said to this member alone, nor a frame whose beginning was sent. What stays keeps its order. */
#ifndef ED_ROOM_CONFLATE_H
#define ED_ROOM_CONFLATE_H

#include "base/hash.h"
#include "room/chunk.h"

/* Drops what is out of date, and relays as long as more than `most` bytes are left. How many messages went. `limit` is
 * that of the queue; ranges that are held in the outbox (see ed_queue_peek) stay ranges. */
size_t ed_queue_conflate(struct ed_queue *queue, uint64_t open, size_t most, uint64_t limit,
                         const struct ed_hash_secret *secret);

/* ---- memory ----
 * Who is behind in such a namespace holds on to no more memory than `limit`, all in all, so what comes for it is soon
 * copied into chunks of its own, each a 64th of the limit: what is shared is a 16th, in few ranges, of chunks that are
 * for the most part its own; and what is conflated is in memory twice for one chunk at a time. A long message, which is
 * the most part of its chunk, is never copied. */

/* Whether what comes, a range that is not in the queue, is to be copied. */
bool ed_queue_copies(const struct ed_queue *queue, const struct ed_slot *range, uint64_t open, uint64_t limit);
/* As much of it as is one chunk's worth: how many bytes. */
size_t ed_queue_copy(struct ed_queue *queue, const struct ed_slot *range, bool excused, uint64_t open, uint64_t limit);

/* Copies what was shared before, where that is too much. */
void ed_queue_settle(struct ed_queue *queue, uint64_t open, uint64_t limit);

#endif
