/* A room out as JSON lines and into another database, the same to the byte. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "main.h"
#include "mem.h"
#include "store.h"
#include "transfer.h"

static char folder[64], from[128], to[128];

static void setup(void) {
  strcpy(folder, "/tmp/eddy-sqlite-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(from, sizeof from, "%s/a.db", folder);
  snprintf(to, sizeof to, "%s/b.db", folder);
}

static void teardown(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  ck_assert_int_eq(system(command), 0);
}

static struct eddy_text text(const char *at, size_t len) { return (struct eddy_text){.at = at, .len = len}; }

static void put(struct batch *batch, struct kept *kept, enum record_kind kind, struct eddy_text key, uint64_t seq,
                enum eddy_encoding encoding, struct eddy_text value) {
  batch_add(batch, &(struct record){.kind = kind,
                                    .kept = kept,
                                    .key = key,
                                    .seq = seq,
                                    .time_ms = (int64_t)seq * 1000,
                                    .value = {.encoding = encoding, .bytes = value}});
}

static void make(void) {
  char why[DB_WHY], all[256];
  sqlite3 *db;
  struct store store;
  struct kept *kept = mem_zalloc(sizeof *kept + 16);
  struct batch *batch = batch_new();
  for (size_t i = 0; i < sizeof all; i++) all[i] = (char)i;
  strcpy(kept->name, "default/a");
  kept->name_len = 9;
  kept->id = 5;
  put(batch, kept, RECORD_CREATE, text("whiteboard", 10), 900, EDDY_JSON, text("", 0));
  put(batch, kept, RECORD_APPEND, text("", 0), 1, EDDY_JSON, text("null", 4));
  put(batch, kept, RECORD_APPEND, text("a\0\"\\\n\xc3\xa9\xf0\x9f\x98\x80", 11), 2, EDDY_JSON,
      text("{ \"a\" :\r\n\t0.10 }", 16));
  put(batch, kept, RECORD_COMPACT, text("k", 1), 3, EDDY_CBOR, text(all, sizeof all));
  for (size_t len = 1; len < 7; len++)
    put(batch, kept, RECORD_APPEND, text("k", 1), 10 + len, EDDY_CBOR,
        text("\xff\0\x80"
             "abc",
             len < 6 ? len : 6));
  ck_assert_int_eq(db_open(&db, from, NULL, DB_WRITE, why), 0);
  ck_assert_int_eq(store_init(&store, db, why), 0);
  ck_assert_msg(store_commit(&store, batch, true, why) == 0, "%s", why);
  store_deinit(&store);
  batch_free(batch);
  free(kept);
}

static char *exported(const char *path) {
  char *at = NULL, why[DB_WHY] = "";
  size_t len;
  FILE *out = open_memstream(&at, &len);
  ck_assert_msg(transfer_export(path, "default/a", out, why) == 0, "%s", why);
  fclose(out);
  return at;
}

static int import(const char *path, const char *lines, char why[DB_WHY]) {
  FILE *in = fmemopen((void *)(uintptr_t)lines, strlen(lines), "r");
  int rc = transfer_import(path, in, why);
  fclose(in);
  return rc;
}

static void query(const char *file, const char *sql, const char *wanted) {
  sqlite3 *db;
  sqlite3_stmt *stmt;
  ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
  ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
  ck_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), wanted);
  sqlite3_finalize(stmt);
  sqlite3_close(db);
}

START_TEST(a_room_moves_house_to_the_byte) {
  char why[DB_WHY] = "";
  make();
  char *lines = exported(from);
  ck_assert_msg(import(to, lines, why) == 0, "%s", why);
  char *again = exported(to);
  ck_assert_str_eq(lines, again);
  /* Not only by what this code says of it: row by row. */
  static const char rows[] =
      "SELECT group_concat(hex(key) || seq || encoding || is_base || time || hex(value)) FROM (SELECT * FROM messages "
      "ORDER BY key, seq)";
  sqlite3 *db;
  sqlite3_stmt *stmt;
  sqlite3_open(from, &db);
  ck_assert_int_eq(sqlite3_prepare_v2(db, rows, -1, &stmt, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
  query(to, rows, (const char *)sqlite3_column_text(stmt, 0));
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  query(to, "SELECT name || policy || seq FROM rooms", "default/awhiteboard900");
  query(to, "SELECT count(*) FROM messages", "9");
  ck_assert_int_eq(import(to, lines, why), -EEXIST);
  free(lines);
  free(again);
}
END_TEST

START_TEST(what_is_wrong_changes_nothing) {
  static const char room[] = "{\"room\":\"default/a\",\"policy\":\"default\",\"seq\":9,\"created\":1,\"expires\":0}\n";
  static const char *const bad[] = {
      "",
      "{}",
      "{\"key\":\"k\",\"seq\":3,\"json\":\"1\"}",
      "R{\"key\":\"k\",\"seq\":10,\"json\":\"1\"}", /* beyond the room's */
      "R{\"key\":\"k\",\"seq\":0,\"json\":\"1\"}",
      "R{\"key\":\"k\",\"seq\":3,\"json\":\"1\",\"cbor\":\"AQ==\"}",
      "R{\"key\":\"k\",\"seq\":3}",
      "R{\"key\":\"k\",\"seq\":3,\"cbor\":\"AQ=\"}",
      "R{\"key\":\"k\",\"seq\":3,\"cbor\":\"A===\"}",
      "R{\"key\":\"k\",\"seq\":3,\"cbor\":\"AQ==AQ==\"}",
      "R{\"key\":\"k\",\"seq\":3,\"json\":\"\\ud800\"}",
      "R{\"key\":\"k\",\"seq\":3,\"json\":\"1\"",
      "R{\"key\":\"k\",\"seq\":99999999999999999999,\"json\":\"1\"}",
      "R{\"key\":\"k\",\"seq\":3,\"json\":\"1\"}\n{\"key\":\"k\",\"seq\":3,\"json\":\"2\"}",
      "{\"room\":\"default\",\"policy\":\"default\",\"seq\":9}",
      "{\"room\":\"a/b/c\",\"policy\":\"default\",\"seq\":9}",
  };
  char why[DB_WHY] = "", lines[512];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    snprintf(lines, sizeof lines, "%s%s", bad[i][0] == 'R' ? room : "", bad[i][0] == 'R' ? bad[i] + 1 : bad[i]);
    ck_assert_msg(import(to, lines[0] ? lines : "\n", why) == -EINVAL, "%s", lines);
    query(to, "SELECT count(*) FROM rooms", "0");
    query(to, "SELECT count(*) FROM messages", "0");
  }
  FILE *out = tmpfile();
  ck_assert_int_eq(transfer_export(to, "default/a", out, why), -ENOENT);
  ck_assert_int_lt(transfer_export("/nowhere/at.db", "default/a", out, why), 0);
  fclose(out);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("transfer");
  TCase *tc = tcase_create("transfer");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, a_room_moves_house_to_the_byte);
  tcase_add_test(tc, what_is_wrong_changes_nothing);
  suite_add_tcase(s, tc);
  return s;
}

ED_TEST_MAIN(suite)
