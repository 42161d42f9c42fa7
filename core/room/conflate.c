#include "room/conflate.h"

#include <stdlib.h>

#include "base/mem.h"

/* What stays is copied into chunks of its sixteenth, or of so much: that is what is in memory twice. */
#define OWN_PARTS 16
#define OWN_LEN_MIN 4096u

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

static bool walk_next(struct walk *walk, struct piece *piece) {
  for (; walk->slot < walk->queue->len; walk->slot++, walk->inside = false) {
    const struct ed_slot *slot = &ed_queue_slots(walk->queue)[walk->slot];
    uint32_t sent = walk->slot == walk->queue->head ? walk->queue->sent : 0;
    if (sent == UINT32_MAX) { /* who knows where a frame begins: as it is */
      *piece =
          (struct piece){.at = slot->chunk->buf.at + slot->start, .len = slot->end - slot->start, .slot = walk->slot++};
      return true;
    }
    if (!walk->inside) {
      walk->inside = true;
      walk->at = slot->start - sent;
      walk->note = note_from(slot->chunk->notes, walk->at);
    }
    while (next_inside(walk, slot, piece))
      if (piece->sent < piece->len) return true;
  }
  return false;
}

/* What is to become of them. */
struct plan {
  bool *gone; /* one for each */
  size_t len;
  size_t sent;   /* bytes of the first one */
  size_t bytes;  /* that stay and are to be sent */
  bool replaces; /* there is one */
};

static struct plan plan_new(const struct ed_queue *queue) {
  struct plan plan = {0};
  struct walk walk = walk_begin(queue);
  for (struct piece piece; walk_next(&walk, &piece); plan.len++) {
    plan.sent += piece.sent;
    plan.bytes += piece.len - piece.sent;
    plan.replaces |= piece.noted && piece.action == ED_REPLACE;
  }
  plan.gone = ed_zalloc(plan.len + 1);
  return plan;
}

static void drop(struct plan *plan, size_t index, const struct piece *piece) {
  plan->gone[index] = true;
  plan->bytes -= piece->len;
}

/* ---- which keys are replaced, and where for the last time ---- */

struct key {
  struct ed_span text; /* at NULL: free */
  uint64_t hash;
  size_t last; /* index of the frame */
};

struct keys {
  const struct ed_hash_secret *secret;
  struct key *table;
  size_t len, size; /* a power of two, less than half full */
};

static struct ed_span key_of(const struct piece *piece) { return ed_wire_push_key(ed_span(piece->at, piece->len)); }

/* Where the key is, or belongs. */
static struct key *place_of(const struct keys *keys, struct ed_span text, uint64_t hash) {
  size_t at = (size_t)hash & (keys->size - 1);
  while (keys->table[at].text.at && !(keys->table[at].hash == hash && ed_span_equal(keys->table[at].text, text)))
    at = (at + 1) & (keys->size - 1);
  return &keys->table[at];
}

static void grow(struct keys *keys) {
  struct keys larger = {.secret = keys->secret, .len = keys->len, .size = keys->size ? keys->size * 2 : 64};
  larger.table = ed_zalloc(larger.size * sizeof *larger.table);
  for (size_t i = 0; i < keys->size; i++)
    if (keys->table[i].text.at) *place_of(&larger, keys->table[i].text, keys->table[i].hash) = keys->table[i];
  free(keys->table);
  *keys = larger;
}

static void note_replace(struct keys *keys, const struct piece *piece, size_t index) {
  if (keys->len * 2 >= keys->size) grow(keys);
  struct ed_span text = key_of(piece);
  uint64_t hash = ed_hash(keys->secret, text);
  struct key *key = place_of(keys, text, hash);
  keys->len += !key->text.at;
  *key = (struct key){text, hash, index};
}

static size_t drop_replaced(const struct ed_queue *queue, struct plan *plan, const struct ed_hash_secret *secret) {
  struct keys keys = {.secret = secret};
  struct walk walk = walk_begin(queue);
  struct piece piece;
  size_t dropped = 0;
  if (!plan->replaces) return 0;
  for (size_t i = 0; walk_next(&walk, &piece); i++)
    if (piece.noted && piece.action == ED_REPLACE) note_replace(&keys, &piece, i);
  walk = walk_begin(queue);
  for (size_t i = 0; walk_next(&walk, &piece); i++) {
    if (!piece.noted || piece.action == ED_APPEND) continue;
    struct ed_span text = key_of(&piece);
    const struct key *key = place_of(&keys, text, ed_hash(secret, text));
    if (!key->text.at || key->last <= i) continue;
    drop(plan, i, &piece);
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
    if (!piece.noted || plan->gone[i] || piece.action != ED_RELAY) continue;
    drop(plan, i, &piece);
    dropped++;
  }
  return dropped;
}

/* ---- what is left ---- */

/* Whether what is stamped `b` may go on in a range that is stamped `a`. */
static bool joins(uint64_t a, uint64_t b, uint64_t open) { return a == b || (a <= open && b <= open); }

/* Puts the queue together anew from the pieces that stay, a chunk after the other, and lets go of the old ones as it
 * goes: the queue is at its limit, and what stays of it should not be in memory twice. */
static void put_together(struct ed_queue *queue, const struct plan *plan, uint64_t open) {
  struct ed_slot *old = ed_queue_slots(queue);
  struct ed_chunk *own = NULL;
  size_t left = plan->bytes + plan->sent;
  size_t own_len = left / OWN_PARTS > OWN_LEN_MIN ? left / OWN_PARTS : OWN_LEN_MIN;
  /* Two chunks that follow each other are more than one such length. */
  struct ed_slot *slots = ed_alloc((queue->len - queue->head + 2 * (left / own_len) + 2) * sizeof *slots);
  uint32_t len = 0, at = 0, kept = queue->head; /* old ranges before `kept` are let go */
  struct walk walk = walk_begin(queue);
  struct piece piece;
  for (size_t i = 0; walk_next(&walk, &piece); i++) {
    if (plan->gone[i]) continue;
    while (kept < piece.slot) ed_chunk_unref(old[kept++].chunk);
    bool fresh = !own || own->buf.len + piece.len > own_len;
    if (fresh) {
      if (own) ed_chunk_unref(own);
      own = ed_chunk_new();
      size_t most = left < own_len ? left : own_len;
      ed_buf_reserve(&own->buf, most > piece.len ? most : piece.len);
    }
    uint64_t stamp = old[piece.slot].stamp;
    size_t start = own->buf.len;
    if (piece.noted) ed_chunk_note(own, start, (enum ed_action)piece.action);
    ed_buf_add(&own->buf, piece.at, piece.len);
    left -= piece.len;
    if (fresh || (at != piece.slot && !joins(slots[len - 1].stamp, stamp, open)))
      slots[len++] = (struct ed_slot){.chunk = ed_chunk_ref(own), .start = start + piece.sent, .stamp = stamp};
    struct ed_slot *last = &slots[len - 1];
    if (stamp > last->stamp) last->stamp = stamp;
    last->end = own->buf.len;
    at = piece.slot;
  }
  if (own) ed_chunk_unref(own);
  size_t excused = queue->excused < plan->bytes ? queue->excused : plan->bytes;
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
  queue->bytes = plan->bytes;
  queue->excused = excused;
  queue->sent = unknown ? UINT32_MAX : (uint32_t)plan->sent;
}

size_t ed_queue_conflate(struct ed_queue *queue, uint64_t open, size_t most, const struct ed_hash_secret *secret) {
  struct plan plan = plan_new(queue);
  size_t dropped = drop_replaced(queue, &plan, secret);
  dropped += drop_relays(queue, &plan, most);
  if (dropped) put_together(queue, &plan, open);
  free(plan.gone);
  return dropped;
}

void ed_queue_collect(struct ed_queue *queue) {
  struct plan plan = plan_new(queue);
  put_together(queue, &plan, UINT64_MAX);
  free(plan.gone);
}
