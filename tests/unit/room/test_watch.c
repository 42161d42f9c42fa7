/* What an operator sees of rooms: watchers, the walk over all rooms, how busy a room is, disconnecting. */
#include "fake.h"

static struct world world;
static struct fake ann, eye;

static void begin(void) { world_init(&world); }
static void end(void) { world_deinit(&world); }

static void watch(struct fake *fake) {
  fake_prepare(fake, ED_JSON);
  fake->member.transient = fake->member.watcher = true;
  ck_assert_int_eq(ed_room_join(world.room, &fake->member, &fake->fault), 0);
}

/* The payloads of the frames that came, one in each line. */
static const char *seen(struct fake *fake) {
  struct ed_span wire = ed_buf_span(&fake->wire), payload;
  fake->text.len = 0;
  for (size_t len; (len = frame_at(wire, ED_JSON, &payload)) != 0; wire.at += len, wire.len -= len) {
    ed_buf_add_span(&fake->text, payload);
    ed_buf_add_byte(&fake->text, '\n');
  }
  ed_buf_add_byte(&fake->text, 0);
  fake->wire.len = 0;
  return (const char *)fake->text.at;
}

START_TEST(a_watcher_sees_every_push) {
  world.timers.epoch_ms = 5000000;
  join_as(&world, &ann, ED_CBOR);
  watch(&eye);
  PUSH(&ann, ED_APPEND, "k", "[1]");
  PUSH(&ann, ED_RELAY, "\"\n", "1.0");
  PUSH(&ann, ED_REPLACE, "k", "null");
  COMPACT(&ann, "k", 3, "{}");
  turn(&world);
  ck_assert_str_eq(seen(&eye),
                   "{\"type\":\"tail\",\"seq\":1,\"time_ms\":5001000,\"action\":\"append\",\"member\":1,\"key\":\"k\","
                   "\"value\":[1]}\n"
                   "{\"type\":\"tail\",\"seq\":2,\"time_ms\":5001000,\"action\":\"relay\",\"member\":1,\"key\":"
                   "\"\\\"\\n\",\"value\":1}\n"
                   "{\"type\":\"tail\",\"seq\":3,\"time_ms\":5001000,\"action\":\"replace\",\"member\":1,\"key\":\"k\","
                   "\"value\":null}\n"
                   "{\"type\":\"tail\",\"seq\":3,\"time_ms\":5001000,\"action\":\"compact\",\"member\":1,\"key\":\"k\","
                   "\"value\":{}}\n");
  const struct ed_push push = {.action = ED_RELAY, .value = ED_LIT("0")};
  ck_assert_int_eq(ed_room_push(world.room, ED_LIT("k"), &push, NULL, NULL), 0);
  turn(&world);
  ck_assert_ptr_nonnull(strstr(seen(&eye), "\"member\":null"));
  leave(&ann);
  leave(&eye);
}
END_TEST

START_TEST(a_watcher_is_nobody) {
  watch(&eye);
  ck_assert_uint_eq(world.room->watchers, 1);
  ck_assert_uint_eq(ed_room_members(world.room), 0);
  ck_assert_uint_eq(world.hub.counts.members, 0);
  ck_assert_ptr_null(ed_room_member_at(world.room, 0));
  leave(&eye);
  ck_assert_uint_eq(world.room->watchers, 0);
}
END_TEST

START_TEST(a_slow_watcher_goes) {
  char value[1001] = {0};
  memset(value, '1', 1000);
  join(&world, &ann);
  watch(&eye);
  eye.stalls = eye.member.blocked = true;
  for (size_t i = 0; i < 2000; i++) {
    PUSH(&ann, ED_RELAY, "k", value);
    if (i % 100 == 0) turn(&world);
  }
  turn(&world);
  ck_assert_uint_eq(eye.closes, 1);
  ck_assert_uint_eq(eye.close_code, 1013);
  ck_assert_uint_eq(ann.closes, 0);
  leave(&ann);
  leave(&eye);
}
END_TEST

START_TEST(the_end_is_for_watchers_too) {
  join(&world, &ann);
  watch(&eye);
  ed_room_disconnect(world.room, 1001, "why");
  ck_assert_uint_eq(ann.close_code, 1001);
  ck_assert_uint_eq(eye.close_code, 1001);
  leave(&ann);
  leave(&eye);
  watch(&eye);
  ed_hub_remove(world.room);
  ck_assert_uint_eq(eye.closes, 1);
  leave(&eye);
}
END_TEST

START_TEST(members_one_by_one) {
  struct fake fakes[4];
  join_as(&world, &fakes[0], ED_JSON);
  join_as(&world, &fakes[1], ED_CBOR);
  join_debug(&world, &fakes[2], ED_CBOR);
  join_as(&world, &fakes[3], ED_JSON);
  get(&fakes[3], "k", 0);
  bool found[4] = {0};
  for (size_t i = 0; i < 4; i++)
    for (size_t k = 0; k < 4; k++) found[k] |= ed_room_member_at(world.room, i) == &fakes[k].member;
  ck_assert(found[0] && found[1] && found[2] && found[3]);
  ck_assert_ptr_null(ed_room_member_at(world.room, 4));
  ck_assert_uint_eq(fakes[0].member.since_s, 1);
  for (size_t k = 0; k < 4; k++) leave(&fakes[k]);
}
END_TEST

START_TEST(pace) {
  join(&world, &ann);
  ck_assert(!ed_room_pace(world.room)->known);
  for (int i = 0; i < 20; i++) PUSH(&ann, ED_RELAY, "k", "1");
  world.timers.now_ms += 500;
  ck_assert(!ed_room_pace(world.room)->known); /* too soon */
  world.timers.now_ms += 1500;
  const struct ed_pace *pace = ed_room_pace(world.room);
  ck_assert(pace->known && pace->in == 10 && pace->out == 10);
  ck_assert(ed_room_pace(world.room)->in == 10); /* who asks right behind is told the same */
  world.timers.now_ms += 1000;
  ck_assert(ed_room_pace(world.room)->in == 0);
  world.timers.now_ms += 100000;
  ck_assert(!ed_room_pace(world.room)->known); /* that was long ago */
  turn(&world);
  leave(&ann);
}
END_TEST

/* ---- the walk ---- */

static unsigned times[600];

static void see(void *arg, struct ed_room *room) {
  (void)arg;
  unsigned number;
  if (sscanf(room->name, "space/r%u", &number) == 1) times[number]++;
}

static void make(unsigned from, unsigned to) {
  for (char id[8]; from < to; from++) {
    snprintf(id, sizeof id, "r%u", from);
    ck_assert_ptr_nonnull(ed_hub_create(&world.hub, &world.space, ed_span_text(id), NULL, NULL));
  }
}

START_TEST(a_walk_sees_each_once) {
  world.hub.rooms_max = 1000;
  memset(times, 0, sizeof times);
  make(0, 200);
  struct ed_hub_walk walk = {0};
  unsigned begins = 0, steps = 0;
  bool more;
  do {
    begins += ed_hub_walk_begin(&world.hub, &walk);
    more = ed_hub_walk(&world.hub, &walk, 10, see, NULL);
    if (++steps == 3) ed_hub_remove(ed_hub_find_name(&world.hub, ED_LIT("space/room"))); /* goes meanwhile */
  } while (more);
  ck_assert_uint_eq(begins, 1);
  ck_assert_uint_gt(steps, 5);
  for (size_t i = 0; i < 200; i++) ck_assert_uint_eq(times[i], 1);
}
END_TEST

START_TEST(a_walk_begins_again_when_the_table_grows) {
  world.hub.rooms_max = 1000;
  memset(times, 0, sizeof times);
  make(0, 100);
  struct ed_hub_walk walk = {0};
  unsigned begins = 0, steps = 0;
  bool more;
  do {
    if (ed_hub_walk_begin(&world.hub, &walk)) {
      begins++;
      memset(times, 0, sizeof times);
    }
    more = ed_hub_walk(&world.hub, &walk, 10, see, NULL);
    if (++steps == 3) make(100, 600);
  } while (more);
  ck_assert_uint_eq(begins, 2);
  for (size_t i = 0; i < 600; i++) ck_assert_uint_eq(times[i], 1);
}
END_TEST

START_TEST(a_walk_over_nothing) {
  struct ed_hub hub;
  struct ed_hub_walk walk = {0};
  ed_hub_init(&hub, &world.timers, NULL, 1);
  ck_assert(ed_hub_walk_begin(&hub, &walk));
  ck_assert(!ed_hub_walk(&hub, &walk, 10, see, NULL));
  ed_hub_deinit(&hub);
}
END_TEST

static Suite *watch_suite(void) {
  Suite *suite = suite_create("room/watch");
  TCase *tests = tcase_create("watch");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, a_watcher_sees_every_push);
  tcase_add_test(tests, a_watcher_is_nobody);
  tcase_add_test(tests, a_slow_watcher_goes);
  tcase_add_test(tests, the_end_is_for_watchers_too);
  tcase_add_test(tests, members_one_by_one);
  tcase_add_test(tests, pace);
  tcase_add_test(tests, a_walk_sees_each_once);
  tcase_add_test(tests, a_walk_begins_again_when_the_table_grows);
  tcase_add_test(tests, a_walk_over_nothing);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(watch_suite)
