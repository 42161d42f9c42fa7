#include "room/conflate.h"

#include <stdlib.h>

#include "base/mem.h"

#define OWN_PARTS 64 /* of the limit: a chunk of its own */
#define OWN_LEN_MIN 512u
#define SHARED_PARTS 16 /* so much of the limit, in so many ranges at most, is not copied */
#define KEYS_PARTS 16   /* so much of the limit may it take to know keys by */

static size_t own_len_of(uint64_t limit) {
  return limit / OWN_PARTS > OWN_LEN_MIN ? (size_t)(limit / OWN_PARTS) : OWN_LEN_MIN;
}

/* ---- the frames of a queue: there may be very many, so they are not listed but walked through ---- */

struct piece {
  const uint8_t *at;
  size_t len;
  size_t sent;   /* of these, bytes that were sent: of the first one only */
  uint32_t slot; /* the range that it is in */
  uint8_t action;
  bool noted; /* a broadcast: what is not may not go */
};

struct walk {
  const struct ed_queue *queue;
  uint32_t slot;
  bool inside; /* what follows is of this range */
  uint32_t note;
  size_t at;
};

static struct walk walk_begin(const struct ed_queue *queue) {
  return (struct walk){.queue = queue, .slot = queue->head};
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

/* The next frame of the range at hand, of which it may be that nothing is left to be sent; false at its end. */
static bool next_inside(struct walk *walk, const struct ed_slot *slot, struct piece *piece) {
  const struct ed_notes *notes = slot->chunk->notes;
  const uint8_t *bytes = slot->chunk->buf.at;
  if (walk->at >= slot->end) return false;
  *piece =
      (struct piece){.at = bytes + walk->at, .len = ed_wire_frame_len(bytes + walk->at), .slot = walk->slot, .sent = 0};
  if (notes && walk->note < notes->len && notes->at[walk->note] >> 2 == walk->at) {
    piece->noted = walk->at >= slot->start; /* else it is half sent */
    piece->action = notes->at[walk->note++] & 3;
  }
  if (walk->at < slot->start) piece->sent = slot->start - walk->at;
  walk->at += piece->len;
  return true;
}

/* The next one of the range at hand. */
static bool walk_inside(struct walk *walk, struct piece *piece) {
  const struct ed_slot *slot = &ed_queue_slots(walk->queue)[walk->slot];
  uint32_t sent = walk->slot == walk->queue->head ? walk->queue->sent : 0;
  if (!walk->inside && sent == UINT32_MAX) { /* who knows where a frame begins: as it is */
    *piece =
        (struct piece){.at = slot->chunk->buf.at + slot->start, .len = slot->end - slot->start, .slot = walk->slot};
    walk->inside = true;
    walk->at = slot->end;
    return true;
  }
  if (!walk->inside) {
    walk->inside = true;
    walk->at = slot->start - sent;
    walk->note = note_from(slot->chunk->notes, walk->at);
  }
  while (next_inside(walk, slot, piece))
    if (piece->sent < piece->len) return true;
  return false;
}

static bool walk_next(struct walk *walk, struct piece *piece) {
  for (; walk->slot < walk->queue->len; walk->slot++, walk->inside = false)
    if (walk_inside(walk, piece)) return true;
  return false;
}

/* What is to become of them. */
struct part {
  uint32_t len; /* frames of a range */
  bool cut;     /* not all of them stay */
};

struct plan {
  uint8_t *gone; /* a bit for each */
  struct part *parts;
  size_t sent;     /* bytes of the first one */
  size_t bytes;    /* that stay and are to be sent */
  size_t replaces; /* how many there are */
};

static struct plan plan_new(const struct ed_queue *queue) {
  struct plan plan = {.parts = ed_zalloc((queue->len - queue->head + 1) * sizeof *plan.parts)};
  struct walk walk = walk_begin(queue);
  size_t len = 0;
  for (struct piece piece; walk_next(&walk, &piece); len++) {
    plan.sent += piece.sent;
    plan.bytes += piece.len - piece.sent;
    plan.replaces += piece.noted && piece.action == ED_REPLACE;
    plan.parts[piece.slot - queue->head].len++;
  }
  plan.gone = ed_zalloc(len / 8 + 1);
  return plan;
}

static void plan_free(struct plan *plan) {
  free(plan->gone);
  free(plan->parts);
}

static bool is_gone(const struct plan *plan, size_t index) { return plan->gone[index / 8] >> index % 8 & 1; }

static void drop(const struct ed_queue *queue, struct plan *plan, size_t index, const struct piece *piece) {
  plan->gone[index / 8] |= (uint8_t)(1u << index % 8);
  plan->parts[piece->slot - queue->head].cut = true;
  plan->bytes -= piece->len;
}

/* ---- which keys are replaced, and where for the last time ---- */

struct key {
  const uint8_t *last; /* frame; NULL: free */
  uint32_t hash;
  bool passed; /* what comes now is behind it */
};

/* Of a size that is given, so that a million keys are no memory without bound: of more than fit nothing goes. */
struct keys {
  const struct ed_hash_secret *secret;
  struct key *table;
  size_t len, size; /* a power of two, three quarters full at most */
};

static struct keys keys_new(size_t most, size_t bytes_most, const struct ed_hash_secret *secret) {
  struct keys keys = {.secret = secret, .size = 64};
  while (keys.size / 4 * 3 < most && keys.size * 2 * sizeof *keys.table <= bytes_most) keys.size *= 2;
  keys.table = ed_zalloc(keys.size * sizeof *keys.table);
  return keys;
}

static struct ed_span key_of(const uint8_t *frame) {
  return ed_wire_push_key(ed_span(frame, ed_wire_frame_len(frame)));
}

/* Where the key of a frame is, or belongs. */
static struct key *place_of(const struct keys *keys, const uint8_t *frame, uint32_t *hash) {
  struct ed_span text = key_of(frame);
  *hash = (uint32_t)ed_hash(keys->secret, text);
  size_t at = *hash & (keys->size - 1);
  for (const struct key *key; (key = &keys->table[at])->last; at = (at + 1) & (keys->size - 1))
    if (key->hash == *hash && ed_span_equal(key_of(key->last), text)) break;
  return &keys->table[at];
}

static void note_replace(struct keys *keys, const uint8_t *frame) {
  uint32_t hash;
  struct key *key = place_of(keys, frame, &hash);
  if (!key->last && ++keys->len > keys->size / 4 * 3) {
    keys->len--;
    return;
  }
  *key = (struct key){.last = frame, .hash = hash};
}

static size_t drop_replaced(const struct ed_queue *queue, struct plan *plan, uint64_t limit,
                            const struct ed_hash_secret *secret) {
  struct walk walk = walk_begin(queue);
  struct piece piece;
  size_t dropped = 0;
  uint32_t hash;
  if (!plan->replaces) return 0;
  struct keys keys = keys_new(plan->replaces, (size_t)(limit / KEYS_PARTS), secret);
  while (walk_next(&walk, &piece))
    if (piece.noted && piece.action == ED_REPLACE) note_replace(&keys, piece.at);
  walk = walk_begin(queue);
  for (size_t i = 0; walk_next(&walk, &piece); i++) {
    if (!piece.noted || piece.action == ED_APPEND) continue;
    struct key *key = place_of(&keys, piece.at, &hash);
    if (!key->last || key->passed) continue;
    key->passed = key->last == piece.at;
    if (key->passed) continue;
    drop(queue, plan, i, &piece);
    dropped++;
  }
  free(keys.table);
  return dropped;
}

static size_t drop_relays(const struct ed_queue *queue, struct plan *plan, size_t most) {
  struct walk walk = walk_begin(queue);
  struct piece piece;
  size_t dropped = 0;
  for (size_t i = 0; plan->bytes > most && walk_next(&walk, &piece); i++) {
    if (!piece.noted || is_gone(plan, i) || piece.action != ED_RELAY) continue;
    drop(queue, plan, i, &piece);
    dropped++;
  }
  return dropped;
}

/* ---- chunks of its own ---- */

/* Whether what is stamped `b` may go on in a range that is stamped `a`. */
static bool joins(uint64_t a, uint64_t b, uint64_t open) { return a == b || (a <= open && b <= open); }

/* Ranges of one chunk that are not held any more become one; back to the chunk before the last one's. */
static void join_open(struct ed_queue *queue, uint64_t open) {
  struct ed_slot *slots = ed_queue_slots(queue);
  bool over = false;
  for (uint32_t i = ed_queue_first_held(queue, open); i-- > queue->head + 1;) {
    struct ed_slot *range = &slots[i], *before = range - 1;
    if (before->chunk == range->chunk && before->end == range->start) {
      before->end = range->end;
      if (range->stamp > before->stamp) before->stamp = range->stamp;
      ed_chunk_unref(range->chunk);
      memmove(range, range + 1, (--queue->len - i) * sizeof *range);
    } else if (over || before->chunk == range->chunk) {
      return;
    } else {
      over = true;
    }
  }
}

/* A chunk that has room for `len` bytes: one reference, the caller's. */
static struct ed_chunk *own_chunk(const struct ed_queue *queue, size_t len, size_t own_len) {
  const struct ed_slot *last = ed_queue_last(queue);
  /* One whose end is another range, held for longer, is being read from. */
  struct ed_chunk *own = last && last->chunk->own && last->end == last->chunk->buf.len ? last->chunk : NULL;
  if (own && own->buf.len + len <= own_len) return ed_chunk_ref(own);
  if (own) ed_chunk_trim(own);
  own = ed_chunk_new();
  own->own = true;
  ed_buf_reserve(&own->buf, len > own_len / 8 ? len : own_len / 8);
  return own;
}

/* Not counted. */
static void add_copy(struct ed_queue *queue, const struct piece *piece, uint64_t stamp, uint64_t open, size_t own_len) {
  struct ed_chunk *own = own_chunk(queue, piece->len, own_len);
  size_t start = own->buf.len;
  if (piece->noted) ed_chunk_note(own, start, (enum ed_action)piece->action);
  ed_buf_add(&own->buf, piece->at, piece->len);
  struct ed_slot *last = ed_queue_last(queue);
  if (last && last->chunk == own && joins(last->stamp, stamp, open)) {
    last->end = own->buf.len;
    if (stamp > last->stamp) last->stamp = stamp;
  } else {
    ed_queue_add_slot(queue, own, start + piece->sent, own->buf.len, stamp);
  }
  ed_chunk_unref(own);
}

/* A range that is one long message, and the most part of its chunk. */
static bool lone(const struct ed_slot *range, size_t own_len) {
  const struct ed_buf *buf = &range->chunk->buf;
  size_t len = range->end - range->start;
  return len > own_len && len >= buf->len - buf->len / 8 && len == ed_wire_frame_len(buf->at + range->start);
}

bool ed_queue_copies(const struct ed_queue *queue, const struct ed_slot *range, uint64_t open, uint64_t limit) {
  const struct ed_slot *last = ed_queue_last(queue);
  size_t len = range->end - range->start, chunk_len = range->chunk->buf.len;
  if (!last || (last->stamp > open && !range->stamp)) return false; /* half sent, maybe; to go ahead of what is held */
  if (last->chunk->own || queue->len - queue->head >= SHARED_PARTS) return true;
  return queue->bytes - queue->excused + len > limit / SHARED_PARTS ||
         (len * 2 < chunk_len && chunk_len > own_len_of(limit) / 4);
}

size_t ed_queue_copy(struct ed_queue *queue, const struct ed_slot *range, bool excused, uint64_t open, uint64_t limit) {
  const size_t own_len = own_len_of(limit);
  struct walk walk = {.note = note_from(range->chunk->notes, range->start), .at = range->start};
  struct piece piece;
  join_open(queue, open);
  if (lone(range, own_len)) {
    ed_queue_add_slot(queue, range->chunk, range->start, range->end, range->stamp);
    walk.at = range->end;
  }
  while (walk.at - range->start < own_len && next_inside(&walk, range, &piece))
    add_copy(queue, &piece, range->stamp, open, own_len);
  size_t len = walk.at - range->start;
  queue->bytes += len;
  if (excused) queue->excused += len;
  return len;
}

/* ---- what is left ---- */

/* Whether a range of which all stays may stay as it is. */
static bool fits(const struct ed_slot *range, size_t own_len) {
  size_t len = range->end - range->start, chunk_len = range->chunk->buf.len;
  return (range->chunk->own && len >= own_len / 2 && len >= chunk_len - chunk_len / 8) || lone(range, own_len);
}

/* Puts the queue together anew from what stays, and lets go of the old chunks as it goes. */
static void put_together(struct ed_queue *queue, const struct plan *plan, uint64_t open, size_t own_len) {
  const struct ed_slot *old = ed_queue_slots(queue);
  const bool unknown = queue->sent == UINT32_MAX;
  struct ed_queue next = {.bytes = plan->bytes, .sent = unknown ? UINT32_MAX : (uint32_t)plan->sent};
  struct walk walk = walk_begin(queue);
  struct piece piece;
  size_t i = 0;
  if (queue->excused) next.excused = queue->excused < plan->bytes ? queue->excused : plan->bytes;
  for (; walk.slot < queue->len; walk.slot++, walk.inside = false) {
    const struct ed_slot *range = &old[walk.slot];
    const struct part *part = &plan->parts[walk.slot - queue->head];
    if (!part->cut && fits(range, own_len)) {
      if (walk.slot == queue->head) next.sent = queue->sent;
      ed_queue_add_slot(&next, range->chunk, range->start, range->end, range->stamp);
      i += part->len;
    } else {
      for (; walk_inside(&walk, &piece); i++)
        if (!is_gone(plan, i)) add_copy(&next, &piece, range->stamp, open, own_len);
    }
    ed_chunk_unref(range->chunk);
  }
  if (queue->cap) free(queue->slots);
  *queue = next;
}

size_t ed_queue_conflate(struct ed_queue *queue, uint64_t open, size_t most, uint64_t limit,
                         const struct ed_hash_secret *secret) {
  struct plan plan = plan_new(queue);
  size_t dropped = drop_replaced(queue, &plan, limit, secret);
  dropped += drop_relays(queue, &plan, most);
  if (dropped) put_together(queue, &plan, open, own_len_of(limit));
  plan_free(&plan);
  return dropped;
}

void ed_queue_settle(struct ed_queue *queue, uint64_t open, uint64_t limit) {
  const struct ed_slot *last = ed_queue_last(queue);
  const size_t own_len = own_len_of(limit);
  size_t held = 0, bytes = 0, count = 0;
  if (!last || last->chunk->own || last->stamp > open) return;
  for (uint32_t i = queue->head; i < queue->len; i++) {
    const struct ed_slot *range = &ed_queue_slots(queue)[i];
    if (range->chunk->own || lone(range, own_len)) continue;
    if (i == queue->head || range->chunk != range[-1].chunk) held += range->chunk->buf.len;
    bytes += range->end - range->start;
    count++;
  }
  if (count <= SHARED_PARTS && (held / 2 <= bytes || held <= own_len)) return;
  struct plan plan = plan_new(queue);
  put_together(queue, &plan, open, own_len);
  plan_free(&plan);
}
