#include "batch.h"

#include "mem.h"

struct batch *batch_new(void) {
  return mem_zalloc(sizeof(struct batch));
}

void batch_free(struct batch *batch) {
  while (batch) {
    struct batch *next = batch->next;
    free(batch->rooms);
    free(batch->at);
    free(batch);
    batch = next;
  }
}

static char *put(char *to, struct eddy_text text) {
  if (text.len) memcpy(to, text.at, text.len);
  return to + text.len;
}

void batch_add(struct batch *batch, const struct record *record) {
  size_t len = sizeof *record + record->key.len + record->value.bytes.len;
  if (batch->cap - batch->len < len) {
    batch->cap = batch->cap * 2 + len;
    batch->at = mem_resize(batch->at, batch->cap);
  }
  char *to = batch->at + batch->len;
  memcpy(to, record, sizeof *record);
  put(put(to + sizeof *record, record->key), record->value.bytes);
  batch->len += len;
  batch->records_len++;
  batch->reserves |= record->kind == RECORD_CREATE || record->kind == RECORD_RESERVE;
}

void batch_touch(struct batch *batch, struct kept *kept) {
  if (batch->rooms_len == batch->rooms_cap) {
    batch->rooms_cap = batch->rooms_cap * 2 + 8;
    batch->rooms = mem_resize(batch->rooms, batch->rooms_cap * sizeof *batch->rooms);
  }
  batch->rooms[batch->rooms_len++] = (struct touched){.kept = kept};
}

bool batch_next(const struct batch *batch, size_t *offset, struct record *record) {
  if (*offset == batch->len) return false;
  const char *from = batch->at + *offset;
  memcpy(record, from, sizeof *record);
  record->key.at = from + sizeof *record;
  record->value.bytes.at = record->key.at + record->key.len;
  *offset += sizeof *record + record->key.len + record->value.bytes.len;
  return true;
}
