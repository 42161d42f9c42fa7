/* Reading. */
#include <errno.h>

#include "mem.h"
#include "segment.h"
#include "store.h"

int shelf_init(struct shelf *shelf, sqlite3 *db, char why[DB_WHY]) {
  *shelf = (struct shelf){.db = db};
  if (store_prepare(db, &shelf->room,
                    "SELECT id, seq, created, expires, policy, epoch, lost FROM rooms WHERE name = ?1") == SQLITE_OK &&
      store_prepare(db, &shelf->messages,
                    "SELECT key, last, first, count, sum, data FROM segments WHERE room = ?1 ORDER BY key, last") ==
          SQLITE_OK &&
      store_prepare(db, &shelf->expired, "SELECT id, name FROM rooms WHERE expires > 0 AND expires <= ?1 LIMIT ?2") ==
          SQLITE_OK)
    return 0;
  int rc = store_failed(db, "prepare", why);
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
                                .epoch = (uint64_t)sqlite3_column_int64(stmt, 5),
                                .policy = mem_check(strdup(policy ? policy : ""))};
    const void *lost = sqlite3_column_blob(stmt, 6);
    room->lost.len = lost ? (size_t)sqlite3_column_bytes(stmt, 6) : 0;
    if (lost) room->lost.at = memcpy(mem_resize(NULL, room->lost.len), lost, room->lost.len);
  } else if (step != SQLITE_DONE) {
    rc = store_failed(shelf->db, "reading the room", why);
  }
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return rc;
}

void shelf_room_deinit(struct shelf_room *room) {
  free(room->policy);
  free((char *)room->lost.at);
}

static struct eddy_text blob(sqlite3_stmt *stmt, int column) {
  struct eddy_text text = {.at = sqlite3_column_blob(stmt, column)};
  text.len = (size_t)sqlite3_column_bytes(stmt, column);
  if (!text.at) text.at = "";
  return text;
}

/* The messages of one row, brought to the caller of shelf_messages. */
struct reading {
  int (*fn)(void *arg, const struct eddy_change *message);
  void *arg;
  struct eddy_text key;
};

static int read_message(void *arg, const struct segment_message *message) {
  const struct reading *reading = arg;
  const struct eddy_change change = {.size = sizeof change,
                                     .kind = EDDY_CHANGE_APPEND,
                                     .key = reading->key,
                                     .seq = message->seq,
                                     .time_ms = message->time_ms,
                                     .value = message->value,
                                     .is_base = message->is_base};
  return reading->fn(reading->arg, &change);
}

int shelf_messages(struct shelf *shelf, int64_t id, int (*fn)(void *arg, const struct eddy_change *message), void *arg,
                   char why[DB_WHY]) {
  sqlite3_stmt *stmt = shelf->messages;
  sqlite3_bind_int64(stmt, 1, id);
  int step, rc = 0;
  while (rc == 0 && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
    if (step != SQLITE_ROW) {
      rc = store_failed(shelf->db, "reading its messages", why);
      break;
    }
    struct reading reading = {.fn = fn, .arg = arg, .key = blob(stmt, 0)};
    const struct segment_row row = {.last = (uint64_t)sqlite3_column_int64(stmt, 1),
                                    .first = (uint64_t)sqlite3_column_int64(stmt, 2),
                                    .count = (uint64_t)sqlite3_column_int64(stmt, 3),
                                    .sum = (uint64_t)sqlite3_column_int64(stmt, 4),
                                    .data = blob(stmt, 5)};
    rc = segment_each(id, reading.key, &row, read_message, &reading);
    if (rc == -EBADMSG) {
      snprintf(why, DB_WHY, "reading its messages: some of them are malformed: they are not as they were written");
      rc = -EIO;
    }
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
