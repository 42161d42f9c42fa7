/* Writing. */
#include "store.h"

#include <errno.h>
#include <stdio.h>

#include "mem.h"

static const char *const TEXTS[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_CREATE] =
        "INSERT INTO rooms (id, seq, expires, policy, name, created, touched, epoch) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
    [STORE_CLOSE] =
        "UPDATE rooms SET seq = ?2, expires = ?3, touched = ?6, epoch = ?7, lost = nullif(?8, x'') WHERE id = ?1",
    [STORE_RESERVE] = "UPDATE rooms SET seq = ?2, expires = ?3, touched = ?6, epoch = ?7, lost = NULL WHERE id = ?1",
    [STORE_EPOCH] = "UPDATE rooms SET epoch = ?7, lost = NULL WHERE id = ?1",
    [STORE_EXPIRES] = "UPDATE rooms SET expires = ?3 WHERE id = ?1",
    [STORE_POLICY] = "UPDATE rooms SET policy = ?4 WHERE id = ?1",
    [STORE_FORGET] = "DELETE FROM rooms WHERE id = ?1",
    [STORE_EMPTY] = "DELETE FROM segments WHERE room = ?1",
    [STORE_INSERT] =
        "INSERT INTO segments (room, last, key, first, count, sum, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STORE_CLEAR] = "DELETE FROM segments WHERE room = ?1 AND key = ?3",
    [STORE_TRIM] = "DELETE FROM segments WHERE room = ?1 AND key = ?3 AND last <= ?2",
    [STORE_DROP] = "DELETE FROM segments WHERE room = ?1 AND key = ?3 AND last = ?2",
    [STORE_FIND] =
        "SELECT last, first, count, sum, data FROM segments WHERE room = ?1 AND key = ?3 AND last >= ?2 "
        "ORDER BY last LIMIT 1",
};

int store_failed(sqlite3 *db, const char *doing, char why[DB_WHY]) {
  int result = sqlite3_extended_errcode(db);
  snprintf(why, DB_WHY, "%s: %.300s (%d)", doing, sqlite3_errmsg(db), result);
  int rc = db_errno(result);
  return rc ? rc : -EIO;
}

int store_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *text) {
  return sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
}

int store_init(struct store *store, sqlite3 *db, char why[DB_WHY]) {
  *store = (struct store){.db = db, .full = true};
  for (size_t i = 0; i < STORE_STATEMENTS; i++) {
    if (store_prepare(db, &store->stmts[i], TEXTS[i]) == SQLITE_OK) continue;
    int rc = store_failed(db, TEXTS[i], why);
    store_deinit(store);
    return rc;
  }
  return 0;
}

void store_deinit(struct store *store) {
  for (size_t i = 0; i < STORE_STATEMENTS; i++) sqlite3_finalize(store->stmts[i]);
  sqlite3_close(store->db);
  net_deinit(&store->net);
  segment_deinit(&store->segment);
  free(store->drops);
  *store = (struct store){0};
}

/* Runs a statement that is bound; SQLite's result. */
static int run(struct store *store, enum store_statement which) {
  sqlite3_step(store->stmts[which]);
  int rc = sqlite3_reset(store->stmts[which]);
  sqlite3_clear_bindings(store->stmts[which]);
  return rc;
}

/* ---- rooms ---- */

/* One of the statements on a row of rooms. */
static int change_room(struct store *store, enum store_statement which, const struct record *record) {
  sqlite3_stmt *stmt = store->stmts[which];
  int wants = sqlite3_bind_parameter_count(stmt);
  sqlite3_bind_int64(stmt, 1, record->kept->id);
  if (wants >= 2) sqlite3_bind_int64(stmt, 2, (sqlite3_int64)record->seq);
  if (wants >= 3) sqlite3_bind_int64(stmt, 3, record->expires_ms);
  if (wants >= 4) sqlite3_bind_text64(stmt, 4, record->key.at, record->key.len, SQLITE_STATIC, SQLITE_UTF8);
  if (wants >= 5) sqlite3_bind_text64(stmt, 5, record->kept->name, record->kept->name_len, SQLITE_STATIC, SQLITE_UTF8);
  if (wants >= 6) sqlite3_bind_int64(stmt, 6, record->time_ms);
  if (wants >= 7) sqlite3_bind_int64(stmt, 7, (sqlite3_int64)record->epoch);
  if (wants >= 8) sqlite3_bind_blob64(stmt, 8, record->value.bytes.at, record->value.bytes.len, SQLITE_STATIC);
  return run(store, which);
}

/* What it says of a stream is only looked at. */
static int apply(struct store *store, const struct record *record, const char *at) {
  int rc;
  switch (record->kind) {
    case RECORD_CREATE: return change_room(store, STORE_CREATE, record);
    case RECORD_CLOSE: return change_room(store, STORE_CLOSE, record);
    case RECORD_RESERVE: /* one that went nowhere would be no reservation */
      rc = change_room(store, STORE_RESERVE, record);
      return rc == SQLITE_OK && sqlite3_changes(store->db) != 1 ? SQLITE_CORRUPT : rc;
    case RECORD_EPOCH: return change_room(store, STORE_EPOCH, record);
    case RECORD_EXPIRES: return change_room(store, STORE_EXPIRES, record);
    case RECORD_POLICY: return change_room(store, STORE_POLICY, record);
    case RECORD_DELETE:
      record->kept->gone = true;
      rc = change_room(store, STORE_EMPTY, record);
      return rc == SQLITE_OK ? change_room(store, STORE_FORGET, record) : rc;
    default: break;
  }
  if (!record->kept->gone) net_add(&store->net, record, at);
  return SQLITE_OK;
}

/* ---- streams ---- */

/* A statement on a stream; the key is in a batch, so never at NULL, which would be bound as none. */
static sqlite3_stmt *bound(struct store *store, enum store_statement which, const struct net_stream *stream,
                           uint64_t seq) {
  sqlite3_stmt *stmt = store->stmts[which];
  sqlite3_bind_int64(stmt, 1, stream->kept->id);
  if (which != STORE_CLEAR) sqlite3_bind_int64(stmt, 2, (sqlite3_int64)seq);
  sqlite3_bind_blob64(stmt, 3, stream->key.at, stream->key.len, SQLITE_STATIC);
  return stmt;
}

static int take_out(struct store *store, enum store_statement which, const struct net_stream *stream, uint64_t seq) {
  bound(store, which, stream, seq);
  return run(store, which);
}

/* Writes the segment that is being made, and begins another. */
static int put_in(struct store *store, const struct net_stream *stream) {
  struct segment *segment = &store->segment;
  if (!segment->count) return SQLITE_OK;
  const struct eddy_text data = {.at = segment->at, .len = segment->len};
  sqlite3_stmt *stmt = bound(store, STORE_INSERT, stream, segment->last);
  sqlite3_bind_int64(stmt, 4, (sqlite3_int64)segment->first);
  sqlite3_bind_int64(stmt, 5, (sqlite3_int64)segment->count);
  sqlite3_bind_int64(stmt, 6, (sqlite3_int64)segment_sum(stream->kept->id, stream->key, data));
  sqlite3_bind_blob64(stmt, 7, data.at, data.len, SQLITE_STATIC);
  segment_clear(segment);
  return run(store, STORE_INSERT);
}

static int add_record(struct store *store, const struct net_stream *stream, const char *at) {
  struct record record;
  batch_read(at, &record);
  const struct segment_message message = {
      .seq = record.seq, .time_ms = record.time_ms, .is_base = record.kind == RECORD_COMPACT, .value = record.value};
  int rc = segment_full(&store->segment, record.value.bytes.len) ? put_in(store, stream) : SQLITE_OK;
  segment_add(&store->segment, &message);
  return rc;
}

/* Which messages of a segment stay: beyond `trim`, and none of `drops`, which rise; those behind are passed by. */
struct sieve {
  struct store *store;
  const struct net_stream *stream;
  uint64_t trim;
  const uint64_t *drops, *end;
};

static int sift(void *arg, const struct segment_message *message) {
  struct sieve *sieve = arg;
  while (sieve->drops < sieve->end && *sieve->drops < message->seq) sieve->drops++;
  bool goes = message->seq <= sieve->trim || (sieve->drops < sieve->end && *sieve->drops == message->seq);
  if (!goes) segment_add(&sieve->store->segment, message);
  return 0;
}

/* Writes the first segment again that ends at `seq` or later, where it begins at `first` or before, but for what
 * the sieve holds back. SQLITE_DONE: there is none such. */
static int rewrite(struct sieve *sieve, uint64_t seq, uint64_t first) {
  struct store *store = sieve->store;
  sqlite3_stmt *stmt = bound(store, STORE_FIND, sieve->stream, seq);
  struct segment_row row;
  bool found = sqlite3_step(stmt) == SQLITE_ROW && (uint64_t)sqlite3_column_int64(stmt, 1) <= first;
  int rc = SQLITE_OK;
  if (found) {
    row = (struct segment_row){.last = (uint64_t)sqlite3_column_int64(stmt, 0),
                               .first = (uint64_t)sqlite3_column_int64(stmt, 1),
                               .count = (uint64_t)sqlite3_column_int64(stmt, 2),
                               .sum = (uint64_t)sqlite3_column_int64(stmt, 3),
                               .data = {.at = sqlite3_column_blob(stmt, 4)}};
    row.data.len = (size_t)sqlite3_column_bytes(stmt, 4);
    segment_clear(&store->segment);
    rc = segment_each(sieve->stream->kept->id, sieve->stream->key, &row, sift, sieve);
    if (rc == -EBADMSG) rc = SQLITE_CORRUPT;
  }
  int reset = sqlite3_reset(stmt);
  if (rc == SQLITE_OK) rc = reset;
  if (rc || !found) return rc ? rc : SQLITE_DONE;
  rc = take_out(store, STORE_DROP, sieve->stream, row.last);
  return rc == SQLITE_OK ? put_in(store, sieve->stream) : rc;
}

static int compare(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

/* The numbers that are dropped beyond the trim, rising; how many. */
static size_t sort_drops(struct store *store, const struct net_stream *stream) {
  size_t len = 0;
  for (uint32_t i = stream->drops.first; i != NET_NONE; i = store->net.entries[i].next) {
    uint64_t seq = store->net.entries[i].seq;
    if (seq <= stream->trim) continue;
    if (len == store->drops_cap) {
      store->drops_cap = store->drops_cap * 2 + 64;
      store->drops = mem_resize(store->drops, store->drops_cap * sizeof *store->drops);
    }
    store->drops[len++] = seq;
  }
  if (len) qsort(store->drops, len, sizeof *store->drops, compare);
  return len;
}

/* What the database has of the stream and is to go. */
static int cut(struct store *store, const struct net_stream *stream, size_t drops) {
  struct sieve sieve = {
      .store = store, .stream = stream, .trim = stream->trim, .drops = store->drops, .end = store->drops + drops};
  if (stream->clear) return take_out(store, STORE_CLEAR, stream, 0);
  int rc = stream->trim ? take_out(store, STORE_TRIM, stream, stream->trim) : SQLITE_OK;
  if (rc == SQLITE_OK && stream->trim) rc = rewrite(&sieve, stream->trim + 1, stream->trim);
  if (rc == SQLITE_DONE) rc = SQLITE_OK;
  while (rc == SQLITE_OK && sieve.drops < sieve.end) {
    uint64_t seq = *sieve.drops;
    rc = rewrite(&sieve, seq, seq);
    if (rc == SQLITE_DONE) rc = SQLITE_OK;
    while (sieve.drops < sieve.end && *sieve.drops <= seq) sieve.drops++;
  }
  return rc;
}

static int write_stream(struct store *store, const struct net_stream *stream) {
  size_t drops = sort_drops(store, stream), passed = 0;
  int rc = cut(store, stream, drops);
  segment_clear(&store->segment);
  if (rc == SQLITE_OK && stream->base) { /* alone: what the database has of the stream is behind it */
    rc = add_record(store, stream, stream->base);
    if (rc == SQLITE_OK) rc = put_in(store, stream);
  }
  for (uint32_t i = stream->appends.first; i != NET_NONE && rc == SQLITE_OK; i = store->net.entries[i].next) {
    const struct net_entry *entry = &store->net.entries[i];
    while (passed < drops && store->drops[passed] < entry->seq) passed++;
    if (passed == drops || store->drops[passed] != entry->seq) rc = add_record(store, stream, entry->at);
  }
  return rc == SQLITE_OK ? put_in(store, stream) : rc;
}

/* ---- all of it ---- */

/* What is wrong with this room's own rows or pages, and not with the disk. */
static bool is_of_room(int result) {
  result &= 0xff;
  return result == SQLITE_CORRUPT || result == SQLITE_CONSTRAINT || result == SQLITE_TOOBIG ||
         result == SQLITE_MISMATCH;
}

/* 0; -EAGAIN: the room was set aside; or another negative errno. */
static int judge(struct store *store, struct kept *kept, int result, char why[DB_WHY]) {
  if (result == SQLITE_OK) return 0;
  int rc;
  if (result == SQLITE_CORRUPT && sqlite3_errcode(store->db) != SQLITE_CORRUPT) {
    snprintf(why, DB_WHY, "%s: its messages are not as they were written (%d)", kept->name, result);
    rc = -EIO;
  } else {
    rc = store_failed(store->db, kept->name, why);
  }
  if (!is_of_room(result)) return rc;
  kept->broken = true;
  return -EAGAIN;
}

static int apply_all(struct store *store, const struct batch *batch, char why[DB_WHY]) {
  int rc = 0;
  for (const char *at = batch->at, *end = at + batch->len; at < end && rc == 0;) {
    struct record record;
    const char *next = batch_read(at, &record);
    if (!record.kept->broken) rc = judge(store, record.kept, apply(store, &record, at), why);
    at = next;
  }
  return rc;
}

static int write_streams(struct store *store, char why[DB_WHY]) {
  int rc = 0;
  for (size_t i = 0; i < store->net.streams_len && rc == 0; i++) {
    const struct net_stream *stream = &store->net.streams[i];
    if (!stream->kept->broken && !stream->kept->gone) rc = judge(store, stream->kept, write_stream(store, stream), why);
  }
  return rc;
}

/* Only outside of a transaction. Not a prepared statement: SQLite carries this one out as it compiles it. */
static int set_full(struct store *store, bool full) {
  if (store->full == full) return SQLITE_OK;
  const char *text = full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
  int rc = sqlite3_exec(store->db, text, NULL, NULL, NULL);
  if (rc == SQLITE_OK) store->full = full;
  return rc;
}

int store_commit(struct store *store, const struct batch *list, bool full, char why[DB_WHY]) {
  for (const struct batch *batch = list; batch; batch = batch->next) full |= batch->reserves;
  if (set_full(store, full) || run(store, STORE_BEGIN)) return store_failed(store->db, "begin", why);
  int rc = 0;
  net_clear(&store->net);
  for (const struct batch *batch = list; batch && rc == 0; batch = batch->next) rc = apply_all(store, batch, why);
  if (rc == 0) rc = write_streams(store, why);
  if (rc == 0 && run(store, STORE_COMMIT)) rc = store_failed(store->db, "commit", why);
  if (rc && !sqlite3_get_autocommit(store->db)) run(store, STORE_ROLLBACK);
  return rc;
}
