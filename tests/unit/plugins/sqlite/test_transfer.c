/* A room out as JSON lines and into another database, the same to the byte. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static char *exported(const char *path, const char *name) {
  char *at = NULL, why[DB_WHY] = "";
  size_t len;
  struct transfer_count count;
  FILE *out = open_memstream(&at, &len);
  ck_assert_msg(transfer_export(path, text(name, strlen(name)), out, &count, why) == 0, "%s", why);
  fclose(out);
  return at;
}

/* What the daemon makes sure of is not seen from here, but for one value and one key. */
static int check_message(struct eddy_core *core, struct eddy_text key, const struct eddy_value *value) {
  ck_assert_ptr_null(core);
  bool bad = (key.len == 3 && memcmp(key.at, "bad", 3) == 0) ||
             (value->bytes.len == 3 && memcmp(value->bytes.at, "bad", 3) == 0);
  return bad ? -EINVAL : 0;
}

static struct transfer_count counted; /* by the last import */

static int import_with(const char *path, const char *lines, bool force, char why[DB_WHY]) {
  FILE *in = tmpfile();
  ck_assert_int_ge(fputs(lines, in), 0);
  rewind(in);
  const struct transfer_in from = {.in = in, .force = force, .check = check_message};
  int rc = transfer_import(path, &from, &counted, why);
  fclose(in);
  return rc;
}

static int import(const char *path, const char *lines, char why[DB_WHY]) {
  return import_with(path, lines, false, why);
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

/* Every message of a database, as it stands there: not only by what this code says of it. What is a segment may differ. */
static const char ROWS[] =
    "SELECT group_concat(name || policy || hex(key) || data) FROM "
    "(SELECT name, policy, key, group_concat(hex(data), '') AS data FROM"
    " (SELECT * FROM segments JOIN rooms ON room = id ORDER BY name, key, last) GROUP BY name, key)";

static void same_rows(void) {
  sqlite3 *db;
  sqlite3_stmt *stmt;
  sqlite3_open(from, &db);
  ck_assert_int_eq(sqlite3_prepare_v2(db, ROWS, -1, &stmt, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
  ck_assert_int_gt(sqlite3_column_bytes(stmt, 0), 100);
  query(to, ROWS, (const char *)sqlite3_column_text(stmt, 0));
  sqlite3_finalize(stmt);
  sqlite3_close(db);
}

START_TEST(a_room_moves_house_to_the_byte) {
  char why[DB_WHY] = "";
  make();
  char *lines = exported(from, "default/a");
  ck_assert_msg(import(to, lines, why) == 0, "%s", why);
  ck_assert_uint_eq(counted.rooms, 1);
  ck_assert_uint_eq(counted.messages, 9);
  char *again = exported(to, "default/a");
  ck_assert_str_eq(lines, again);
  same_rows();
  query(to, "SELECT name || policy || seq FROM rooms", "default/awhiteboard900");
  query(to, "SELECT coalesce(sum(count), 0) FROM segments", "9");
  ck_assert_int_eq(import(to, lines, why), -EEXIST);
  ck_assert_str_eq(why, "line 1: there is a room default/a already");
  free(lines);
  free(again);
}
END_TEST

#define ROOM(name, seq, expires) \
  "{\"room\":\"" name "\",\"policy\":\"default\",\"seq\":" #seq ",\"created\":1,\"expires\":" #expires "}\n"
#define MESSAGE(key, seq, value) \
  "{\"key\":\"" key "\",\"seq\":" #seq ",\"time\":5,\"base\":false,\"json\":\"" value "\"}\n"

START_TEST(every_room) {
  static const char lines[] = ROOM("a/b", 7, 0) MESSAGE("k", 3, "1") MESSAGE("k", 7, "2") MESSAGE("ka", 1, "3")
      ROOM("a/c", 0, 0) ROOM("a_/a", 9, 0) MESSAGE("", 9, "4") "{\"end\":3}\n";
  char why[DB_WHY] = "";
  ck_assert_msg(import(from, lines, why) == 0, "%s", why);
  ck_assert_uint_eq(counted.rooms, 3);
  ck_assert_uint_eq(counted.messages, 4);
  char *all = exported(from, "");
  ck_assert_str_eq(all, lines);
  /* One behind the other, with empty lines: as good as one. */
  char *b = exported(from, "a/b"), *c = exported(from, "a/c"), *both;
  ck_assert_int_gt(asprintf(&both, "\n%s\n\n%s", c, b), 0);
  ck_assert_msg(import(to, both, why) == 0, "%s", why);
  query(to, "SELECT group_concat(name || seq) FROM (SELECT * FROM rooms ORDER BY name)", "a/b7,a/c0");
  query(to, "SELECT coalesce(sum(count), 0) FROM segments", "3");
  /* One that is there keeps the others out. */
  ck_assert_int_eq(import(to, lines, why), -EEXIST);
  query(to, "SELECT count(*) FROM rooms", "2");
  free(all);
  free(b);
  free(c);
  free(both);
}
END_TEST

START_TEST(nothing_at_all) {
  char why[DB_WHY] = "";
  ck_assert_msg(import(from, "{\"end\":0}\n", why) == 0, "%s", why);
  char *all = exported(from, "");
  ck_assert_str_eq(all, "{\"end\":0}\n");
  free(all);
}
END_TEST

/* Numbers go on from where anybody has heard one, in the old room or in the new one. */
START_TEST(by_force) {
  char why[DB_WHY] = "";
  ck_assert_int_eq(import(to, ROOM("a/b", 50, 0) MESSAGE("k", 50, "1") ROOM("a/c", 4, 0) "{\"end\":2}\n", why), 0);
  static const char lines[] =
      ROOM("a/b", 7, 0) MESSAGE("k", 3, "2") ROOM("a/c", 8, 0) MESSAGE("k", 8, "3") "{\"end\":2}\n";
  ck_assert_int_eq(import(to, lines, why), -EEXIST);
  query(to, "UPDATE rooms SET epoch = 5, lost = x'00' RETURNING epoch", "5");
  ck_assert_msg(import_with(to, lines, true, why) == 0, "%s", why);
  query(to, "SELECT count(*) FROM rooms WHERE epoch = 0 AND lost IS NULL", "2"); /* what was heard of them is another */
  query(to, "SELECT group_concat(name || seq) FROM (SELECT * FROM rooms ORDER BY name)", "a/b50,a/c8");
  char *all = exported(to, "");
  ck_assert_str_eq(all, ROOM("a/b", 50, 0) MESSAGE("k", 3, "2") ROOM("a/c", 8, 0) MESSAGE("k", 8, "3") "{\"end\":2}\n");
  free(all);
}
END_TEST

START_TEST(time_is_up) {
  char why[DB_WHY] = "";
  static const char lines[] = ROOM("a/b", 7, 1000) ROOM("a/c", 7, 99999999999999) "{\"end\":2}\n";
  ck_assert_msg(import(to, lines, why) == 0, "%s", why);
  query(to, "SELECT group_concat(expires) FROM (SELECT * FROM rooms ORDER BY name)", "0,99999999999999");
}
END_TEST

START_TEST(beside_a_daemon) {
  char why[DB_WHY] = "", lock_why[DB_WHY];
  make();
  int lock = db_lock(from, lock_why);
  ck_assert_int_ge(lock, 0);
  sqlite3 *db; /* in the middle of a transaction */
  ck_assert_int_eq(db_open(&db, from, NULL, DB_WRITE, why), 0);
  ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE; DELETE FROM segments", NULL, NULL, NULL), SQLITE_OK);
  char *lines = exported(from, "default/a");
  ck_assert_ptr_nonnull(strstr(lines, "\"key\":\"k\",\"seq\":16"));
  ck_assert_int_eq(import(from, lines, why), -EBUSY);
  ck_assert_ptr_nonnull(strstr(why, "another process is at work on it"));
  ck_assert_int_eq(symlink(from, to), 0); /* by another name, too */
  ck_assert_int_eq(import(to, lines, why), -EBUSY);
  sqlite3_close(db);
  close(lock);
  free(lines);
}
END_TEST

#define R ROOM("default/a", 9, 0)
#define AS "it is not as an export writes it, from its byte "

static const struct {
  const char *lines, *why;
} BAD[] = {
    {"", "there is nothing in it"},
    {"\n\n", "line 2: the last one is no end: the file was cut off here"},
    {"{}", "line 1: " AS "2 on"},
    {"{\"end\":1}", "line 1: the end of 1 rooms, but there were 0"},
    {R, "line 1: the last one is no end: the file was cut off here"},
    {R "{\"end\":1}\n\n" R, "line 4: there is a room default/a already"},
    {R "{\"end\":2}", "line 2: the end of 2 rooms, but there were 1"},
    {R MESSAGE("k", 3, "1"), "line 2: the last one is no end: the file was cut off here"},
    {R "{\"end\":1}\n" MESSAGE("k", 3, "1"), "line 3: a message before its room"},
    {MESSAGE("k", 3, "1"), "line 1: a message before its room"},
    {R MESSAGE("k", 10, "1"), "line 2: its seq is not between 1 and its room's"},
    {R MESSAGE("k", 0, "1"), "line 2: its seq is not between 1 and its room's"},
    {R MESSAGE("k", -1, "1"), "line 2: " AS "18 on"},
    {R MESSAGE("k", 99999999999999999999, "1"), "line 2: " AS},
    {R MESSAGE("k", 3, "1") MESSAGE("k", 3, "1"), "line 3: out of order: keys rise by their bytes"},
    {R MESSAGE("k", 4, "1") MESSAGE("k", 3, "1"), "line 3: out of order"},
    {R MESSAGE("k", 3, "1") MESSAGE("j", 4, "1"), "line 3: out of order"},
    {R MESSAGE("kk", 3, "1") MESSAGE("k", 4, "1"), "line 3: out of order"},
    {R MESSAGE("bad", 3, "1"), "line 2: its key or its value is malformed"},
    {R "\n" MESSAGE("k", 3, "bad"), "line 3: its key or its value is malformed"},
    {R "{\"key\":\"k\",\"seq\":3,\"json\":\"1\",\"cbor\":\"AQ==\"}", "line 2: a message needs a seq, and a value"},
    {R "{\"key\":\"k\",\"seq\":3}", "line 2: a message needs a seq, and a value"},
    {R "{\"key\":\"k\",\"json\":\"1\"}", "line 2: a message needs a seq, and a value"},
    {R "{\"seq\":3,\"json\":\"1\"}", "line 2: it is none of a room, a message and an end"},
    {R "{\"key\":\"k\",\"room\":\"a/b\",\"seq\":3,\"json\":\"1\"}",
     "line 2: it is none of a room, a message and an end"},
    {R MESSAGE("k", 3, "1") "{\"key\":\"k\",\"seq\":4,\"base\":true,\"json\":\"1\"}",
     "line 3: only the first message of a key can be its base"},
    {R "{\"key\":\"k\",\"seq\":3,\"cbor\":\"AQ=\"}", "line 2: " AS},
    {R "{\"key\":\"k\",\"seq\":3,\"cbor\":\"A===\"}", "line 2: " AS},
    {R "{\"key\":\"k\",\"seq\":3,\"cbor\":\"AQ==AQ==\"}", "line 2: " AS},
    {R "{\"key\":\"k\",\"seq\":3,\"json\":\"\\ud800\"}", "line 2: " AS},
    {R "{\"key\":\"k\",\"seq\":3,\"json\":\"1\"", "line 2: " AS "30 on"},
    {R "{\"key\":\"k\",\"what\":3,\"json\":\"1\"}", "line 2: " AS "12 on"},
    {"{\"room\":\"a/b\",\"seq\":9}", "line 1: a room needs a policy and a seq"},
    {"{\"room\":\"a/b\",\"policy\":\"default\"}", "line 1: a room needs a policy and a seq"},
    {ROOM("default", 9, 0), "line 1: a room is called NAMESPACE/ID"},
    {ROOM("a/b/c", 9, 0), "line 1: a room is called NAMESPACE/ID"},
    {ROOM("a/b\\u0000", 9, 0), "line 1: a room is called NAMESPACE/ID"},
    {ROOM("a/b", 9007199254740993, 0), "line 1: its seq is beyond 2^53"},
    {"{\"room\":\"a/b\",\"policy\":\"../x\",\"seq\":9}", "line 1: a policy's name is"},
};

START_TEST(what_is_wrong_changes_nothing) {
  char why[DB_WHY] = "";
  ck_assert_int_eq(import(to, ROOM("a/there", 3, 0) MESSAGE("k", 3, "1") "{\"end\":1}", why), 0);
  int rc = import_with(to, BAD[_i].lines, false, why);
  ck_assert_msg(rc == (strstr(BAD[_i].why, "already") ? -EEXIST : -EBADMSG), "%s: %d", BAD[_i].lines, rc);
  ck_assert_msg(strncmp(why, BAD[_i].why, strlen(BAD[_i].why)) == 0, "%s: %s", BAD[_i].lines, why);
  query(to, "SELECT count(*) FROM rooms", "1");
  query(to, "SELECT coalesce(sum(count), 0) FROM segments", "1");
}
END_TEST

/* Nor does it leave a database where there was none; through a link, either. */
START_TEST(a_refused_import_leaves_no_database) {
  char why[DB_WHY] = "", link[128];
  snprintf(link, sizeof link, "%s/link.db", folder);
  ck_assert_int_eq(symlink(to, link), 0);
  ck_assert_int_eq(import(to, R MESSAGE("k", 3, "1"), why), -EBADMSG);
  ck_assert_int_eq(import(link, R MESSAGE("k", 3, "1"), why), -EBADMSG);
  const char *ends[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    char name[160];
    snprintf(name, sizeof name, "%s%s", to, ends[i]);
    ck_assert_msg(access(name, F_OK) != 0, "%s is there", name);
  }
  ck_assert_int_eq(import(link, R "{\"end\":1}\n", why), 0); /* the link is as it was */
  query(to, "SELECT count(*) FROM rooms", "1");
}
END_TEST

START_TEST(not_there) {
  char why[DB_WHY] = "";
  struct transfer_count count;
  make();
  FILE *out = tmpfile(), *full = fopen("/dev/full", "w");
  ck_assert_int_eq(transfer_export(from, text("default/b", 9), out, &count, why), -ENOENT);
  ck_assert_str_eq(why, "there is no room default/b");
  ck_assert_int_eq(ftell(out), 0);
  ck_assert_int_eq(transfer_export("/nowhere/at.db", text("default/b", 9), out, &count, why), -EIO);
  ck_assert_int_eq(transfer_export(from, text("default/a", 9), full, &count, why), -EIO);
  ck_assert_ptr_nonnull(strstr(why, "could not be written: No space"));
  fclose(out);
  fclose(full);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("transfer");
  TCase *tc = tcase_create("transfer");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, a_room_moves_house_to_the_byte);
  tcase_add_test(tc, every_room);
  tcase_add_test(tc, nothing_at_all);
  tcase_add_test(tc, by_force);
  tcase_add_test(tc, time_is_up);
  tcase_add_test(tc, beside_a_daemon);
  tcase_add_loop_test(tc, what_is_wrong_changes_nothing, 0, sizeof BAD / sizeof *BAD);
  tcase_add_test(tc, a_refused_import_leaves_no_database);
  tcase_add_test(tc, not_there);
  suite_add_tcase(s, tc);
  return s;
}

ED_TEST_MAIN(suite)
