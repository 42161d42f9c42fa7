/* Finished frames, written once and read by every receiver. A chunk is a reference-counted buffer; a queue is what one
 * member has still to be sent: ranges of chunks, in order. Nothing is copied per receiver but the range. */
#ifndef ED_ROOM_CHUNK_H
#define ED_ROOM_CHUNK_H

#include <sys/uio.h>

#include "codec/wire.h"

/* Which frames of a chunk are broadcasts: written only where somebody may want to know (conflate.h). */
struct ed_notes {
  uint32_t len, cap;
  uint32_t at[]; /* rising: where the frame begins, times four, and its action */
};

struct ed_chunk {
  uint32_t refs;
  bool own;               /* of one queue, which copies into it (conflate.h) */
  struct ed_notes *notes; /* NULL: none */
  struct ed_buf buf; /* may still grow (and move) while its room writes to it; ranges stay right, pointers do not */
};

struct ed_chunk *ed_chunk_new(void); /* one reference, the caller's */
static inline struct ed_chunk *ed_chunk_ref(struct ed_chunk *chunk) {
  chunk->refs++;
  return chunk;
}
void ed_chunk_unref(struct ed_chunk *chunk);
void ed_chunk_trim(struct ed_chunk *chunk); /* nothing more is written to it: it takes no more memory than it needs */

/* The frame that begins at `start`, behind all that were noted so far, is a broadcast. */
void ed_chunk_note(struct ed_chunk *chunk, size_t start, enum ed_action action);

/* A range of whole frames. */
struct ed_slot {
  struct ed_chunk *chunk; /* one reference */
  size_t start, end;
  uint64_t stamp; /* the mark of the last change that it depends on: may be sent once the outbox is open up to it */
};

struct ed_queue {
  struct ed_slot *slots; /* slots[head..len); one slot is held inline as long as one is enough */
  struct ed_slot first;
  uint32_t head, len, cap;
  uint32_t sent;  /* bytes that were sent of what the first range began as; UINT32_MAX: not known */
  size_t bytes;   /* waiting */
  size_t excused; /* of these, bytes of answers that the member asked for; see ed_limits.queue */
};

void ed_queue_deinit(struct ed_queue *queue);

/* Adds a range, joined to the last one where it continues it. */
void ed_queue_add(struct ed_queue *queue, struct ed_chunk *chunk, size_t start, size_t end, uint64_t stamp,
                  bool excused);

/* Adds a range that depends on nothing, before those that are held: stamped beyond `open`. */
void ed_queue_add_ahead(struct ed_queue *queue, uint64_t open, struct ed_chunk *chunk, size_t start, size_t end);

/* The bytes to send next, where the outbox is open up to `open`: false where there are none. Valid until the chunk's
 * room writes again or the queue changes. They begin and end at frame boundaries unless a part was consumed. */
bool ed_queue_peek(const struct ed_queue *queue, uint64_t open, struct ed_span *bytes);

/* Likewise the first ranges, `most` of them or as many as come to `bytes_most` or more: how many. For one write. */
size_t ed_queue_gather(const struct ed_queue *queue, uint64_t open, struct iovec *parts, size_t most,
                       size_t bytes_most);

/* Takes the first `len` bytes of what ed_queue_peek or ed_queue_gather gave (0 < len <= theirs) off the queue. */
void ed_queue_consume(struct ed_queue *queue, size_t len);

/* Copies what waits into a chunk of its own where the queue holds on to far more memory than it has bytes waiting. */
void ed_queue_spill(struct ed_queue *queue);

/* For the files of this folder. */

/* Adds a range that is counted already, not joined to the last one. */
void ed_queue_add_slot(struct ed_queue *queue, struct ed_chunk *chunk, size_t start, size_t end, uint64_t stamp);

/* Index of the first range that is held: those that are not come before it. */
uint32_t ed_queue_first_held(const struct ed_queue *queue, uint64_t open);

/* So many more bytes of what the first range began as have been sent, and are not in it (any more). */
static inline void ed_queue_sent(struct ed_queue *queue, size_t more) {
  queue->sent = more < UINT32_MAX - queue->sent ? queue->sent + (uint32_t)more : UINT32_MAX;
}

static inline struct ed_slot *ed_queue_slots(const struct ed_queue *queue) {
  return queue->cap ? queue->slots : (struct ed_slot *)&queue->first;
}

/* The last range; NULL where there is none. */
static inline struct ed_slot *ed_queue_last(const struct ed_queue *queue) {
  return queue->len > queue->head ? &ed_queue_slots(queue)[queue->len - 1] : NULL;
}

#endif
