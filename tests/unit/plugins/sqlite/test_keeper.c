/* The whole plugin through its table, with a host that is turned by hand and a disk that fails on demand. A crash is a
 * copy of the database's files as they are on disk at that moment. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "db.h"
#include "fake_host.h"
#include "fault_vfs.h"
#include "keeper.h"
#include "kept.h"
#include "main.h"
#include "segment.h"

static char folder[64], path[128], copy[128];

static void setup(void) {
  fault_vfs_install();
  strcpy(folder, "/tmp/eddy-sqlite-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/a.db", folder);
  snprintf(copy, sizeof copy, "%s/b.db", folder);
}

static void teardown(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  ck_assert_int_eq(system(command), 0);
}

static void crash(void) {
  char command[1024];
  snprintf(command, sizeof command, "rm -f %s*; cp %s %s; if [ -e %s-wal ]; then cp %s-wal %s-wal; fi", copy, path,
           copy, path, path, copy);
  ck_assert_int_eq(system(command), 0);
}

static struct eddy_room *must_get(struct eddy_core *world, const char *name) {
  struct eddy_room *room;
  ck_assert_int_eq(room_get(world, name, &room), 1);
  return room;
}

static void append(struct eddy_core *world, struct eddy_room *room, const char *value) {
  ck_assert_int_eq(room_do(world, room, EDDY_CHANGE_APPEND, "k", 0, value), 0);
}

static void nap_ms(long ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static uint64_t scalar(const char *file, const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *stmt;
  ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
  ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
  uint64_t value = (uint64_t)sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return value;
}

static void sql(const char *file, const char *text) {
  sqlite3 *db;
  ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 5000);
  ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
  sqlite3_close(db);
}

/* ---- numbers ---- */

START_TEST(numbers_are_reserved_before_they_are_heard) {
  static const char *const modes[] = {"sync", "batch", "snapshot"};
  struct eddy_core world = {.interval_ms = 3600000};
  ck_assert_int_eq(world_start(&world, path, modes[_i]), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  ck_assert_int_eq(room_do(&world, room, EDDY_CHANGE_NUMBER, NULL, 0, NULL), 0);
  ck_assert_uint_eq(room->outbox, 0); /* held: nobody hears of number 1 */
  room_turn(&world);
  ck_assert(room_safe(&world, room)); /* and that at once, whatever the interval */
  crash();
  for (int i = 0; i < 5000; i++) {
    ck_assert_int_eq(room_do(&world, room, EDDY_CHANGE_NUMBER, NULL, 0, NULL), 0);
    if (i % 100 == 0) room_turn(&world), nap_ms(1), world_work(&world);
    if (room->outbox < room->seq) continue;
    ck_assert_uint_ge(scalar(path, "SELECT seq FROM rooms"), room->seq); /* heard: so it is below what is on disk */
  }
  room_leave(&world, room, false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT seq FROM rooms"), 5001); /* ended as it should: the exact number */

  struct eddy_core after = {.interval_ms = 10};
  ck_assert_int_eq(world_start(&after, copy, modes[_i]), 0);
  room = must_get(&after, "default/a");
  ck_assert_uint_ge(room->seq, KEEPER_BLOCK_MIN); /* crashed: behind the reservation */
  room_leave(&after, room, false);
  world_stop(&after);
}
END_TEST

/* A busy room does not have the disk synced for its numbers before they are short. */
START_TEST(reservations_wait_for_the_interval_while_there_are_numbers) {
  struct eddy_core world = {.interval_ms = 3600000};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  append(&world, room, "1");
  room_turn(&world);
  ck_assert(room_safe(&world, room));
  while (room->seq < KEEPER_BLOCK_MIN - KEEPER_SHORT) append(&world, room, "2"), room_turn(&world);
  for (int i = 0; i < 20; i++) nap_ms(1), world_work(&world);
  ck_assert_uint_eq(scalar(path, "SELECT seq FROM rooms"), KEEPER_BLOCK_MIN);
  ck_assert_uint_eq(scalar(path, "SELECT sum(count) FROM segments"), 1);
  append(&world, room, "3");
  room_turn(&world);
  for (int i = 0; i < PATIENCE && scalar(path, "SELECT seq FROM rooms") == KEEPER_BLOCK_MIN; i++) nap_ms(1);
  ck_assert_uint_ge(scalar(path, "SELECT seq FROM rooms"), KEEPER_BLOCK_MIN * KEEPER_BLOCK_GROWTH);
  ck_assert_uint_eq(room->outbox, UINT64_MAX); /* and nobody has waited */
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

START_TEST(batch_is_held_for_its_numbers_alone) {
  struct eddy_core world = {.interval_ms = 3600000};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  append(&world, room, "1");
  room_turn(&world);
  ck_assert(room_safe(&world, room));
  append(&world, room, "2");
  room_turn(&world);
  ck_assert_uint_eq(room->outbox, UINT64_MAX);
  ck_assert_uint_eq(scalar(path, "SELECT coalesce(sum(count), 0) FROM segments"), 1);
  room_leave(&world, room, false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT coalesce(sum(count), 0) FROM segments"), 2);
}
END_TEST

START_TEST(sync_is_held_until_it_is_on_disk) {
  struct eddy_core world = {0};
  ck_assert_int_eq(world_start(&world, path, "sync"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  for (int i = 0; i < 200; i++) {
    char value[16];
    snprintf(value, sizeof value, "%d", i);
    append(&world, room, value);
    ck_assert_uint_lt(room->outbox, room->mark);
    room_turn(&world);
    ck_assert(room_safe(&world, room));
    ck_assert_uint_eq(scalar(path, "SELECT coalesce(sum(count), 0) FROM segments"), (uint64_t)i + 1);
    ck_assert_int_eq(room_do(&world, room, EDDY_CHANGE_NUMBER, NULL, 0, NULL), 0);
    if (room->seq > 2) ck_assert_uint_eq(room->outbox, UINT64_MAX); /* a relay waits for nothing */
  }
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

/* ---- what comes back ---- */

static void do_something(struct eddy_core *world, struct eddy_room *room) {
  static const char *const keys[] = {"", "a", "b", "\xc3\xa9"};
  const char *key = keys[random() % 4];
  char value[32];
  snprintf(value, sizeof value, "%s%ld", random() % 2 ? "\x01" : "", random());
  uint64_t seq = room->seq ? (uint64_t)random() % room->seq + 1 : 1, base = 0;
  for (size_t i = 0; i < room->len; i++)
    if (strcmp(room->messages[i].key, key) == 0 && room->messages[i].is_base) base = room->messages[i].seq;
  int rc = 0;
  switch (random() % 12) {
    case 0: rc = room_do(world, room, EDDY_CHANGE_REPLACE, key, 0, value); break;
    case 1: rc = seq < base ? 0 : room_do(world, room, EDDY_CHANGE_COMPACT, key, seq, value); break;
    case 2: rc = room_do(world, room, EDDY_CHANGE_TRIM, key, seq / 2, NULL); break;
    case 3: rc = room_do(world, room, EDDY_CHANGE_DROP, key, seq, NULL); break;
    case 4: rc = room_do(world, room, EDDY_CHANGE_NUMBER, NULL, 0, NULL); break;
    default: rc = room_do(world, room, EDDY_CHANGE_APPEND, key, 0, value); break;
  }
  ck_assert_int_eq(rc, 0);
}

START_TEST(a_room_comes_back_as_it_was) {
  struct eddy_core world = {.interval_ms = 2};
  srandom((unsigned)_i);
  ck_assert_int_eq(world_start(&world, path, _i % 2 ? "sync" : "batch"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 200; i++) {
      do_something(&world, room);
      if (random() % 10 == 0) room_turn(&world);
      if (random() % 50 == 0) nap_ms(1), world_work(&world);
    }
    if (round % 3 == 0) room_turn(&world);
    struct eddy_room before = *room;
    room->messages = NULL;
    room_leave(&world, room, false);
    room = must_get(&world, "default/a"); /* whatever of it is written by now */
    ck_assert(rooms_equal(&before, room));
    ck_assert_uint_eq(room->seq, before.seq);
    free(before.messages);
  }
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

/* ---- crashes at random ---- */

/* What a room retained at the ends of its turns since it was last known to be on disk. */
struct moments {
  struct eddy_room at[4096];
  size_t len;
};

static void remember(struct moments *moments, const struct eddy_room *room) {
  ck_assert_uint_lt(moments->len, 4096);
  struct eddy_room *moment = &moments->at[moments->len++];
  *moment = *room;
  moment->messages = malloc(room->len * sizeof *room->messages + 1);
  if (room->len) memcpy(moment->messages, room->messages, room->len * sizeof *room->messages);
}

static void forget(struct moments *moments) {
  for (size_t i = 0; i < moments->len; i++) free(moments->at[i].messages);
  moments->len = 0;
}

static bool among(const struct moments *moments, const struct eddy_room *room) {
  for (size_t i = 0; i < moments->len; i++)
    if (rooms_equal(&moments->at[i], room)) return true;
  return false;
}

static void end_turn(struct eddy_core *world, struct eddy_room **rooms, struct moments *moments) {
  room_turn(world);
  for (int k = 0; k < 3; k++) remember(&moments[k], rooms[k]);
}

static void play(struct eddy_core *world, struct eddy_room **rooms, struct moments *moments, int changes) {
  for (int i = 0; i < changes; i++) {
    do_something(world, rooms[random() % 3]);
    if (random() % 8) continue;
    end_turn(world, rooms, moments);
    if (random() % 16 == 0) nap_ms(1), world_work(world);
  }
}

/* Leaves memory and comes back: then all of it so far is on disk. */
static struct eddy_room *again(struct eddy_core *world, struct eddy_room *room, struct moments *moments) {
  struct eddy_room before = *room;
  room->messages = NULL;
  room_leave(world, room, false);
  room = must_get(world, before.name);
  ck_assert(rooms_equal(&before, room));
  ck_assert_uint_eq(room->seq, before.seq);
  free(before.messages);
  forget(moments);
  remember(moments, room);
  return room;
}

/* A commit holds whole turns, so what a crash leaves is what was at the end of one. */
START_TEST(a_crash_leaves_what_was_at_the_end_of_some_turn) {
  static const char *const names[] = {"default/a", "default/b", "default/c"};
  static struct moments moments[3];
  struct eddy_core world = {.interval_ms = _i % 3 == 2 ? 1 : 3600000};
  struct eddy_room *rooms[3];
  char file[128];
  srandom((unsigned)_i + 100);
  strcpy(file, path);
  ck_assert_int_eq(world_start(&world, file, "batch"), 0);
  for (int i = 0; i < 3; i++) remember(&moments[i], rooms[i] = room_create(&world, names[i]));
  room_turn(&world);
  for (int i = 0; i < 3; i++) ck_assert(room_safe(&world, rooms[i]) || !"not safe");
  for (int round = 0; round < 12; round++) {
    play(&world, rooms, moments, (int)(random() % 1500));
    end_turn(&world, rooms, moments);
    for (int i = 0; i < 3; i++)
      if (random() % 2) rooms[i] = again(&world, rooms[i], &moments[i]);
    play(&world, rooms, moments, (int)(random() % 300));
    uint64_t seqs[3];
    for (int i = 0; i < 3; i++) seqs[i] = rooms[i]->outbox == UINT64_MAX ? rooms[i]->seq : 0;
    nap_ms(5);
    crash();
    for (int i = 0; i < 3; i++) room_leave(&world, rooms[i], false);
    world_stop(&world);
    strcpy(file, path);
    strcpy(path, copy);
    strcpy(copy, file);
    ck_assert_int_eq(world_start(&world, path, _i % 2 ? "sync" : "batch"), 0);
    for (int i = 0; i < 3; i++) {
      rooms[i] = must_get(&world, names[i]);
      ck_assert_uint_ge(rooms[i]->seq, seqs[i]); /* no number that was heard comes again */
      ck_assert_msg(among(&moments[i], rooms[i]), "round %d: %s is what it never was", round, names[i]);
      forget(&moments[i]);
      remember(&moments[i], rooms[i]);
    }
  }
  for (int i = 0; i < 3; i++) room_leave(&world, rooms[i], false), forget(&moments[i]);
  world_stop(&world);
}
END_TEST

START_TEST(a_deleted_room_is_gone_and_its_name_free) {
  struct eddy_core world = {.interval_ms = 3600000};
  struct eddy_room *other;
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  append(&world, room, "1");
  room_leave(&world, room, true);
  ck_assert_int_eq(room_get(&world, "default/a", &other), 0);
  room = room_create(&world, "default/a");
  append(&world, room, "2");
  room_leave(&world, room, false);
  room = must_get(&world, "default/a");
  ck_assert_uint_eq(room->len, 1);
  ck_assert_str_eq(room->messages[0].value, "2");
  room_leave(&world, room, false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM rooms"), 1);
}
END_TEST

START_TEST(a_room_whose_time_is_up_is_deleted) {
  struct eddy_core world = {.interval_ms = 5};
  struct eddy_room *other;
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *old = room_create(&world, "default/old"), *young = room_create(&world, "default/young");
  struct eddy_room *live = room_create(&world, "default/live"), *asked = room_create(&world, "default/asked");
  append(&world, old, "1");
  old->expires_ms = asked->expires_ms = live->expires_ms = world.time_ms + 1000;
  young->expires_ms = world.time_ms + 5000000;
  room_leave(&world, old, false);
  room_leave(&world, asked, false);
  room_leave(&world, young, false);
  static const char left[] = "SELECT count(*) FROM rooms WHERE expires > 0 AND name != 'default/live'";
  for (int i = 0; i < PATIENCE && scalar(path, left) < 3; i++) nap_ms(1), world_work(&world);
  world_work(&world);
  world.time_ms += 2000;
  ck_assert_int_eq(room_get(&world, "default/asked", &other), 0);
  world.sweep(world.sweep_arg);
  ck_assert_int_eq(room_get(&world, "default/old", &other), 0);
  room_leave(&world, must_get(&world, "default/young"), false);
  live->expires_ms = 0;
  room_leave(&world, live, false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM rooms WHERE name IN ('default/young', 'default/live')"), 2);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM rooms"), 2);
  ck_assert_uint_eq(scalar(path, "SELECT coalesce(sum(count), 0) FROM segments"), 0);
}
END_TEST

/* A clock that is put forward by mistake costs no room, as long as that is seen within an hour. */
START_TEST(a_clock_that_jumps_deletes_nothing_at_once) {
  static const int64_t HOUR = 3600000;
  struct eddy_core world = {.interval_ms = 5};
  struct eddy_room *other;
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *asked = room_create(&world, "default/asked"), *swept = room_create(&world, "default/swept");
  world.sweep(world.sweep_arg);
  append(&world, asked, "1");
  asked->expires_ms = swept->expires_ms = world.time_ms + 24 * HOUR;
  room_leave(&world, asked, false);
  room_leave(&world, swept, false);
  world.time_ms += 1000 * HOUR;
  world.jumped_ms = 1000 * HOUR;
  world.sweep(world.sweep_arg);
  ck_assert_ptr_nonnull(strstr(world.log, "the clock was put forward by 3600000 s"));
  asked = must_get(&world, "default/asked"); /* as it was */
  ck_assert_uint_eq(asked->len, 1);
  asked->expires_ms = world.time_ms + 24 * HOUR;
  room_leave(&world, asked, false);
  world.time_ms += HOUR;
  world.sweep(world.sweep_arg);
  ck_assert_int_eq(room_get(&world, "default/swept", &other), 0);
  room_leave(&world, must_get(&world, "default/asked"), false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM rooms"), 1);
}
END_TEST

/* ---- disks that fail ---- */

START_TEST(sync_refuses_while_writing_fails_and_loses_nothing) {
  static const enum fault faults[] = {FAULT_WRITE, FAULT_FULL, FAULT_SYNC};
  struct eddy_core world = {0};
  ck_assert_int_eq(world_start(&world, path, "sync"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  append(&world, room, "1");
  room_turn(&world);
  ck_assert(room_safe(&world, room));
  fault_vfs_set(faults[_i]);
  append(&world, room, "2");
  room_turn(&world);
  int rc = 0;
  for (int i = 0; i < PATIENCE && rc == 0; i++) {
    nap_ms(1);
    world_work(&world);
    rc = eddy_plugin.room_number(world.self, room, room->seq + 1);
  }
  ck_assert_int_eq(rc, -EIO);
  ck_assert_int_eq(eddy_plugin.room_number(world.self, room, 0), -EIO);
  ck_assert_uint_lt(room->outbox, room->mark); /* the second is not heard of */
  ck_assert_ptr_null(room_create(&world, "default/new"));
  ck_assert_ptr_nonnull(strstr(world.log, "rooms cannot be written"));
  fault_vfs_set(FAULT_NONE);
  ck_assert(room_safe(&world, room));
  for (int i = 0; i < PATIENCE && rc; i++) {
    nap_ms(1);
    world_work(&world);
    rc = eddy_plugin.room_number(world.self, room, room->seq + 1);
  }
  append(&world, room, "3");
  room_turn(&world);
  ck_assert(room_safe(&world, room));
  crash();
  ck_assert_uint_eq(scalar(copy, "SELECT coalesce(sum(count), 0) FROM segments"), 3);
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

static size_t count(const char *text, const char *word) {
  size_t n = 0;
  while ((text = strstr(text, word))) n++, text++;
  return n;
}

/* A disk that comes and goes: as many lines as the clock allows, and this one stands still. */
START_TEST(a_flapping_disk_does_not_fill_the_log) {
  struct eddy_core world = {0};
  ck_assert_int_eq(world_start(&world, path, "sync"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  for (int i = 0; i < 5; i++) {
    fault_vfs_set(FAULT_WRITE);
    append(&world, room, "1");
    room_turn(&world);
    for (int k = 0; k < PATIENCE && eddy_plugin.room_number(world.self, room, 0) == 0; k++)
      nap_ms(1), world_work(&world);
    fault_vfs_set(FAULT_NONE);
    ck_assert(room_safe(&world, room));
    ck_assert_int_eq(eddy_plugin.room_number(world.self, room, 0), 0);
  }
  ck_assert_uint_eq(count(world.log, "cannot be written"), 1);
  ck_assert_uint_eq(count(world.log, "can be written again"), 1);
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

START_TEST(batch_goes_on_while_writing_fails_up_to_its_reservation) {
  struct eddy_core world = {.interval_ms = 1, .queue = 1 << 20};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  append(&world, room, "1");
  room_turn(&world);
  ck_assert(room_safe(&world, room));
  fault_vfs_set(FAULT_FULL);
  append(&world, room, "2");
  room_turn(&world);
  for (int i = 0; i < PATIENCE && !strstr(world.log, "cannot be written"); i++) nap_ms(1), world_work(&world);
  int rc = 0, pushed = 2;
  while (rc == 0 && pushed < 100000) {
    rc = room_do(&world, room, EDDY_CHANGE_APPEND, "k", 0, "3");
    if (rc == 0) ck_assert_uint_eq(room->outbox, UINT64_MAX); /* everybody hears it */
    pushed += rc == 0;
    room_turn(&world);
  }
  ck_assert_int_eq(rc, -EIO);
  ck_assert_int_eq(pushed, KEEPER_BLOCK_MIN); /* what was reserved when the disk was still there */
  fault_vfs_set(FAULT_NONE);
  for (int i = 0; i < PATIENCE && !strstr(world.log, "again"); i++) nap_ms(1), world_work(&world);
  append(&world, room, "4");
  room_turn(&world);
  ck_assert(room_safe(&world, room));
  room_leave(&world, room, false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT coalesce(sum(count), 0) FROM segments"), KEEPER_BLOCK_MIN + 1);
}
END_TEST

START_TEST(the_queue_is_bounded) {
  struct eddy_core world = {.interval_ms = 3600000, .queue = 65536};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  append(&world, room, "1");
  room_turn(&world);
  ck_assert(room_safe(&world, room));
  int rc = 0, pushed = 1;
  while (rc == 0 && pushed < 100000) {
    rc = room_do(&world, room, EDDY_CHANGE_APPEND, "k", 0, "\"something of a length\"");
    pushed += rc == 0;
    if (pushed % 7 == 0) room_turn(&world), world_work(&world);
    if (pushed > 400) ck_assert_uint_gt(room->outbox, 0);
  }
  ck_assert_int_eq(rc, -ENOBUFS);
  ck_assert_int_lt(pushed, 2000); /* what a reservation on the way lets through in between is timing */
  room_leave(&world, room, false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT coalesce(sum(count), 0) FROM segments"), (uint64_t)pushed);
}
END_TEST

/* ---- place for new rooms ---- */

static void full(struct eddy_core *world, const char *option) {
  ck_assert_ptr_null(room_create(world, "default/new"));
  ck_assert_int_eq(world->refused, -EDQUOT);
  char line[128];
  snprintf(line, sizeof line, "no new room is made: plugins.sqlite.%s has been reached", option);
  ck_assert_ptr_nonnull(strstr(world->log, line));
}

START_TEST(rooms_are_bounded) {
  struct eddy_core world = {.interval_ms = 3600000, .max_rooms = 2};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *a = room_create(&world, "default/a"), *b = room_create(&world, "default/b");
  full(&world, "max_rooms");
  for (int i = 0; i < 100; i++) ck_assert_ptr_null(room_create(&world, "default/new"));
  ck_assert_ptr_null(strstr(strstr(world.log, "no new room") + 1, "no new room")); /* one line of all */
  append(&world, a, "1"); /* those that are there go on, and come back */
  room_leave(&world, a, false);
  a = must_get(&world, "default/a");
  ck_assert_uint_eq(a->len, 1);
  room_leave(&world, b, true);
  b = room_create(&world, "default/b"); /* in the place of one that was deleted */
  ck_assert_ptr_nonnull(b);
  full(&world, "max_rooms");
  room_leave(&world, a, false);
  room_leave(&world, b, false);
  world_stop(&world);
  world.log[0] = 0;
  ck_assert_int_eq(world_start(&world, path, "batch"), 0); /* they count after a restart, too */
  full(&world, "max_rooms");
  b = must_get(&world, "default/b");
  room_leave(&world, b, true);
  room_leave(&world, room_create(&world, "default/c"), false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM rooms"), 2);
}
END_TEST

/* One whose time was up makes place, whether the sweep finds it or who asks for it. */
START_TEST(expired_rooms_make_place) {
  struct eddy_core world = {.interval_ms = 5, .time_ms = 1000, .max_rooms = 2};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  static const char *const names[] = {"default/a", "default/b"};
  struct eddy_room *rooms[2], *none;
  for (int i = 0; i < 2; i++) {
    rooms[i] = room_create(&world, names[i]);
    rooms[i]->expires_ms = 2000;
    room_turn(&world);
    ck_assert(room_safe(&world, rooms[i]));
    room_leave(&world, rooms[i], false);
  }
  full(&world, "max_rooms");
  world.time_ms = 3000;
  ck_assert_int_eq(room_get(&world, names[0], &none), 0);
  rooms[0] = room_create(&world, names[0]);
  ck_assert_ptr_nonnull(rooms[0]);
  rooms[1] = NULL;
  for (int i = 0; i < 2000 && !rooms[1]; i++) { /* once it is written that its time is up */
    world_work(&world);
    world.sweep(world.sweep_arg);
    rooms[1] = room_create(&world, "default/c");
    nap_ms(5);
  }
  ck_assert_ptr_nonnull(rooms[1]);
  full(&world, "max_rooms");
  for (int i = 0; i < 2; i++) room_leave(&world, rooms[i], false);
  world_stop(&world);
}
END_TEST

START_TEST(bytes_are_bounded) {
  struct eddy_core world = {.interval_ms = 5, .queue = 64 << 20, .time_ms = 1000, .max_bytes = 300000};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *a = room_create(&world, "default/a");
  for (int i = 0; i < 20; i++)
    append(&world, a, "\"some text, and more of it, so that rows are filled\""), room_turn(&world);
  ck_assert(room_safe(&world, a));
  room_leave(&world, room_create(&world, "default/b"), false); /* there is place yet */
  room_leave(&world, a, false);
  world_stop(&world);
  sql(path, "CREATE TABLE other (x); INSERT INTO other VALUES (zeroblob(400000))");
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  full(&world, "max_bytes");
  sql(path, "DELETE FROM other"); /* the file does not shrink, but what is free in it is place */
  full(&world, "max_bytes");      /* which is looked at once a second */
  world.time_ms += 1000;
  struct eddy_room *c = room_create(&world, "default/c");
  ck_assert_ptr_nonnull(c);
  room_leave(&world, c, false);
  world_stop(&world);
}
END_TEST

START_TEST(the_disk_keeps_something_free) {
  struct eddy_core world = {.interval_ms = 5, .min_free = 1};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  room_leave(&world, room_create(&world, "default/a"), false);
  world_stop(&world);
  world.min_free = UINT64_C(1) << 60;
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  full(&world, "min_free");
  room_leave(&world, must_get(&world, "default/a"), false);
  world_stop(&world);
}
END_TEST

START_TEST(a_torn_last_write_takes_back_that_commit_alone) {
  struct eddy_core world = {.interval_ms = 1};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *room = room_create(&world, "default/a");
  append(&world, room, "1");
  append(&world, room, "2");
  room_turn(&world);
  ck_assert(room_safe(&world, room));
  fault_vfs_set(FAULT_TEAR);
  append(&world, room, "3");
  room_turn(&world);
  nap_ms(100);
  crash();
  fault_vfs_set(FAULT_NONE);
  struct eddy_core after = {0};
  ck_assert_int_eq(world_start(&after, copy, "batch"), 0);
  struct eddy_room *again = must_get(&after, "default/a");
  ck_assert_uint_eq(again->len, 2);
  ck_assert_uint_ge(again->seq, 1024);
  room_leave(&after, again, false);
  world_stop(&after);
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

/* ---- what is damaged ---- */

static void scribble(const char *file, uint64_t page) {
  long len = (long)scalar(file, "PRAGMA page_size");
  FILE *db = fopen(file, "r+b");
  ck_assert_ptr_nonnull(db);
  fseek(db, (long)(page - 1) * len, SEEK_SET);
  for (long i = 0; i < len; i++) fputc(0xa5, db);
  fclose(db);
}

START_TEST(a_corrupt_page_refuses_its_rooms_and_begins_none_anew) {
  struct eddy_core world = {.interval_ms = 1};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  for (int i = 0; i < 40; i++) {
    char name[32];
    snprintf(name, sizeof name, "default/%d", i);
    struct eddy_room *room = room_create(&world, name);
    for (int k = 0; k < 100; k++) append(&world, room, "\"a value that takes some room on a page of the database\"");
    room_leave(&world, room, false);
  }
  world_stop(&world);
  scribble(path,
           scalar(path, "SELECT pageno FROM dbstat WHERE name = 'segments' AND pagetype = 'leaf' LIMIT 1 OFFSET 2"));
  struct eddy_core after = {0};
  ck_assert_int_eq(world_start(&after, path, "batch"), 0);
  int refused = 0, whole = 0;
  for (int i = 0; i < 40; i++) {
    char name[32];
    struct eddy_room *room;
    snprintf(name, sizeof name, "default/%d", i);
    int rc = room_get(&after, name, &room);
    ck_assert_int_ne(rc, 0); /* never: there is none such */
    refused += rc < 0;
    whole += rc > 0 && room->len == 100 && room->seq == 100;
    if (rc > 0) room_leave(&after, room, false);
  }
  ck_assert_int_ge(refused, 1);
  ck_assert_int_le(refused, 12);
  ck_assert_int_eq(whole + refused, 40);
  world_stop(&after);
}
END_TEST

START_TEST(a_room_that_cannot_be_written_keeps_no_other_from_it) {
  struct eddy_core world = {0};
  ck_assert_int_eq(world_start(&world, path, "sync"), 0);
  struct eddy_room *bad = room_create(&world, "default/bad"), *good = room_create(&world, "default/good");
  append(&world, bad, "1");
  append(&world, good, "1");
  room_turn(&world);
  ck_assert(room_safe(&world, bad));
  ck_assert(room_safe(&world, good));
  sql(path,
      "INSERT INTO segments SELECT room, key, 2, first, count, sum, data FROM segments JOIN rooms"
      " ON rooms.id = room AND name = 'default/bad'"); /* in the way of its next one */
  append(&world, bad, "2");
  append(&world, good, "2");
  room_turn(&world);
  ck_assert(room_safe(&world, good));
  for (int i = 0; i < 50; i++) nap_ms(1), world_work(&world);
  ck_assert_uint_lt(bad->outbox, bad->mark);
  ck_assert_int_eq(eddy_plugin.room_number(world.self, bad, 3), -EIO);
  ck_assert_int_eq(eddy_plugin.room_number(world.self, good, 3), 0);
  ck_assert_ptr_nonnull(strstr(world.log, "no more, and is refused until the daemon is started again: default/bad"));
  ck_assert_ptr_null(strstr(world.log, "rooms cannot be written"));
  room_leave(&world, bad, false);
  ck_assert_int_lt(room_get(&world, "default/bad", &bad), 0);
  room_leave(&world, good, false);
  world_stop(&world);
}
END_TEST

/* A bit of a value, in the middle of a page that is otherwise in order. */
static void flip(const char *file, const char *value) {
  FILE *db = fopen(file, "r+b");
  static char all[1 << 20];
  size_t len = fread(all, 1, sizeof all, db);
  char *at = memmem(all, len, value, strlen(value));
  ck_assert_ptr_nonnull(at);
  fseek(db, at - all, SEEK_SET);
  fputc(*at ^ 1, db);
  fclose(db);
}

START_TEST(a_bit_that_flips_is_seen) {
  struct eddy_core world = {.interval_ms = 1};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *bad = room_create(&world, "default/bad"), *good = room_create(&world, "default/good");
  struct eddy_room *later = room_create(&world, "default/later");
  append(&world, good, "\"a good value\"");
  for (int i = 0; i < 5; i++) append(&world, bad, i == 3 ? "\"a bad value\"" : "1");
  append(&world, later, "\"another bad one\"");
  append(&world, later, "2");
  room_leave(&world, bad, false);
  room_leave(&world, good, false);
  room_leave(&world, later, false);
  world_stop(&world);
  flip(path, "a bad value");
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  ck_assert_int_eq(room_get(&world, "default/bad", &bad), -EIO);
  ck_assert_ptr_nonnull(strstr(world.log, "room default/bad: reading its messages: some of them are malformed"));
  good = must_get(&world, "default/good");
  ck_assert_str_eq(good->messages[0].value, "\"a good value\"");
  later = must_get(&world, "default/later"); /* and one that turns bad while it is in memory */
  sql(path,
      "UPDATE segments SET data = zeroblob(length(data)) WHERE room = (SELECT id FROM rooms WHERE name = "
      "'default/later')");
  ck_assert_int_eq(room_do(&world, later, EDDY_CHANGE_TRIM, "k", 1, NULL), 0);
  room_turn(&world);
  for (int i = 0; i < PATIENCE && !strstr(world.log, "default/later"); i++) nap_ms(1), world_work(&world);
  ck_assert_ptr_nonnull(
      strstr(world.log, "until the daemon is started again: default/later: its messages are not as they were"));
  append(&world, good, "3");
  room_turn(&world);
  room_leave(&world, later, false);
  ck_assert_int_eq(room_get(&world, "default/later", &later), -EIO);
  room_leave(&world, good, false);
  world_stop(&world);
}
END_TEST

/* ---- whose database it is ---- */

START_TEST(a_database_that_is_not_ours_is_left_alone) {
  static const struct {
    const char *sql, *says;
  } cases[] = {
      {"CREATE TABLE t (a)", "another program"},
      {"PRAGMA application_id = 5", "another program"},
      {"PRAGMA application_id = 1684300921; PRAGMA user_version = 99", "newer eddyd"},
  };
  char before[64];
  struct eddy_core world = {0};
  snprintf(before, sizeof before, "PRAGMA application_id = %d", DB_APPLICATION);
  sql(path, _i == 2 ? before : "SELECT 1");
  sql(path, _i == 2 ? "PRAGMA user_version = 99; CREATE TABLE future (a)" : cases[_i].sql);
  uint64_t version = scalar(path, "PRAGMA user_version");
  ck_assert_int_lt(world_start(&world, path, "batch"), 0);
  ck_assert_msg(strstr(world.log, cases[_i].says) != NULL, "%s", world.log);
  ck_assert_uint_eq(scalar(path, "PRAGMA user_version"), version);
  FILE *file = fopen(path, "rb");
  fseek(file, 18, SEEK_SET);
  ck_assert_int_eq(fgetc(file), 1); /* the header's file format: its journal has not been made a WAL */
  fclose(file);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_refused) {
  struct eddy_core world = {0};
  FILE *file = fopen(path, "w");
  for (int i = 0; i < 1000; i++) fputs("this is a text, ", file);
  fclose(file);
  ck_assert_int_lt(world_start(&world, path, "batch"), 0);
  ck_assert_ptr_nonnull(strstr(world.log, "no SQLite database"));
}
END_TEST

START_TEST(one_process_at_a_time) {
  struct eddy_core world = {0}, second = {0};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  ck_assert_int_lt(world_start(&second, path, "batch"), 0);
  ck_assert_ptr_nonnull(strstr(second.log, "another process"));
  world_stop(&world);
  ck_assert_int_eq(world_start(&second, path, "batch"), 0);
  world_stop(&second);
}
END_TEST

START_TEST(an_older_schema_is_migrated_whole_or_not_at_all) {
  static const char *const good[] = {"CREATE TABLE one (a); INSERT INTO one VALUES (7)",
                                     "ALTER TABLE one ADD COLUMN b DEFAULT 8"};
  static const char *const bad[] = {"", "CREATE TABLE two (a)", "THIS IS NO SQL"};
  char why[DB_WHY];
  sqlite3 *db;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_int_eq(db_migrate(db, good, 1, why), 0);
  ck_assert_uint_eq(scalar(path, "PRAGMA user_version"), 1);
  ck_assert_int_lt(db_migrate(db, bad, 3, why), 0);
  ck_assert_uint_eq(scalar(path, "PRAGMA user_version"), 1);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM sqlite_schema"), 1); /* the second step is undone, too */
  ck_assert_int_eq(db_migrate(db, good, 2, why), 0);
  ck_assert_uint_eq(scalar(path, "SELECT a + b FROM one"), 15);
  ck_assert_int_lt(db_migrate(db, good, 1, why), 0);
  ck_assert_ptr_nonnull(strstr(why, "newer eddyd"));
  sqlite3_close(db);
}
END_TEST

START_TEST(messages_of_an_older_schema_become_segments) {
  char why[DB_WHY];
  sqlite3 *db;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_int_eq(db_migrate(db, DB_STEPS, 1, why), 0);
  sqlite3_close(db);
  sql(path,
      "INSERT INTO rooms VALUES (7, 'default/a', 'quiz', 9, 0, 0, 0);"
      "INSERT INTO messages VALUES (7, x'', 1, 0, 0, 11, CAST('1' AS BLOB));"
      "INSERT INTO messages VALUES (7, CAST('k' AS BLOB), 3, 1, 1, 12, x'01');"
      "INSERT INTO messages VALUES (7, CAST('k' AS BLOB), 9, 0, 0, 13, x'');");
  struct eddy_core world = {0};
  ck_assert_msg(world_start(&world, path, "batch") == 0, "%s", world.log);
  struct eddy_room *room = must_get(&world, "default/a");
  ck_assert_uint_eq(room->len, 3);
  const struct fake_message want[] = {
      {.key = "", .seq = 1, .time_ms = 11, .encoding = EDDY_JSON, .value = "1", .value_len = 1},
      {.key = "k", .seq = 3, .time_ms = 12, .is_base = 1, .encoding = EDDY_CBOR, .value = "\x01", .value_len = 1},
      {.key = "k", .seq = 9, .time_ms = 13, .encoding = EDDY_JSON}};
  ck_assert_mem_eq(room->messages, want, sizeof want);
  append(&world, room, "2");
  room_leave(&world, room, false);
  world_stop(&world);
  ck_assert_uint_eq(scalar(path, "SELECT sum(count) FROM segments"), 4);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'messages'"), 0);
}
END_TEST

/* Two messages of one key, one of them lost; a key that lost all; a relay of another. */
static struct eddy_room *room_with_a_past(struct eddy_core *world) {
  struct eddy_room *room = room_create(world, "default/a");
  append(world, room, "1");
  append(world, room, "2");
  append(world, room, "3");
  ck_assert_int_eq(room_do(world, room, EDDY_CHANGE_TRIM, "k", 1, NULL), 0);
  ck_assert_int_eq(room_do(world, room, EDDY_CHANGE_APPEND, "full", 0, "4"), 0);
  ck_assert_int_eq(room_do(world, room, EDDY_CHANGE_NUMBER, "cursor", 0, NULL), 0); /* 5 */
  room_turn(world);
  ck_assert(room_safe(world, room));
  return room;
}

static void expect_past(const struct eddy_room *room, uint64_t epoch) {
  ck_assert_uint_eq(room->epoch, epoch);
  ck_assert(room->lost_known);
  ck_assert_uint_eq(room_lost_of(room, "k"), 1);
  ck_assert_uint_eq(room_lost_of(room, "full"), 0);
  ck_assert_uint_eq(room_lost_of(room, "cursor"), 5);
}

static const char *const MODES[] = {"sync", "batch", "snapshot"};

START_TEST(the_epoch_outlives_unloading_and_a_clean_end) {
  struct eddy_core world = {.interval_ms = 10};
  ck_assert_int_eq(world_start(&world, path, MODES[_i]), 0);
  struct eddy_room *room = room_with_a_past(&world);
  uint64_t epoch = room->epoch;
  room_leave(&world, room, false);
  room = must_get(&world, "default/a");
  expect_past(room, epoch);
  room_leave(&world, room, false);
  world_stop(&world);
  for (int i = 0; i < 2; i++) { /* looked at, and not changed */
    ck_assert_int_eq(world_start(&world, path, MODES[_i]), 0);
    room = must_get(&world, "default/a");
    expect_past(room, epoch);
    room_leave(&world, room, false);
    world_stop(&world);
  }
  ck_assert_int_eq(world_start(&world, path, MODES[_i]), 0);
  room = must_get(&world, "default/a");
  ck_assert_int_eq(room_do(&world, room, EDDY_CHANGE_TRIM, "k", 2, NULL), 0); /* uses no number */
  room_leave(&world, room, false);
  world_stop(&world);
  ck_assert_int_eq(world_start(&world, path, MODES[_i]), 0);
  room = must_get(&world, "default/a");
  ck_assert_uint_eq(room->epoch, epoch);
  ck_assert_uint_eq(room_lost_of(room, "k"), 2);
  room_leave(&world, room, true);
  room = room_create(&world, "default/a");
  ck_assert_uint_ne(room->epoch, epoch);
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

/* What a crash finds on disk while nobody has heard of what came after the close, and from then on. */
START_TEST(after_a_crash_the_epoch_is_another_but_in_sync) {
  struct eddy_core world = {.interval_ms = 3600000}, after = {.interval_ms = 10};
  bool sync = _i == 0;
  ck_assert_int_eq(world_start(&world, path, MODES[_i]), 0);
  struct eddy_room *room = room_with_a_past(&world);
  uint64_t epoch = room->epoch;
  crash();
  room_leave(&world, room, false);
  world_stop(&world);
  ck_assert_int_eq(world_start(&after, copy, MODES[_i]), 0);
  struct eddy_room *found = must_get(&after, "default/a");
  ck_assert(!found->lost_known);
  ck_assert((found->epoch == epoch) == sync);
  room_leave(&after, found, false);
  world_stop(&after);

  ck_assert_int_eq(world_start(&world, path, MODES[_i]), 0);
  room = must_get(&world, "default/a");
  expect_past(room, epoch);
  crash(); /* loaded, and nothing else */
  ck_assert_int_eq(world_start(&after, copy, MODES[_i]), 0);
  found = must_get(&after, "default/a");
  expect_past(found, epoch);
  room_leave(&after, found, false);
  world_stop(&after);

  ck_assert_int_eq(room_do(&world, room, EDDY_CHANGE_NUMBER, "cursor", 0, NULL), 0);
  ck_assert_uint_ne(room->outbox, UINT64_MAX);
  room_turn(&world);
  ck_assert(room_safe(&world, room)); /* somebody has heard it */
  crash();
  ck_assert_int_eq(world_start(&after, copy, MODES[_i]), 0);
  found = must_get(&after, "default/a");
  ck_assert(!found->lost_known);
  ck_assert((found->epoch == epoch) == sync);
  room_leave(&after, found, false);
  world_stop(&after);
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

/* A change that uses no number is written together with what it makes wrong. */
START_TEST(what_was_lost_is_not_known_of_a_room_that_was_changed_since) {
  struct eddy_core world = {.interval_ms = 10};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  room_leave(&world, room_with_a_past(&world), false);
  world_stop(&world);
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *room = must_get(&world, "default/a");
  ck_assert_int_eq(room_do(&world, room, EDDY_CHANGE_COMPACT, "k", 3, "folded"), 0);
  room_turn(&world);
  for (int i = 0; i < PATIENCE && scalar(path, "SELECT coalesce(max(epoch), 0) FROM rooms"); i++) nap_ms(5);
  ck_assert_uint_eq(scalar(path, "SELECT sum(count) FROM segments"), 2);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM rooms WHERE epoch = 0 AND lost IS NULL"), 1);
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

START_TEST(a_past_that_is_not_as_it_was_written_is_none) {
  struct eddy_core world = {.interval_ms = 10};
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  struct eddy_room *room = room_with_a_past(&world);
  uint64_t epoch = room->epoch;
  room_leave(&world, room, false);
  world_stop(&world);
  uint64_t len = scalar(path, "SELECT length(lost) FROM rooms");
  ck_assert_uint_eq(len, 8 + 12 + 1 + 12);
  for (uint64_t i = 1; i <= len; i++) {
    char text[256];
    const char *damage =
        "UPDATE rooms SET lost = CAST(substr(lost, 1, %d - 1) || x'5a' || substr(lost, %d + 1) AS BLOB)";
    snprintf(text, sizeof text, damage, (int)i, (int)i);
    sql(path, "CREATE TABLE spare AS SELECT lost FROM rooms");
    sql(path, text);
    ck_assert_int_eq(world_start(&world, path, "batch"), 0);
    room = must_get(&world, "default/a");
    ck_assert(!room->lost_known && room->epoch != epoch);
    ck_assert_uint_eq(room->len, 3);
    room_leave(&world, room, false);
    world_stop(&world);
    sql(path, "UPDATE rooms SET lost = (SELECT lost FROM spare); DROP TABLE spare");
  }
  sql(path, "UPDATE rooms SET epoch = epoch + 1");
  ck_assert_int_eq(world_start(&world, path, "batch"), 0);
  room = must_get(&world, "default/a");
  ck_assert(!room->lost_known);
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

START_TEST(rooms_of_an_older_schema_get_an_epoch) {
  char why[DB_WHY];
  sqlite3 *db;
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_int_eq(segment_functions(db), SQLITE_OK);
  ck_assert_int_eq(db_migrate(db, DB_STEPS, (size_t)_i + 1, why), 0);
  sqlite3_close(db);
  sql(path, "INSERT INTO rooms VALUES (7, 'default/a', 'quiz', 9, 0, 0, 0)");
  struct eddy_core world = {.interval_ms = 10};
  ck_assert_msg(world_start(&world, path, "batch") == 0, "%s", world.log);
  ck_assert_uint_eq(scalar(path, "PRAGMA user_version"), DB_STEPS_LEN);
  ck_assert_uint_eq(scalar(path, "SELECT count(*) FROM rooms WHERE epoch = 0 AND lost IS NULL"), 1);
  struct eddy_room *room = must_get(&world, "default/a");
  uint64_t epoch = room->epoch;
  ck_assert(!room->lost_known);
  ck_assert_uint_eq(room->seq, 9);
  room_leave(&world, room, false);
  room = must_get(&world, "default/a");
  ck_assert_uint_eq(room->epoch, epoch);
  room_leave(&world, room, false);
  world_stop(&world);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("sqlite");
  TCase *tc = tcase_create("keeper");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 30);
  tcase_add_loop_test(tc, numbers_are_reserved_before_they_are_heard, 0, 3);
  tcase_add_test(tc, batch_is_held_for_its_numbers_alone);
  tcase_add_test(tc, sync_is_held_until_it_is_on_disk);
  tcase_add_loop_test(tc, a_room_comes_back_as_it_was, 0, 8);
  tcase_add_loop_test(tc, a_crash_leaves_what_was_at_the_end_of_some_turn, 0, 6);
  tcase_add_test(tc, a_deleted_room_is_gone_and_its_name_free);
  tcase_add_test(tc, a_room_whose_time_is_up_is_deleted);
  tcase_add_test(tc, a_clock_that_jumps_deletes_nothing_at_once);
  tcase_add_loop_test(tc, sync_refuses_while_writing_fails_and_loses_nothing, 0, 3);
  tcase_add_test(tc, a_flapping_disk_does_not_fill_the_log);
  tcase_add_test(tc, reservations_wait_for_the_interval_while_there_are_numbers);
  tcase_add_test(tc, batch_goes_on_while_writing_fails_up_to_its_reservation);
  tcase_add_test(tc, the_queue_is_bounded);
  tcase_add_test(tc, rooms_are_bounded);
  tcase_add_test(tc, expired_rooms_make_place);
  tcase_add_test(tc, bytes_are_bounded);
  tcase_add_test(tc, the_disk_keeps_something_free);
  tcase_add_test(tc, a_torn_last_write_takes_back_that_commit_alone);
  tcase_add_test(tc, a_corrupt_page_refuses_its_rooms_and_begins_none_anew);
  tcase_add_test(tc, a_room_that_cannot_be_written_keeps_no_other_from_it);
  tcase_add_test(tc, a_bit_that_flips_is_seen);
  tcase_add_loop_test(tc, a_database_that_is_not_ours_is_left_alone, 0, 3);
  tcase_add_test(tc, a_file_that_is_no_database_is_refused);
  tcase_add_test(tc, one_process_at_a_time);
  tcase_add_test(tc, an_older_schema_is_migrated_whole_or_not_at_all);
  tcase_add_test(tc, messages_of_an_older_schema_become_segments);
  tcase_add_loop_test(tc, the_epoch_outlives_unloading_and_a_clean_end, 0, 3);
  tcase_add_loop_test(tc, after_a_crash_the_epoch_is_another_but_in_sync, 0, 3);
  tcase_add_test(tc, what_was_lost_is_not_known_of_a_room_that_was_changed_since);
  tcase_add_test(tc, a_past_that_is_not_as_it_was_written_is_none);
  tcase_add_loop_test(tc, rooms_of_an_older_schema_get_an_epoch, 0, 2);
  suite_add_tcase(s, tc);
  return s;
}

ED_TEST_MAIN(suite)
