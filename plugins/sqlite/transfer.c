/* Rooms out, as lines. */
#include "transfer.h"

#include <errno.h>
#include <inttypes.h>

#include "lines.h"
#include "mem.h"
#include "store.h"

struct departure {
  struct shelf *shelf;
  FILE *out;
  struct transfer_count *count;
  char *why; /* DB_WHY */
};

static int unwritten(const struct departure *departure) {
  if (!ferror(departure->out)) return 0;
  snprintf(departure->why, DB_WHY, "it could not be written: %s", strerror(errno));
  return -EIO;
}

static int put_message(void *arg, const struct eddy_change *message) {
  const struct departure *departure = arg;
  FILE *out = departure->out;
  const struct eddy_text *value = &message->value.bytes;
  fputs("{\"key\":", out);
  line_put_text(out, message->key.at, message->key.len);
  fprintf(out, ",\"seq\":%" PRIu64 ",\"time\":%" PRId64 ",\"base\":%s,", message->seq, message->time_ms,
          message->is_base ? "true" : "false");
  if (message->value.encoding == EDDY_CBOR) {
    fputs("\"cbor\":", out);
    line_put_base64(out, value->at, value->len);
  } else {
    fputs("\"json\":", out);
    line_put_text(out, value->at, value->len);
  }
  fputs("}\n", out);
  departure->count->messages++;
  return unwritten(departure);
}

static int put_room(const struct departure *departure, struct eddy_text name) {
  struct shelf_room room;
  FILE *out = departure->out;
  int rc = shelf_room(departure->shelf, name, &room, departure->why);
  if (rc == 0) snprintf(departure->why, DB_WHY, "there is no room %.*s", name.len < 200 ? (int)name.len : 200, name.at);
  if (rc <= 0) return rc ? rc : -ENOENT;
  fputs("{\"room\":", out);
  line_put_text(out, name.at, name.len);
  fputs(",\"policy\":", out);
  line_put_text(out, room.policy, strlen(room.policy));
  fprintf(out, ",\"seq\":%" PRIu64 ",\"created\":%" PRId64 ",\"expires\":%" PRId64 "}\n", room.seq, room.created_ms,
          room.expires_ms);
  shelf_room_deinit(&room);
  departure->count->rooms++;
  return shelf_messages(departure->shelf, room.id, put_message, (void *)(uintptr_t)departure, departure->why);
}

static int put_all(const struct departure *departure) {
  sqlite3 *db = departure->shelf->db;
  sqlite3_stmt *stmt;
  int rc = 0, step = sqlite3_prepare_v2(db, "SELECT name FROM rooms ORDER BY name", -1, &stmt, NULL);
  while (rc == 0 && (step == SQLITE_OK || step == SQLITE_ROW) && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    rc = put_room(departure, (struct eddy_text){.at = name, .len = (size_t)sqlite3_column_bytes(stmt, 0)});
  }
  if (rc == 0 && step != SQLITE_DONE) {
    snprintf(departure->why, DB_WHY, "reading the rooms: %.400s", sqlite3_errmsg(db));
    rc = db_errno(step) ? db_errno(step) : -EIO;
  }
  sqlite3_finalize(stmt);
  return rc;
}

/* In one transaction: a daemon may write meanwhile. It ends with the connection. */
static int put(const struct departure *departure, struct eddy_text name) {
  sqlite3 *db = departure->shelf->db;
  if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL)) {
    snprintf(departure->why, DB_WHY, "%.400s", sqlite3_errmsg(db));
    return -EIO;
  }
  int rc = name.len ? put_room(departure, name) : put_all(departure);
  if (rc == 0) {
    fprintf(departure->out, "{\"end\":%" PRIu64 "}\n", departure->count->rooms);
    fflush(departure->out);
    rc = unwritten(departure);
  }
  return rc;
}

int transfer_export(const char *path, struct eddy_text name, FILE *out, struct transfer_count *count,
                    char why[DB_WHY]) {
  sqlite3 *db;
  struct shelf shelf;
  *count = (struct transfer_count){0};
  int rc = db_open(&db, path, NULL, DB_READ, why);
  if (rc == 0) rc = shelf_init(&shelf, db, why);
  if (rc) return rc == -ENOENT ? -EIO : rc; /* that would be a room's */
  const struct departure departure = {.shelf = &shelf, .out = out, .count = count, .why = why};
  rc = put(&departure, name);
  shelf_deinit(&shelf);
  return rc;
}
