/* The database file: opened, found to be ours, brought to the schema of today. */
#ifndef SQLITE_DB_H
#define SQLITE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#define DB_APPLICATION 0x65646479 /* "eddy" */
#define DB_WHY 512

/* The steps to today's schema: step i leads from user_version i to i + 1. */
extern const char *const DB_STEPS[];
extern const size_t DB_STEPS_LEN;

enum db_mode {
  DB_WRITE, /* made where it is not there, migrated where it is old */
  DB_READ,  /* must be there, and of today's schema */
};

/* 0, and `db` is the caller's to close with sqlite3_close; or a negative errno, with a sentence in `why`: a file of
 * another program, of a newer eddyd, damaged, or not to be opened. `vfs` NULL: the system's. */
int db_open(sqlite3 **db, const char *path, const char *vfs, enum db_mode mode, char why[DB_WHY]);

/* Brings an open database to step `len` of `steps`, in one transaction; likewise. */
int db_migrate(sqlite3 *db, const char *const *steps, size_t len, char why[DB_WHY]);

/* Holds PATH-lock, so that no two processes give out numbers from the same database; beside the file itself where PATH
 * is a symbolic link to it. A descriptor to be closed, or a negative errno. The lock ends with the process, however
 * that ends. */
int db_lock(const char *path, char why[DB_WHY]);

/* The negative errno that says most of what an SQLite result says. */
int db_errno(int result);

#endif
