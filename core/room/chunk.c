#include "room/chunk.h"

#include <stdlib.h>

#include "base/mem.h"

struct ed_chunk *ed_chunk_new(void) {
  struct ed_chunk *chunk = ed_zalloc(sizeof *chunk);
  chunk->refs = 1;
  return chunk;
}

void ed_chunk_unref(struct ed_chunk *chunk) {
  if (--chunk->refs) return;
  ed_buf_deinit(&chunk->buf);
  free(chunk->notes);
  free(chunk);
}

void ed_chunk_trim(struct ed_chunk *chunk) {
  struct ed_notes *notes = chunk->notes;
  ed_buf_trim(&chunk->buf);
  if (!notes || notes->cap - notes->len < 16) return;
  chunk->notes = ed_realloc(notes, sizeof *notes + notes->len * sizeof *notes->at);
  chunk->notes->cap = chunk->notes->len;
}

#define NOTE_START_MAX ((size_t)1 << 30) /* beyond it nothing is noted, so nothing is dropped */

void ed_chunk_note(struct ed_chunk *chunk, size_t start, enum ed_action action) {
  struct ed_notes *notes = chunk->notes;
  if (start >= NOTE_START_MAX) return;
  if (!notes || notes->len == notes->cap) {
    uint32_t cap = notes ? notes->cap * 2 + 2 : 14;
    chunk->notes = ed_realloc(notes, sizeof *notes + cap * sizeof *notes->at);
    if (!notes) chunk->notes->len = 0;
    notes = chunk->notes;
    notes->cap = cap;
  }
  notes->at[notes->len++] = (uint32_t)start << 2 | (uint32_t)action;
}

/* Most queues are empty or hold one range, which needs no memory of its own. */
static struct ed_slot *push_slot(struct ed_queue *queue) {
  if (queue->len && queue->head == queue->len) queue->head = queue->len = 0;
  if (queue->cap == 0) {
    if (queue->len == 0) return &queue->first;
    queue->slots = ed_alloc(4 * sizeof *queue->slots);
    queue->slots[0] = queue->first;
    queue->cap = 4;
  } else if (queue->len == queue->cap) {
    if (queue->head >= queue->cap / 2) { /* half of it was sent: move up instead of growing */
      memmove(queue->slots, queue->slots + queue->head, (queue->len - queue->head) * sizeof *queue->slots);
      queue->len -= queue->head;
      queue->head = 0;
    } else {
      queue->cap *= 2;
      queue->slots = ed_realloc(queue->slots, queue->cap * sizeof *queue->slots);
    }
  }
  return &queue->slots[queue->len];
}

void ed_queue_deinit(struct ed_queue *queue) {
  struct ed_slot *slots = ed_queue_slots(queue);
  for (uint32_t i = queue->head; i < queue->len; i++) ed_chunk_unref(slots[i].chunk);
  if (queue->cap) free(queue->slots);
  *queue = (struct ed_queue){0};
}

void ed_queue_add(struct ed_queue *queue, struct ed_chunk *chunk, size_t start, size_t end, uint64_t stamp,
                  bool excused) {
  queue->bytes += end - start;
  if (excused) queue->excused += end - start;
  struct ed_slot *last = ed_queue_last(queue);
  if (last && last->chunk == chunk && last->end == start) {
    last->end = end;
    last->stamp = stamp;
    return;
  }
  ed_queue_add_slot(queue, chunk, start, end, stamp);
}

void ed_queue_add_slot(struct ed_queue *queue, struct ed_chunk *chunk, size_t start, size_t end, uint64_t stamp) {
  struct ed_slot *slot = push_slot(queue);
  *slot = (struct ed_slot){.chunk = ed_chunk_ref(chunk), .start = start, .end = end, .stamp = stamp};
  queue->len++;
}

uint32_t ed_queue_first_held(const struct ed_queue *queue, uint64_t open) {
  const struct ed_slot *slots = ed_queue_slots(queue);
  uint32_t from = queue->head, to = queue->len;
  while (from < to) {
    uint32_t middle = from + (to - from) / 2;
    if (slots[middle].stamp > open)
      to = middle;
    else
      from = middle + 1;
  }
  return from;
}

void ed_queue_add_ahead(struct ed_queue *queue, uint64_t open, struct ed_chunk *chunk, size_t start, size_t end) {
  uint32_t i = ed_queue_first_held(queue, open);
  if (i == queue->head && queue->sent) i++;
  if (i == queue->len) {
    ed_queue_add(queue, chunk, start, end, 0, false);
    return;
  }
  queue->bytes += end - start;
  struct ed_slot *slots = ed_queue_slots(queue);
  if (i > queue->head && slots[i - 1].chunk == chunk && slots[i - 1].end == start) {
    slots[i - 1].end = end;
    return;
  }
  if (i == queue->head && queue->head) { /* the place of what was sent before */
    i = --queue->head;
  } else {
    uint32_t at = i - queue->head;
    push_slot(queue);
    slots = ed_queue_slots(queue);
    i = queue->head + at;
    memmove(slots + i + 1, slots + i, (queue->len - i) * sizeof *slots);
    queue->len++;
  }
  slots[i] = (struct ed_slot){.chunk = ed_chunk_ref(chunk), .start = start, .end = end};
}

bool ed_queue_peek(const struct ed_queue *queue, uint64_t open, struct ed_span *bytes) {
  if (queue->head == queue->len) return false;
  const struct ed_slot *slot = &ed_queue_slots(queue)[queue->head];
  if (slot->stamp > open) return false;
  *bytes = ed_span(slot->chunk->buf.at + slot->start, slot->end - slot->start);
  return true;
}

size_t ed_queue_gather(const struct ed_queue *queue, uint64_t open, struct iovec *parts, size_t most,
                       size_t bytes_most) {
  const struct ed_slot *slot = ed_queue_slots(queue) + queue->head, *end = ed_queue_slots(queue) + queue->len;
  size_t count = 0, bytes = 0;
  for (; slot < end && count < most && bytes < bytes_most && slot->stamp <= open; slot++) {
    parts[count++] = (struct iovec){slot->chunk->buf.at + slot->start, slot->end - slot->start};
    bytes += slot->end - slot->start;
  }
  return count;
}

void ed_queue_consume(struct ed_queue *queue, size_t len) {
  queue->bytes -= len;
  if (queue->excused > queue->bytes) queue->excused = queue->bytes;
  struct ed_slot *slots = ed_queue_slots(queue);
  while (len) {
    struct ed_slot *slot = &slots[queue->head];
    size_t take = len < slot->end - slot->start ? len : slot->end - slot->start;
    slot->start += take;
    len -= take;
    if (slot->start < slot->end) {
      ed_queue_sent(queue, take);
      return;
    }
    ed_chunk_unref(slot->chunk);
    queue->head++;
    queue->sent = 0;
  }
  if (queue->head < queue->len) return;
  if (queue->cap) free(queue->slots);
  *queue = (struct ed_queue){0};
}

/* A slow member that hears little of a busy room holds on to a chunk for every few bytes that are its own. */
void ed_queue_spill(struct ed_queue *queue) {
  uint32_t n = queue->len - queue->head;
  if (n < 32 || (n & (n - 1))) return; /* looked at when the count doubles, so the walk costs little in all */
  struct ed_slot *slots = ed_queue_slots(queue);
  size_t held = 0;
  for (uint32_t i = queue->head; i < queue->len; i++)
    if (i == queue->head || slots[i].chunk != slots[i - 1].chunk) held += slots[i].chunk->buf.cap;
  if (held / 4 <= queue->bytes) return;
  struct ed_chunk *own = ed_chunk_new();
  ed_buf_reserve(&own->buf, queue->bytes);
  for (uint32_t i = queue->head; i < queue->len; i++) {
    ed_buf_add(&own->buf, slots[i].chunk->buf.at + slots[i].start, slots[i].end - slots[i].start);
    ed_chunk_unref(slots[i].chunk);
  }
  struct ed_slot all = {.chunk = own, .start = 0, .end = own->buf.len, .stamp = slots[queue->len - 1].stamp};
  if (queue->sent) queue->sent = UINT32_MAX; /* what was sent has not come along */
  queue->head = 0;
  queue->len = 1;
  slots[0] = all;
}
