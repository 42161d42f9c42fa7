/* What is written to the database and read from it; each connection on one thread. */
#ifndef SQLITE_STORE_H
#define SQLITE_STORE_H

#include "db.h"
#include "net.h"
#include "segment.h"

enum store_statement {
  STORE_BEGIN,
  STORE_COMMIT,
  STORE_ROLLBACK,
  STORE_CREATE,
  STORE_CLOSE,
  STORE_RESERVE,
  STORE_EPOCH,
  STORE_EXPIRES,
  STORE_POLICY,
  STORE_FORGET,
  STORE_EMPTY,
  STORE_INSERT,
  STORE_CLEAR,
  STORE_TRIM,
  STORE_DROP,
  STORE_FIND,
  STORE_STATEMENTS,
};

struct store { /* for writing */
  sqlite3 *db; /* owned */
  sqlite3_stmt *stmts[STORE_STATEMENTS];
  bool full;              /* commits are synced to disk at the moment */
  struct net net;         /* of the list that is being written */
  struct segment segment; /* that is being made */
  uint64_t *drops;        /* of the stream that is being written */
  size_t drops_cap;
};

int store_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *text); /* SQLite's result */
/* What went wrong with `doing`, in `why`: a negative errno. */
int store_failed(sqlite3 *db, const char *doing, char why[DB_WHY]);

/* Takes over `db`, also where it fails. */
int store_init(struct store *store, sqlite3 *db, char why[DB_WHY]);
void store_deinit(struct store *store);

/* All batches of the list in one transaction, which is on disk afterwards where `full`, and where any of them reserves
 * numbers. 0; -EAGAIN where a room had to be set aside (its `broken` is set, and the next try leaves it out: nothing
 * that is wrong with one room may keep others from being written); or a negative errno, with `why`. Where not 0 nothing
 * was written. */
int store_commit(struct store *store, const struct batch *list, bool full, char why[DB_WHY]);

struct shelf { /* for reading */
  sqlite3 *db; /* owned */
  sqlite3_stmt *room, *messages, *expired;
};

int shelf_init(struct shelf *shelf, sqlite3 *db, char why[DB_WHY]); /* likewise */
void shelf_deinit(struct shelf *shelf);

struct shelf_room {
  int64_t id;
  uint64_t seq;
  int64_t created_ms, expires_ms;
  uint64_t epoch;        /* 0: none that may be had again */
  char *policy;          /* both owned by the caller: shelf_room_deinit */
  struct eddy_text lost; /* lost.h; at NULL: none */
};

void shelf_room_deinit(struct shelf_room *room);

/* 1 where there is such a room, 0 where not, or a negative errno with `why`. */
int shelf_room(struct shelf *shelf, struct eddy_text name, struct shelf_room *room, char why[DB_WHY]);

/* Every message of a room, stream by stream, oldest first, until fn gives something else than 0, which is then the
 * result. */
int shelf_messages(struct shelf *shelf, int64_t id, int (*fn)(void *arg, const struct eddy_change *message), void *arg,
                   char why[DB_WHY]);

/* Rooms whose time was up at `now_ms`, at most `max`: how many, or a negative errno. */
int shelf_expired(struct shelf *shelf, int64_t now_ms, int max,
                  void (*fn)(void *arg, int64_t id, struct eddy_text name), void *arg);

/* The greatest id of a room, 0 where there is none; negative: errno. */
int64_t shelf_last_id(struct shelf *shelf);

#endif
