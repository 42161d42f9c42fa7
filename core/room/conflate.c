#include "room/conflate.h"

#include <stdlib.h>

#include "base/mem.h"

/* What stays is copied into chunks of its sixteenth, or of so much: that is what is in memory twice. */
#define OWN_PARTS 16
#define OWN_LEN_MIN 4096u

/* A frame in the queue. There may be very many. */
struct piece {
  const uint8_t *at;
  size_t len;
  uint32_t slot; /* the range that it is in */
  uint8_t action;
  bool noted; /* a broadcast: what is not may not go */
  bool gone;
};

struct pieces {
  struct piece *list;
  size_t len, cap;
  size_t sent;  /* bytes of the first one that were sent: it may not go */
  size_t bytes; /* to be sent */
};

static void add(struct pieces *pieces, struct piece piece) {
  pieces->list = ed_grow(pieces->list, sizeof *pieces->list, pieces->len, &pieces->cap);
  pieces->list[pieces->len++] = piece;
  pieces->bytes += piece.len;
}

/* The first note of a frame that begins at `at` or behind it. */
static uint32_t note_from(const struct ed_notes *notes, size_t at) {
  uint32_t low = 0, high = notes ? notes->len : 0;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (notes->at[middle] >> 2 < at)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The frames of a range, of which `sent` bytes are not in it any more. */
static void take_apart(struct pieces *pieces, const struct ed_slot *slot, uint32_t index, size_t sent) {
  const struct ed_notes *notes = slot->chunk->notes;
  const uint8_t *bytes = slot->chunk->buf.at;
  size_t at = slot->start - sent;
  uint32_t note = note_from(notes, at);
  for (size_t next; at < slot->end; at = next) {
    next = at + ed_wire_frame_len(bytes + at);
    struct piece piece = {.at = bytes + at, .len = next - at, .slot = index};
    if (notes && note < notes->len && notes->at[note] >> 2 == at) {
      piece.noted = true;
      piece.action = notes->at[note++] & 3;
    }
    if (next <= slot->start) continue;
    if (at < slot->start) { /* only of the first range is anything sent */
      pieces->sent = slot->start - at;
      pieces->bytes -= pieces->sent;
      piece.noted = false;
    }
    add(pieces, piece);
  }
}

static struct pieces pieces_of(const struct ed_queue *queue) {
  struct pieces pieces = {0};
  const struct ed_slot *slots = ed_queue_slots(queue);
  for (uint32_t i = queue->head; i < queue->len; i++) {
    uint32_t sent = i == queue->head ? queue->sent : 0;
    if (sent == UINT32_MAX) /* who knows where a frame begins: as it is */
      add(&pieces, (struct piece){.at = slots[i].chunk->buf.at + slots[i].start,
                                  .len = slots[i].end - slots[i].start,
                                  .slot = i});
    else
      take_apart(&pieces, &slots[i], i, sent);
  }
  return pieces;
}

static void drop(struct pieces *pieces, struct piece *piece) {
  piece->gone = true;
  pieces->bytes -= piece->len;
}

/* ---- which keys are replaced further back: a table of the pieces that do so ---- */

struct replaced {
  size_t *table; /* index of a piece and one; 0: free */
  size_t mask;
};

static struct ed_span key_of(const struct piece *piece) { return ed_wire_push_key(ed_span(piece->at, piece->len)); }

/* Where the key is, or belongs. */
static size_t *place_of(const struct replaced *replaced, const struct pieces *pieces, struct ed_span key,
                        const struct ed_hash_secret *secret) {
  size_t at = (size_t)ed_hash(secret, key) & replaced->mask;
  while (replaced->table[at] && !ed_span_equal(key_of(&pieces->list[replaced->table[at] - 1]), key))
    at = (at + 1) & replaced->mask;
  return &replaced->table[at];
}

static size_t drop_replaced(struct pieces *pieces, const struct ed_hash_secret *secret) {
  size_t replaces = 0, size = 16, dropped = 0;
  for (size_t i = 0; i < pieces->len; i++) replaces += pieces->list[i].noted && pieces->list[i].action == ED_REPLACE;
  if (!replaces) return 0;
  while (size < replaces * 2) size *= 2;
  struct replaced replaced = {.table = ed_zalloc(size * sizeof(size_t)), .mask = size - 1};
  for (size_t i = pieces->len; i-- > 0;) {
    struct piece *piece = &pieces->list[i];
    if (!piece->noted || piece->action == ED_APPEND) continue;
    size_t *place = place_of(&replaced, pieces, key_of(piece), secret);
    if (*place) {
      drop(pieces, piece);
      dropped++;
    } else if (piece->action == ED_REPLACE) {
      *place = i + 1;
    }
  }
  free(replaced.table);
  return dropped;
}

static size_t drop_relays(struct pieces *pieces, size_t most) {
  size_t dropped = 0;
  for (size_t i = 0; i < pieces->len && pieces->bytes > most; i++) {
    struct piece *piece = &pieces->list[i];
    if (!piece->noted || piece->gone || piece->action != ED_RELAY) continue;
    drop(pieces, piece);
    dropped++;
  }
  return dropped;
}

/* ---- what is left ---- */

/* Whether what is stamped `b` may go on in a range that is stamped `a`. */
static bool joins(uint64_t a, uint64_t b, uint64_t open) { return a == b || (a <= open && b <= open); }

/* Puts the queue together anew from the pieces that stay, a chunk after the other, and lets go of the old ones as it goes:
 * the queue is at its limit, and what stays of it should not be in memory twice. */
static void put_together(struct ed_queue *queue, const struct pieces *pieces, uint64_t open) {
  struct ed_slot *old = ed_queue_slots(queue);
  struct ed_chunk *own = NULL;
  size_t left = pieces->bytes + pieces->sent;
  size_t own_len = left / OWN_PARTS > OWN_LEN_MIN ? left / OWN_PARTS : OWN_LEN_MIN;
  /* Two chunks that follow each other are more than one such length. */
  struct ed_slot *slots = ed_alloc((queue->len - queue->head + 2 * (left / own_len) + 2) * sizeof *slots);
  uint32_t len = 0, at = 0, kept = queue->head; /* old ranges before `kept` are let go */
  for (size_t i = 0; i < pieces->len; i++) {
    const struct piece *piece = &pieces->list[i];
    if (piece->gone) continue;
    while (kept < piece->slot) ed_chunk_unref(old[kept++].chunk);
    bool fresh = !own || own->buf.len + piece->len > own_len;
    if (fresh) {
      if (own) ed_chunk_unref(own);
      own = ed_chunk_new();
      size_t most = left < own_len ? left : own_len;
      ed_buf_reserve(&own->buf, most > piece->len ? most : piece->len);
    }
    uint64_t stamp = old[piece->slot].stamp;
    size_t start = own->buf.len;
    if (piece->noted) ed_chunk_note(own, start, (enum ed_action)piece->action);
    ed_buf_add(&own->buf, piece->at, piece->len);
    left -= piece->len;
    if (fresh || (at != piece->slot && !joins(slots[len - 1].stamp, stamp, open)))
      slots[len++] = (struct ed_slot){.chunk = ed_chunk_ref(own), .start = start + (i ? 0 : pieces->sent), .stamp = stamp};
    struct ed_slot *last = &slots[len - 1];
    if (stamp > last->stamp) last->stamp = stamp;
    last->end = own->buf.len;
    at = piece->slot;
  }
  if (own) ed_chunk_unref(own);
  size_t excused = queue->excused < pieces->bytes ? queue->excused : pieces->bytes;
  bool unknown = queue->sent == UINT32_MAX;
  queue->head = kept;
  ed_queue_deinit(queue);
  if (len == 1) {
    queue->first = slots[0];
    free(slots);
  } else if (len) {
    queue->slots = slots;
    queue->cap = len;
  } else {
    free(slots);
  }
  queue->len = len;
  queue->bytes = pieces->bytes;
  queue->excused = excused;
  queue->sent = unknown ? UINT32_MAX : (uint32_t)pieces->sent;
}

size_t ed_queue_conflate(struct ed_queue *queue, uint64_t open, size_t most, const struct ed_hash_secret *secret) {
  struct pieces pieces = pieces_of(queue);
  size_t dropped = drop_replaced(&pieces, secret);
  dropped += drop_relays(&pieces, most);
  if (dropped) put_together(queue, &pieces, open);
  free(pieces.list);
  return dropped;
}

void ed_queue_collect(struct ed_queue *queue) {
  struct pieces pieces = pieces_of(queue);
  put_together(queue, &pieces, UINT64_MAX);
  free(pieces.list);
}
