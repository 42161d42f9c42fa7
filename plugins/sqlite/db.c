#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "segment.h"

#define BUSY_MS 5000

/* Keys and values are blobs: what came is kept to the byte. A room's messages lie together and in the order in which
 * they are restored, so that loading it is one scan. */
const char *const DB_STEPS[] = {
    "CREATE TABLE rooms ("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE," /* NAMESPACE/ID */
    "  policy TEXT NOT NULL,"
    "  seq INTEGER NOT NULL,"      /* later messages have greater numbers: the last one used, or a reservation */
    "  created INTEGER NOT NULL,"  /* Unix time, ms; as are these */
    "  touched INTEGER NOT NULL,"  /* something was written of it */
    "  expires INTEGER NOT NULL);" /* to be deleted; 0: never */
    "CREATE INDEX rooms_expires ON rooms (expires) WHERE expires > 0;"
    "CREATE TABLE messages ("
    "  room INTEGER NOT NULL,"
    "  key BLOB NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  encoding INTEGER NOT NULL," /* 0 JSON, 1 CBOR */
    "  is_base INTEGER NOT NULL,"  /* a compact has left it at the front of its stream */
    "  time INTEGER NOT NULL,"
    "  value BLOB NOT NULL,"
    "  PRIMARY KEY (room, key, seq)) WITHOUT ROWID;",

    "CREATE TABLE segments (" /* segment.h: messages of a stream in one row */
    "  room INTEGER NOT NULL,"
    "  key BLOB NOT NULL,"
    "  last INTEGER NOT NULL," /* numbers of its messages */
    "  first INTEGER NOT NULL,"
    "  count INTEGER NOT NULL," /* how many */
    "  sum INTEGER NOT NULL,"
    "  data BLOB NOT NULL,"
    "  PRIMARY KEY (room, key, last)) WITHOUT ROWID;"
    "INSERT INTO segments SELECT room, key, seq, seq, 1, segment_sum(room, key, data), data FROM"
    "  (SELECT room, key, seq, segment_of(seq, time, is_base, encoding, value) AS data FROM messages"
    "   ORDER BY room, key, seq);"
    "DROP TABLE messages;",

    /* The room's epoch, where nothing that was heard in it can be missing, else 0; and lost.h, where nothing has
     * changed since. */
    "ALTER TABLE rooms ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rooms ADD COLUMN lost BLOB;",
};
const size_t DB_STEPS_LEN = sizeof DB_STEPS / sizeof *DB_STEPS;

int db_errno(int result) {
  switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW: return 0;
    case SQLITE_FULL: return -ENOSPC;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return -EBUSY;
    case SQLITE_NOMEM: return -ENOMEM;
    case SQLITE_CANTOPEN: return -ENOENT;
    case SQLITE_READONLY:
    case SQLITE_PERM: return -EACCES;
    default: return -EIO;
  }
}

static int number(sqlite3 *db, const char *pragma, int *value) {
  sqlite3_stmt *stmt;
  int rc = sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL);
  if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) *value = sqlite3_column_int(stmt, 0);
  sqlite3_finalize(stmt);
  return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int failed(sqlite3 *db, char why[DB_WHY]) {
  int result = sqlite3_errcode(db);
  if (result == SQLITE_NOTADB)
    snprintf(why, DB_WHY, "it is no SQLite database");
  else
    snprintf(why, DB_WHY, "%.400s", sqlite3_errmsg(db));
  return result == SQLITE_OK ? -EIO : db_errno(result);
}

/* Whose it is. A database without anything in it may be made ours. */
static int identify(sqlite3 *db, int *version, char why[DB_WHY]) {
  int application = 0, tables = 0;
  if (number(db, "PRAGMA application_id", &application) || number(db, "PRAGMA user_version", version) ||
      number(db, "SELECT count(*) FROM sqlite_schema", &tables))
    return failed(db, why);
  bool empty = application == 0 && *version == 0 && tables == 0;
  if (empty || application == DB_APPLICATION) return 0;
  snprintf(why, DB_WHY, "it is the database of another program");
  return -EINVAL;
}

static int too_new(int version, size_t known, char why[DB_WHY]) {
  snprintf(why, DB_WHY, "it was written by a newer eddyd: its schema is %d, and this one knows up to %zu", version,
           known);
  return -EINVAL;
}

int db_migrate(sqlite3 *db, const char *const *steps, size_t len, char why[DB_WHY]) {
  int version = 0;
  if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL)) return failed(db, why);
  int rc = identify(db, &version, why);
  if (rc == 0 && (version < 0 || (size_t)version > len)) rc = too_new(version, len, why);
  for (size_t i = (size_t)version; rc == 0 && i < len; i++)
    if (sqlite3_exec(db, steps[i], NULL, NULL, NULL)) rc = failed(db, why);
  char text[96];
  snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %zu", DB_APPLICATION, len);
  if (rc == 0 && (size_t)version < len && sqlite3_exec(db, text, NULL, NULL, NULL)) rc = failed(db, why);
  if (rc == 0 && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL)) rc = failed(db, why);
  if (rc) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  return rc;
}

/* Not before it is known to be ours: the journal's mode stays in the file. */
static int settle(sqlite3 *db, char why[DB_WHY]) {
  int version = 0;
  int rc = identify(db, &version, why);
  if (rc == 0 && version > (int)DB_STEPS_LEN) rc = too_new(version, DB_STEPS_LEN, why);
  if (rc) return rc;
  static const char text[] =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;"
      "PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864;"; /* 16 MiB of WAL: see README.md */
  if (sqlite3_exec(db, text, NULL, NULL, NULL) || segment_functions(db)) return failed(db, why);
  return db_migrate(db, DB_STEPS, DB_STEPS_LEN, why);
}

static int check_version(sqlite3 *db, char why[DB_WHY]) {
  int version = 0;
  int rc = identify(db, &version, why);
  if (rc || version == (int)DB_STEPS_LEN) return rc;
  if (version > (int)DB_STEPS_LEN) return too_new(version, DB_STEPS_LEN, why);
  snprintf(why, DB_WHY, "its schema is %d, older than this eddyd's; start the daemon on it once", version);
  return -EINVAL;
}

/* A reader may have to bring back what a crash has left in the WAL, so it opens for writing, too. */
int db_open(sqlite3 **db, const char *path, const char *vfs, enum db_mode mode, char why[DB_WHY]) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == DB_WRITE ? SQLITE_OPEN_CREATE : 0);
  int rc = 0;
  *db = NULL;
  if (sqlite3_open_v2(path, db, flags, vfs)) {
    rc = failed(*db, why);
  } else {
    sqlite3_extended_result_codes(*db, 1);
    sqlite3_busy_timeout(*db, BUSY_MS);
    if (sqlite3_exec(*db, "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF", NULL, NULL, NULL))
      rc = failed(*db, why);
    else if (mode == DB_WRITE && sqlite3_db_readonly(*db, "main") == 1) /* which SQLite takes for good enough */
      snprintf(why, DB_WHY, "its file may not be written"), rc = -EACCES;
    else
      rc = mode == DB_WRITE ? settle(*db, why) : check_version(*db, why);
  }
  if (rc == 0) return 0;
  sqlite3_close(*db);
  *db = NULL;
  return rc;
}

int db_lock(const char *path, char why[DB_WHY]) {
  char lock[4096], *real = realpath(path, NULL); /* one lock, whatever links lead to the file */
  int len = snprintf(lock, sizeof lock, "%s-lock", real ? real : path);
  free(real);
  if (len >= (int)sizeof lock) return -ENAMETOOLONG;
  int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  int rc = -errno;
  if (rc == -EWOULDBLOCK)
    snprintf(why, DB_WHY, "another process is at work on it (it holds %.300s)", lock);
  else
    snprintf(why, DB_WHY, "%.300s: %s", lock, strerror(-rc));
  if (fd >= 0) close(fd);
  return rc;
}
