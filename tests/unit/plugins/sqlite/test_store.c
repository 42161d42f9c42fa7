/* What a list of batches costs, in rows written; and segments, by themselves. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main.h"
#include "mem.h"
#include "store.h"

static char folder[64], path[128];
static struct store store;
static struct kept *kept;
static struct batch *batch;

static void setup(void) {
  char why[DB_WHY];
  sqlite3 *db;
  strcpy(folder, "/tmp/eddy-sqlite-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/a.db", folder);
  ck_assert_int_eq(db_open(&db, path, NULL, DB_WRITE, why), 0);
  ck_assert_int_eq(store_init(&store, db, why), 0);
  kept = mem_zalloc(sizeof *kept + 16);
  strcpy(kept->name, "default/a");
  kept->name_len = 9;
  kept->id = 5;
  batch = batch_new();
}

static void teardown(void) {
  char command[128];
  store_deinit(&store);
  batch_free(batch);
  free(kept);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  ck_assert_int_eq(system(command), 0);
}

static struct eddy_text text(const char *at) { return (struct eddy_text){.at = at, .len = strlen(at)}; }

static void put(enum record_kind kind, const char *key, uint64_t seq, const char *value) {
  batch_add(batch,
            &(struct record){.kind = kind, .kept = kept, .key = text(key), .seq = seq, .value.bytes = text(value)});
}

/* Writes what was put; how many rows that took. */
static int commit(void) {
  char why[DB_WHY];
  int before = sqlite3_total_changes(store.db);
  ck_assert_msg(store_commit(&store, batch, false, why) == 0, "%s", why);
  batch_clear(batch);
  return sqlite3_total_changes(store.db) - before;
}

static int append_seq(void *arg, const struct eddy_change *message) {
  char *all = arg;
  sprintf(all + strlen(all), "%.*s%s%llu=%.*s ", (int)message->key.len, message->key.at, message->is_base ? "*" : "",
          (unsigned long long)message->seq, (int)message->value.bytes.len, message->value.bytes.at);
  return 0;
}

static const char *kept_now(void) {
  static char all[4096];
  char why[DB_WHY];
  sqlite3 *db;
  struct shelf shelf;
  all[0] = 0;
  ck_assert_int_eq(db_open(&db, path, NULL, DB_READ, why), 0);
  ck_assert_int_eq(shelf_init(&shelf, db, why), 0);
  ck_assert_msg(shelf_messages(&shelf, kept->id, append_seq, all, why) == 0, "%s", why);
  shelf_deinit(&shelf);
  return all;
}

START_TEST(of_many_replaces_one_is_written) {
  for (uint64_t seq = 1; seq <= 60; seq++) put(RECORD_REPLACE, "c", seq, seq == 60 ? "last" : "x");
  ck_assert_int_eq(commit(), 1);
  ck_assert_str_eq(kept_now(), "c60=last ");
  for (uint64_t seq = 61; seq <= 120; seq++) put(RECORD_REPLACE, "c", seq, "y");
  ck_assert_int_eq(commit(), 2); /* the one before goes */
  ck_assert_str_eq(kept_now(), "c120=y ");
}
END_TEST

START_TEST(what_comes_and_goes_is_not_written) {
  for (uint64_t seq = 1; seq <= 50; seq++) put(RECORD_APPEND, "k", seq, "x");
  put(RECORD_COMPACT, "k", 40, "folded");
  put(RECORD_TRIM, "j", 40, "");
  for (uint64_t seq = 41; seq <= 49; seq++) put(RECORD_DROP, "k", seq, "");
  put(RECORD_APPEND, "t", 51, "x");
  put(RECORD_TRIM, "t", 51, "");
  put(RECORD_APPEND, "d", 52, "x");
  put(RECORD_DROP, "d", 52, "");
  ck_assert_int_eq(commit(), 2); /* the base, and what is left behind it */
  ck_assert_str_eq(kept_now(), "k*40=folded k50=x ");
}
END_TEST

START_TEST(messages_of_a_commit_are_a_row) {
  for (uint64_t seq = 1; seq <= 50; seq++) put(RECORD_APPEND, seq % 2 ? "a" : "b", seq, "x");
  ck_assert_int_eq(commit(), 2);
  put(RECORD_TRIM, "a", 46, "");
  put(RECORD_DROP, "b", 48, "");
  for (uint64_t seq = 2; seq < 46; seq += 2) put(RECORD_DROP, "b", seq, "");
  ck_assert_int_eq(commit(), 4); /* each of them once, however much goes */
  ck_assert_str_eq(kept_now(), "a47=x a49=x b46=x b50=x ");
  put(RECORD_TRIM, "a", 60, "");
  put(RECORD_DROP, "b", 46, "");
  put(RECORD_DROP, "b", 47, "");
  put(RECORD_COMPACT, "b", 45, "base");
  put(RECORD_DROP, "b", 45, "");
  ck_assert_int_eq(commit(), 3);
  ck_assert_str_eq(kept_now(), "b50=x ");
}
END_TEST

START_TEST(order_counts) {
  put(RECORD_APPEND, "k", 1, "x");
  put(RECORD_APPEND, "k", 2, "y");
  commit();
  put(RECORD_DROP, "k", 2, "");
  put(RECORD_COMPACT, "k", 2, "base"); /* has the number of what was dropped */
  put(RECORD_APPEND, "k", 3, "z");
  put(RECORD_TRIM, "k", 1, "");
  commit();
  ck_assert_str_eq(kept_now(), "k*2=base k3=z ");
  put(RECORD_REPLACE, "k", 4, "r");
  put(RECORD_APPEND, "k", 5, "s");
  put(RECORD_COMPACT, "k", 4, "base");
  commit();
  ck_assert_str_eq(kept_now(), "k*4=base k5=s ");
  put(RECORD_APPEND, "k", 6, "in vain");
  put(RECORD_APPEND, "j", 7, "in vain");
  put(RECORD_DELETE, "", 0, "");
  ck_assert_int_eq(commit(), 2);
  put(RECORD_APPEND, "k", 8, "late");
  ck_assert_int_eq(commit(), 0);
}
END_TEST

/* More than a segment takes, and a value that is more than one by itself. */
START_TEST(long_segments_are_divided) {
  static char value[3 * SEGMENT_MAX];
  memset(value, 'v', 1000);
  for (uint64_t seq = 1; seq <= 100; seq++) put(RECORD_APPEND, "k", seq, value);
  ck_assert_int_eq(commit(), (100 + 31) / 32);
  memset(value, 'v', sizeof value - 1);
  put(RECORD_APPEND, "k", 101, value);
  put(RECORD_APPEND, "k", 102, "x");
  put(RECORD_TRIM, "k", 99, "");
  commit();
  static char want[sizeof value + 2048];
  value[1000] = 0;
  snprintf(want, sizeof want, "k100=%s ", value);
  put(RECORD_DROP, "k", 101, "");
  commit();
  snprintf(want + strlen(want), 32, "k102=x ");
  ck_assert_str_eq(kept_now(), want);
}
END_TEST

/* ---- segments ---- */

struct seen {
  uint64_t count, seqs;
};

static int see(void *arg, const struct segment_message *message) {
  struct seen *seen = arg;
  seen->count++;
  seen->seqs += message->seq;
  return message->seq == 1000 ? -ENOENT : 0;
}

START_TEST(a_file_that_may_not_be_written_is_refused) {
  char why[DB_WHY];
  sqlite3 *db;
  ck_assert_int_eq(chmod(folder, 0777), 0); /* what lies beside it may be */
  ck_assert_int_eq(chmod(path, 0444), 0);
  uid_t user = geteuid();
  if (user == 0) ck_assert_int_eq(seteuid(65534), 0); /* root may write everything */
  int writing = db_open(&db, path, NULL, DB_WRITE, why);
  ck_assert_int_eq(seteuid(user), 0);
  ck_assert_int_eq(writing, -EACCES);
  ck_assert_str_eq(why, "its file may not be written");
  ck_assert_ptr_null(db);
}
END_TEST

START_TEST(what_is_not_as_it_was_written_is_seen) {
  struct segment segment = {0};
  struct seen seen = {0};
  struct eddy_text key = text("key"), other = text("kez");
  for (uint64_t seq = 3; seq < 6; seq++)
    segment_add(&segment, &(struct segment_message){.seq = seq, .time_ms = -5, .value.bytes = text("value")});
  struct segment_row row = {.first = 3, .last = 5, .count = 3, .data = {segment.at, segment.len}};
  row.sum = segment_sum(9, key, row.data);
  ck_assert_int_eq(segment_each(9, key, &row, see, &seen), 0);
  ck_assert_uint_eq(seen.seqs, 12);
  seen = (struct seen){0};
  for (size_t bit = 0; bit < segment.len * 8; bit++) {
    segment.at[bit / 8] ^= (char)(1 << bit % 8);
    ck_assert_int_eq(segment_each(9, key, &row, see, &seen), -EBADMSG);
    segment.at[bit / 8] ^= (char)(1 << bit % 8);
  }
  ck_assert_int_eq(segment_each(8, key, &row, see, &seen), -EBADMSG);
  ck_assert_int_eq(segment_each(9, other, &row, see, &seen), -EBADMSG);
  for (size_t len = 0; len < segment.len; len++) { /* with a sum that is right */
    struct segment_row cut = row;
    cut.data.len = len;
    cut.sum = segment_sum(9, key, cut.data);
    ck_assert_int_eq(segment_each(9, key, &cut, see, &seen), -EBADMSG);
  }
  struct segment_row wrong[] = {row, row, row};
  wrong[0].first--, wrong[1].last++, wrong[2].count++;
  for (int i = 0; i < 3; i++) ck_assert_int_eq(segment_each(9, key, &wrong[i], see, &seen), -EBADMSG);
  ck_assert_uint_eq(seen.count, 0);
  segment_deinit(&segment);
}
END_TEST

START_TEST(the_caller_may_end_it) {
  struct segment segment = {0};
  struct seen seen = {0};
  for (uint64_t seq = 999; seq < 1003; seq++) segment_add(&segment, &(struct segment_message){.seq = seq});
  struct segment_row row = {.first = 999, .last = 1002, .count = 4, .data = {segment.at, segment.len}};
  row.sum = segment_sum(9, text(""), row.data);
  ck_assert_int_eq(segment_each(9, text(""), &row, see, &seen), -ENOENT);
  ck_assert_uint_eq(seen.count, 2);
  segment_deinit(&segment);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("store");
  TCase *tc = tcase_create("store");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, of_many_replaces_one_is_written);
  tcase_add_test(tc, what_comes_and_goes_is_not_written);
  tcase_add_test(tc, messages_of_a_commit_are_a_row);
  tcase_add_test(tc, order_counts);
  tcase_add_test(tc, long_segments_are_divided);
  tcase_add_test(tc, a_file_that_may_not_be_written_is_refused);
  tcase_add_test(tc, what_is_not_as_it_was_written_is_seen);
  tcase_add_test(tc, the_caller_may_end_it);
  suite_add_tcase(s, tc);
  return s;
}

ED_TEST_MAIN(suite)
