#include "store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "mem.h"

static const char *const TEXTS[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_CREATE] =
        "INSERT INTO rooms (id, seq, expires, policy, name, created, touched) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    [STORE_CLOSE] = "UPDATE rooms SET seq = ?2, expires = ?3, touched = ?6 WHERE id = ?1",
    [STORE_RESERVE] = "UPDATE rooms SET seq = ?2, expires = ?3, touched = ?6 WHERE id = ?1",
    [STORE_EXPIRES] = "UPDATE rooms SET expires = ?3 WHERE id = ?1",
    [STORE_POLICY] = "UPDATE rooms SET policy = ?4 WHERE id = ?1",
    [STORE_FORGET] = "DELETE FROM rooms WHERE id = ?1",
    [STORE_EMPTY] = "DELETE FROM messages WHERE room = ?1",
    [STORE_INSERT] =
        "INSERT INTO messages (room, seq, key, encoding, is_base, time, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STORE_CLEAR] = "DELETE FROM messages WHERE room = ?1 AND key = ?3",
    [STORE_TRIM] = "DELETE FROM messages WHERE room = ?1 AND key = ?3 AND seq <= ?2",
    [STORE_DROP] = "DELETE FROM messages WHERE room = ?1 AND key = ?3 AND seq = ?2",
};

static int failed(sqlite3 *db, const char *doing, char why[DB_WHY]) {
  int result = sqlite3_extended_errcode(db);
  snprintf(why, DB_WHY, "%s: %.300s (%d)", doing, sqlite3_errmsg(db), result);
  int rc = db_errno(result);
  return rc ? rc : -EIO;
}

/* ---- for writing ---- */

static int prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *text) {
  return sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
}

int store_init(struct store *store, sqlite3 *db, char why[DB_WHY]) {
  *store = (struct store){.db = db, .full = true};
  for (size_t i = 0; i < STORE_STATEMENTS; i++) {
    if (prepare(db, &store->stmts[i], TEXTS[i]) == SQLITE_OK) continue;
    int rc = failed(db, TEXTS[i], why);
    store_deinit(store);
    return rc;
  }
  return 0;
}

void store_deinit(struct store *store) {
  for (size_t i = 0; i < STORE_STATEMENTS; i++) sqlite3_finalize(store->stmts[i]);
  sqlite3_close(store->db);
  *store = (struct store){0};
}

/* Runs a statement that is bound; SQLite's result. */
static int run(struct store *store, enum store_statement which) {
  sqlite3_step(store->stmts[which]);
  int rc = sqlite3_reset(store->stmts[which]);
  sqlite3_clear_bindings(store->stmts[which]);
  return rc;
}

static sqlite3_stmt *bound(struct store *store, enum store_statement which, const struct record *record) {
  sqlite3_stmt *stmt = store->stmts[which];
  sqlite3_bind_int64(stmt, 1, record->kept->id);
  if (sqlite3_bind_parameter_count(stmt) > 1) sqlite3_bind_int64(stmt, 2, (sqlite3_int64)record->seq);
  return stmt;
}

/* One of the statements on a row of rooms. */
static int change_room(struct store *store, enum store_statement which, const struct record *record) {
  sqlite3_stmt *stmt = bound(store, which, record);
  int wants = sqlite3_bind_parameter_count(stmt);
  if (wants >= 3) sqlite3_bind_int64(stmt, 3, record->expires_ms);
  if (wants >= 4) sqlite3_bind_text64(stmt, 4, record->key.at, record->key.len, SQLITE_STATIC, SQLITE_UTF8);
  if (wants >= 5) sqlite3_bind_text64(stmt, 5, record->kept->name, record->kept->name_len, SQLITE_STATIC, SQLITE_UTF8);
  if (wants >= 6) sqlite3_bind_int64(stmt, 6, record->time_ms);
  return run(store, which);
}

/* The statements that take something out of a stream. The batch's key is never at NULL, so that it is never bound as
 * one. */
static int take_out(struct store *store, enum store_statement which, const struct record *record) {
  sqlite3_bind_blob64(bound(store, which, record), 3, record->key.at, record->key.len, SQLITE_STATIC);
  return run(store, which);
}

static int put_in(struct store *store, const struct record *record) {
  sqlite3_stmt *stmt = bound(store, STORE_INSERT, record);
  sqlite3_bind_blob64(stmt, 3, record->key.at, record->key.len, SQLITE_STATIC);
  sqlite3_bind_int(stmt, 4, record->value.encoding == EDDY_CBOR);
  sqlite3_bind_int(stmt, 5, record->kind == RECORD_COMPACT);
  sqlite3_bind_int64(stmt, 6, record->time_ms);
  sqlite3_bind_blob64(stmt, 7, record->value.bytes.at, record->value.bytes.len, SQLITE_STATIC);
  return run(store, STORE_INSERT);
}

static int then_put_in(struct store *store, int rc, const struct record *record) {
  return rc == SQLITE_OK ? put_in(store, record) : rc;
}

static int apply(struct store *store, const struct record *record) {
  int rc;
  switch (record->kind) {
    case RECORD_CREATE: return change_room(store, STORE_CREATE, record);
    case RECORD_CLOSE: return change_room(store, STORE_CLOSE, record);
    case RECORD_RESERVE: /* one that went nowhere would be no reservation */
      rc = change_room(store, STORE_RESERVE, record);
      return rc == SQLITE_OK && sqlite3_changes(store->db) != 1 ? SQLITE_CORRUPT : rc;
    case RECORD_EXPIRES: return change_room(store, STORE_EXPIRES, record);
    case RECORD_POLICY: return change_room(store, STORE_POLICY, record);
    case RECORD_DELETE:
      rc = change_room(store, STORE_EMPTY, record);
      return rc == SQLITE_OK ? change_room(store, STORE_FORGET, record) : rc;
    case RECORD_APPEND: return put_in(store, record);
    case RECORD_REPLACE: return then_put_in(store, take_out(store, STORE_CLEAR, record), record);
    case RECORD_COMPACT: return then_put_in(store, take_out(store, STORE_TRIM, record), record);
    case RECORD_TRIM: return take_out(store, STORE_TRIM, record);
    case RECORD_DROP: return take_out(store, STORE_DROP, record);
  }
  return SQLITE_INTERNAL;
}

/* What is wrong with this room's own rows or pages, and not with the disk. */
static bool is_of_room(int result) {
  result &= 0xff;
  return result == SQLITE_CORRUPT || result == SQLITE_CONSTRAINT || result == SQLITE_TOOBIG ||
         result == SQLITE_MISMATCH;
}

static int apply_all(struct store *store, const struct batch *batch, char why[DB_WHY]) {
  struct record record;
  size_t offset = 0;
  while (batch_next(batch, &offset, &record)) {
    if (record.kept->broken) continue;
    int result = apply(store, &record);
    if (result == SQLITE_OK) continue;
    int rc = failed(store->db, record.kept->name, why);
    if (!is_of_room(result)) return rc;
    record.kept->broken = true;
    return -EAGAIN;
  }
  return 0;
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
  if (set_full(store, full) || run(store, STORE_BEGIN)) return failed(store->db, "begin", why);
  int rc = 0;
  for (const struct batch *batch = list; batch && rc == 0; batch = batch->next) rc = apply_all(store, batch, why);
  if (rc == 0 && run(store, STORE_COMMIT)) rc = failed(store->db, "commit", why);
  if (rc && !sqlite3_get_autocommit(store->db)) run(store, STORE_ROLLBACK);
  return rc;
}

/* ---- for reading ---- */

int shelf_init(struct shelf *shelf, sqlite3 *db, char why[DB_WHY]) {
  *shelf = (struct shelf){.db = db};
  if (prepare(db, &shelf->room, "SELECT id, seq, created, expires, policy FROM rooms WHERE name = ?1") == SQLITE_OK &&
      prepare(db, &shelf->messages,
              "SELECT key, seq, encoding, is_base, time, value FROM messages WHERE room = ?1 ORDER BY key, seq") ==
          SQLITE_OK &&
      prepare(db, &shelf->expired, "SELECT id, name FROM rooms WHERE expires > 0 AND expires <= ?1 LIMIT ?2") ==
          SQLITE_OK)
    return 0;
  int rc = failed(db, "prepare", why);
  shelf_deinit(shelf);
  return rc;
}

void shelf_deinit(struct shelf *shelf) {
  sqlite3_finalize(shelf->room);
  sqlite3_finalize(shelf->messages);
  sqlite3_finalize(shelf->expired);
  sqlite3_close(shelf->db);
  *shelf = (struct shelf){0};
}

int shelf_room(struct shelf *shelf, struct eddy_text name, struct shelf_room *room, char why[DB_WHY]) {
  sqlite3_stmt *stmt = shelf->room;
  sqlite3_bind_text64(stmt, 1, name.at, name.len, SQLITE_STATIC, SQLITE_UTF8);
  int step = sqlite3_step(stmt), rc = step == SQLITE_ROW;
  if (rc) {
    const char *policy = (const char *)sqlite3_column_text(stmt, 4);
    *room = (struct shelf_room){.id = sqlite3_column_int64(stmt, 0),
                                .seq = (uint64_t)sqlite3_column_int64(stmt, 1),
                                .created_ms = sqlite3_column_int64(stmt, 2),
                                .expires_ms = sqlite3_column_int64(stmt, 3),
                                .policy = mem_check(strdup(policy ? policy : ""))};
  } else if (step != SQLITE_DONE) {
    rc = failed(shelf->db, "reading the room", why);
  }
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return rc;
}

static struct eddy_text blob(sqlite3_stmt *stmt, int column) {
  struct eddy_text text = {.at = sqlite3_column_blob(stmt, column)};
  text.len = (size_t)sqlite3_column_bytes(stmt, column);
  if (!text.at) text.at = "";
  return text;
}

int shelf_messages(struct shelf *shelf, int64_t id, int (*fn)(void *arg, const struct eddy_change *message), void *arg,
                   char why[DB_WHY]) {
  sqlite3_stmt *stmt = shelf->messages;
  sqlite3_bind_int64(stmt, 1, id);
  int step, rc = 0;
  while (rc == 0 && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
    if (step != SQLITE_ROW) {
      rc = failed(shelf->db, "reading its messages", why);
      break;
    }
    const struct eddy_change message = {
        .size = sizeof message,
        .kind = EDDY_CHANGE_APPEND,
        .key = blob(stmt, 0),
        .seq = (uint64_t)sqlite3_column_int64(stmt, 1),
        .time_ms = sqlite3_column_int64(stmt, 4),
        .value = {.encoding = sqlite3_column_int(stmt, 2) ? EDDY_CBOR : EDDY_JSON, .bytes = blob(stmt, 5)},
        .is_base = sqlite3_column_int(stmt, 3),
    };
    rc = fn(arg, &message);
  }
  sqlite3_reset(stmt);
  return rc;
}

int shelf_expired(struct shelf *shelf, int64_t now_ms, int max,
                  void (*fn)(void *arg, int64_t id, struct eddy_text name), void *arg) {
  sqlite3_stmt *stmt = shelf->expired;
  sqlite3_bind_int64(stmt, 1, now_ms);
  sqlite3_bind_int(stmt, 2, max);
  int step, found = 0;
  while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
    found++;
    fn(arg, sqlite3_column_int64(stmt, 0), blob(stmt, 1));
  }
  sqlite3_reset(stmt);
  return step == SQLITE_DONE ? found : db_errno(step);
}

int64_t shelf_last_id(struct shelf *shelf) {
  sqlite3_stmt *stmt;
  int64_t id = -EIO;
  if (sqlite3_prepare_v2(shelf->db, "SELECT max(id) FROM rooms", -1, &stmt, NULL) == SQLITE_OK &&
      sqlite3_step(stmt) == SQLITE_ROW)
    id = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return id;
}
