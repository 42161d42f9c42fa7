/* A segment: messages of one stream behind each other, as one row of the database holds them. A message is a head of
 * 24 bytes (its number, its time, the length of its value, what it is; little-endian) and its value. */
#ifndef SQLITE_SEGMENT_H
#define SQLITE_SEGMENT_H

#include <stdbool.h>

#include "eddy/plugin.h"

struct sqlite3;

/* How long a segment of several messages gets: what a trim may have to write again. */
#define SEGMENT_MAX (32u << 10)

struct segment_message {
  uint64_t seq;
  int64_t time_ms;
  bool is_base;
  struct eddy_value value;
};

struct segment { /* being made; {0} is an empty one */
  char *at;      /* owned */
  size_t len, cap;
  uint64_t first, last, count; /* numbers of its messages, how many */
};

/* Whether a value of so many bytes more would make it longer than SEGMENT_MAX; an empty one takes any. */
bool segment_full(const struct segment *segment, size_t value_len);
/* Copies the message, whose number is greater than those before it. */
void segment_add(struct segment *segment, const struct segment_message *message);
static inline void segment_clear(struct segment *segment) { segment->len = segment->count = 0; }
void segment_deinit(struct segment *segment);

/* The checksum of a segment in its place. */
uint64_t segment_sum(int64_t room, struct eddy_text key, struct eddy_text data);

struct segment_row { /* one that was read; `data` is borrowed */
  uint64_t first, last, count, sum;
  struct eddy_text data;
};

/* Calls fn for each message, until it gives something else than 0, which is then the result; -EBADMSG, before the first
 * call, where the row is not as it was written. */
int segment_each(int64_t room, struct eddy_text key, const struct segment_row *row,
                 int (*fn)(void *arg, const struct segment_message *message), void *arg);

/* SQL functions for the step that made segments of messages: segment_of(seq, time, is_base, encoding, value), and
 * segment_sum(room, key, data). SQLite's result. */
int segment_functions(struct sqlite3 *db);

#endif
