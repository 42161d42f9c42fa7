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

void batch_clear(struct batch *batch) {
  *batch = (struct batch){.rooms = batch->rooms, .rooms_cap = batch->rooms_cap, .at = batch->at, .cap = batch->cap};
}

/* A record as it stands in a batch, its key and value behind it. */
struct packed {
  struct kept *kept;
  uint64_t seq;
  int64_t time_ms, expires_ms;
  uint64_t epoch;
  uint32_t key_len, value_len;
  uint8_t kind, encoding;
};

static char *put(char *to, struct eddy_text text) {
  if (text.len) memcpy(to, text.at, text.len);
  return to + text.len;
}

void batch_add(struct batch *batch, const struct record *record) {
  const struct packed packed = {.kept = record->kept,
                                .seq = record->seq,
                                .time_ms = record->time_ms,
                                .expires_ms = record->expires_ms,
                                .epoch = record->epoch,
                                .key_len = (uint32_t)record->key.len,
                                .value_len = (uint32_t)record->value.bytes.len,
                                .kind = (uint8_t)record->kind,
                                .encoding = (uint8_t)record->value.encoding};
  size_t len = sizeof packed + record->key.len + record->value.bytes.len;
  if (batch->cap - batch->len < len) {
    batch->cap = batch->cap * 2 + len;
    batch->at = mem_resize(batch->at, batch->cap);
  }
  char *to = batch->at + batch->len;
  memcpy(to, &packed, sizeof packed);
  put(put(to + sizeof packed, record->key), record->value.bytes);
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

const char *batch_read(const char *at, struct record *record) {
  struct packed packed;
  memcpy(&packed, at, sizeof packed);
  const char *key = at + sizeof packed, *value = key + packed.key_len;
  *record = (struct record){
      .kind = (enum record_kind)packed.kind,
      .kept = packed.kept,
      .key = {.at = key, .len = packed.key_len},
      .value = {.encoding = (enum eddy_encoding)packed.encoding, .bytes = {.at = value, .len = packed.value_len}},
      .seq = packed.seq,
      .time_ms = packed.time_ms,
      .expires_ms = packed.expires_ms,
      .epoch = packed.epoch};
  return value + packed.value_len;
}
