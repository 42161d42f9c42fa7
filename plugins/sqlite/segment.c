#include "segment.h"

#include <errno.h>
#include <sqlite3.h>

#include "little.h"
#include "mem.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HEAD_LEN 24u
#define IS_CBOR 1u
#define IS_BASE 2u

/* ---- writing ---- */

bool segment_full(const struct segment *segment, size_t value_len) {
  return segment->count && segment->len + HEAD_LEN + value_len > SEGMENT_MAX;
}

void segment_add(struct segment *segment, const struct segment_message *message) {
  const struct eddy_text *value = &message->value.bytes;
  size_t len = segment->len + HEAD_LEN + value->len;
  if (len > segment->cap) {
    segment->cap = segment->cap * 2 > len ? segment->cap * 2 : len;
    segment->at = mem_resize(segment->at, segment->cap);
  }
  uint32_t what = (message->value.encoding == EDDY_CBOR ? IS_CBOR : 0) | (message->is_base ? IS_BASE : 0);
  char *to = put64(put64(segment->at + segment->len, message->seq), (uint64_t)message->time_ms);
  to = put32(put32(to, (uint32_t)value->len), what);
  if (value->len) memcpy(to, value->at, value->len);
  segment->len = len;
  if (!segment->count++) segment->first = message->seq;
  segment->last = message->seq;
}

void segment_deinit(struct segment *segment) {
  free(segment->at);
  *segment = (struct segment){0};
}

uint64_t segment_sum(int64_t room, struct eddy_text key, struct eddy_text data) {
  return XXH3_64bits_withSeed(data.at, data.len, XXH3_64bits_withSeed(key.at, key.len, (uint64_t)room));
}

/* ---- reading ---- */

/* The message at `*offset`, which moves on to the next; false where there is none. */
static bool next(struct eddy_text data, size_t *offset, struct segment_message *message) {
  const char *from = data.at + *offset;
  size_t left = data.len - *offset;
  if (left < HEAD_LEN || left - HEAD_LEN < get32(from + 16)) return false;
  uint32_t what = get32(from + 20);
  *message = (struct segment_message){.seq = get64(from),
                                      .time_ms = (int64_t)get64(from + 8),
                                      .is_base = (what & IS_BASE) != 0,
                                      .value = {.encoding = what & IS_CBOR ? EDDY_CBOR : EDDY_JSON,
                                                .bytes = {.at = from + HEAD_LEN, .len = get32(from + 16)}}};
  *offset += HEAD_LEN + message->value.bytes.len;
  return (what & ~(IS_CBOR | IS_BASE)) == 0;
}

static bool is_whole(int64_t room, struct eddy_text key, const struct segment_row *row) {
  struct segment_message message;
  size_t offset = 0;
  uint64_t count = 0, first = 0, last = 0;
  if (segment_sum(room, key, row->data) != row->sum) return false;
  while (offset < row->data.len) {
    if (!next(row->data, &offset, &message) || (count && message.seq <= last)) return false;
    last = message.seq;
    if (!count++) first = last;
  }
  return count && count == row->count && first == row->first && last == row->last;
}

int segment_each(int64_t room, struct eddy_text key, const struct segment_row *row,
                 int (*fn)(void *arg, const struct segment_message *message), void *arg) {
  struct segment_message message;
  size_t offset = 0;
  int rc = 0;
  if (!is_whole(room, key, row)) return -EBADMSG;
  while (rc == 0 && next(row->data, &offset, &message)) rc = fn(arg, &message);
  return rc;
}

/* ---- for SQL ---- */

static struct eddy_text blob(sqlite3_value *value) {
  const char *at = sqlite3_value_blob(value);
  return (struct eddy_text){.at = at ? at : "", .len = (size_t)sqlite3_value_bytes(value)};
}

static void sql_segment_of(sqlite3_context *context, int len, sqlite3_value **values) {
  (void)len;
  struct segment segment = {0};
  const struct segment_message message = {
      .seq = (uint64_t)sqlite3_value_int64(values[0]),
      .time_ms = sqlite3_value_int64(values[1]),
      .is_base = sqlite3_value_int(values[2]) != 0,
      .value = {.encoding = sqlite3_value_int(values[3]) ? EDDY_CBOR : EDDY_JSON, .bytes = blob(values[4])}};
  segment_add(&segment, &message);
  sqlite3_result_blob64(context, segment.at, segment.len, free);
}

static void sql_segment_sum(sqlite3_context *context, int len, sqlite3_value **values) {
  (void)len;
  uint64_t sum = segment_sum(sqlite3_value_int64(values[0]), blob(values[1]), blob(values[2]));
  sqlite3_result_int64(context, (sqlite3_int64)sum);
}

int segment_functions(sqlite3 *db) {
  static const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  int rc = sqlite3_create_function(db, "segment_of", 5, flags, NULL, sql_segment_of, NULL, NULL);
  return rc ? rc : sqlite3_create_function(db, "segment_sum", 3, flags, NULL, sql_segment_sum, NULL, NULL);
}
