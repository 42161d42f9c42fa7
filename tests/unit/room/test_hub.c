/* core/room/hub: names to rooms, the end of a room, the end of a turn. */
#include "fake.h"

static struct world world;
static struct fake ann, bob;

static void begin(void) { world_init(&world); }
static void end(void) { world_deinit(&world); }

static struct ed_room *create(const char *id, struct ed_fault *fault) {
  return ed_hub_create(&world.hub, &world.space, ed_span_text(id), NULL, fault);
}

static struct ed_room *find(const char *id) { return ed_hub_find(&world.hub, &world.space, ed_span_text(id)); }

/* ---- names ---- */

START_TEST(names) {
  ck_assert_str_eq(world.room->name, "space/room");
  ck_assert(ed_span_equal(ed_room_id(world.room), ED_LIT("room")));
  ck_assert_str_eq(world.room->policy, "default");
  ck_assert_ptr_eq(find("room"), world.room);
  ck_assert_ptr_null(find("Room"));
  ck_assert_ptr_null(find("roo"));
  ck_assert_ptr_null(find(""));

  struct ed_space other = world.space;
  other.name = "other";
  ck_assert_ptr_null(ed_hub_find(&world.hub, &other, ED_LIT("room"))); /* a namespace is a world of its own */
  struct ed_room *room = ed_hub_create(&world.hub, &other, ED_LIT("room"), "chat", NULL);
  ck_assert_ptr_nonnull(room);
  ck_assert_ptr_ne(room, world.room);
  ck_assert_str_eq(room->policy, "chat");
  ck_assert_ptr_eq(ed_hub_find(&world.hub, &other, ED_LIT("room")), room);
  ck_assert_uint_eq(ed_hub_rooms(&world.hub), 2);
}
END_TEST

START_TEST(ids_of_our_own) {
  world.hub.rooms_max = 1000;
  unsigned seen[256] = {0}, first_eight = 0;
  for (int i = 0; i < 500; i++) {
    struct ed_room *room = ed_hub_create(&world.hub, &world.space, ed_span(NULL, 0), NULL, NULL);
    ck_assert_ptr_nonnull(room); /* so no two are alike */
    struct ed_span id = ed_room_id(room);
    ck_assert_uint_eq(id.len, 24);
    for (size_t k = 0; k < id.len; k++) seen[id.at[k]]++;
    ck_assert_ptr_eq(ed_hub_find(&world.hub, &world.space, id), room);
  }
  for (int c = 0; c < 256; c++) /* all of A-Z a-z 0-9, and nothing else */
    ck_assert_int_eq(seen[c] > 0, (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
  /* 256 is 4 * 62 + 8: bytes taken as they come would favour the first eight: 1,875 of 12,000 and not 1,548. The
   * standard deviation is 37, so this fails by chance once in some 10 million runs. */
  for (int c = 'A'; c < 'I'; c++) first_eight += seen[c];
  ck_assert_uint_lt(first_eight, 1740);
}
END_TEST

START_TEST(ids_of_others) {
  struct fake asks; /* for its fault */
  char longest[130];
  memset(longest, 'x', 129);
  longest[128] = 0;
  ck_assert_ptr_nonnull(create(longest, NULL));
  ck_assert_ptr_nonnull(find(longest));
  ck_assert_ptr_nonnull(create("a_Z-9", NULL));
  longest[128] = 'x';
  longest[129] = 0;
  const char *const bad[] = {longest, "", "a b", "a/b", "..", "a\xc3\xa9", "a\n", "%41",
                             "a.b",   "[", "@",   "`",   "{",  ":"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    REFUSED(create(bad[i], &asks.fault) ? 0 : -1, &asks, ED_FAULT_MALFORMED, "128");
    ck_assert_ptr_null(find(bad[i]));
  }
  ck_assert_ptr_null(ed_hub_create(&world.hub, &world.space, ED_LIT("a\0b"), NULL, NULL));
  REFUSED(create("room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_REFUSED, "exists");
  ck_assert_ptr_eq(find("room"), world.room);
}
END_TEST

START_TEST(limits_rooms) {
  struct fake asks;
  world.hub.rooms_max = 3;
  ck_assert_ptr_nonnull(create("b", NULL));
  ck_assert_ptr_nonnull(create("c", NULL));
  REFUSED(create("d", &asks.fault) ? 0 : -1, &asks, ED_FAULT_TOO_MANY, "limits.rooms");
  ed_hub_remove(find("b"));
  ck_assert_ptr_nonnull(create("d", NULL));
  ck_assert_uint_eq(ed_hub_rooms(&world.hub), 3);
}
END_TEST

/* ---- the end of a room ---- */

START_TEST(remove_an_empty_room) {
  ed_hub_remove(world.room);
  ck_assert_ptr_null(find("room"));
  ck_assert_uint_eq(ed_hub_rooms(&world.hub), 0);
  ck_assert_uint_eq(world.timers.len, 0);
}
END_TEST

START_TEST(remove_with_members) {
  struct fake deb, http;
  join(&world, &ann);
  join_as(&world, &bob, ED_CBOR);
  join_debug(&world, &deb, ED_JSON);
  join_transient(&world, &http);
  subscribe(&bob, "a");
  PUSH(&ann, ED_RELAY, "a", "1");
  ed_hub_remove(world.room);
  ed_hub_remove(world.room); /* a second time is nothing */
  struct fake *all[] = {&ann, &bob, &deb};
  for (size_t i = 0; i < 3; i++) {
    ck_assert_uint_eq(all[i]->closes, 1);
    ck_assert_uint_eq(all[i]->close_code, 1001);
  }
  ck_assert_ptr_null(find("room"));
  REFUSED(try_push(&ann, ED_APPEND, "a", 0, "1"), &ann, ED_FAULT_NO_ROOM, "");
  REFUSED(try_get(&ann, "a", 0), &ann, ED_FAULT_NO_ROOM, "");
  struct fake late;
  fake_prepare(&late, ED_JSON);
  REFUSED(ed_room_join(world.room, &late.member, &late.fault), &late, ED_FAULT_NO_ROOM, "");
  struct ed_room *again = create("room", NULL); /* the name is free, and the new one is another */
  ck_assert_ptr_nonnull(again);
  ck_assert_uint_eq(again->seq, 0);
  turn(&world);
  leave(&ann);
  leave(&bob);
  leave(&http);
  leave(&deb); /* the last one takes the room with it: ASan */
  ck_assert_ptr_eq(find("room"), again);
}
END_TEST

/* A room that has still something to say when it goes is on the list of those; it must not stay there. */
START_TEST(remove_a_dirty_room) {
  join(&world, &ann);
  PUSH(&ann, ED_RELAY, "a", "1");
  ed_hub_remove(world.room);
  leave(&ann);
  ck_assert_ptr_null(world.hub.dirty);
  turn(&world);
}
END_TEST

START_TEST(leave_while_ready) {
  join(&world, &ann);
  join(&world, &bob);
  PUSH(&ann, ED_RELAY, "a", "1");
  ed_room_dispatch(world.room); /* both are ready to be delivered to */
  leave(&ann);
  turn(&world);
  EXPECT(&bob, "push a=1 @1");
  leave(&bob);
}
END_TEST

/* ---- idle rooms; the world begins at 1,000 ms, and idle_ms is 60,000 ---- */

START_TEST(idle_from_the_beginning) {
  ed_timers_run(&world.timers, 60999);
  ck_assert_ptr_nonnull(find("room"));
  ed_timers_run(&world.timers, 61000);
  ck_assert_ptr_null(find("room"));
}
END_TEST

START_TEST(idle_counts_from_the_last_leave) {
  ed_timers_run(&world.timers, 50000);
  join(&world, &ann);
  ed_timers_run(&world.timers, 1000000);
  ck_assert_ptr_nonnull(find("room")); /* somebody is there */
  leave(&ann);
  ed_timers_run(&world.timers, 1059999);
  ck_assert_ptr_nonnull(find("room"));
  join_transient(&world, &ann); /* an HTTP call is use, too */
  leave(&ann);
  ed_timers_run(&world.timers, 1119998);
  ck_assert_ptr_nonnull(find("room"));
  ed_timers_run(&world.timers, 1119999);
  ck_assert_ptr_null(find("room"));
}
END_TEST

START_TEST(idle_counts_from_the_last_message) {
  struct ed_push push = {.action = ED_APPEND, .encoding = ED_JSON, .value = ED_LIT("1")};
  ed_timers_run(&world.timers, 40000);
  ck_assert_int_eq(ed_room_push(world.room, ED_LIT("a"), &push, NULL, NULL), 0); /* a policy's timer, say */
  ed_timers_run(&world.timers, 99999);
  ck_assert_ptr_nonnull(find("room"));
  ed_timers_run(&world.timers, 100000);
  ck_assert_ptr_null(find("room"));
}
END_TEST

START_TEST(idle_zero_is_never) {
  struct ed_space kept = world.space;
  kept.name = "kept";
  kept.idle_ms = 0;
  ck_assert_ptr_nonnull(ed_hub_create(&world.hub, &kept, ED_LIT("room"), NULL, NULL));
  ed_timers_run(&world.timers, UINT64_MAX / 2);
  ck_assert_ptr_null(find("room"));
  ck_assert_ptr_nonnull(ed_hub_find(&world.hub, &kept, ED_LIT("room")));
}
END_TEST

/* ---- turns ---- */

START_TEST(a_turn_serves_all_rooms) {
  struct fake here[5], there[5];
  struct ed_room *room = world.room, *other = create("other", NULL);
  for (size_t i = 0; i < 5; i++) {
    join(&world, &here[i]);
    world.room = other;
    join(&world, &there[i]);
    world.room = room;
  }
  PUSH(&here[0], ED_RELAY, "a", "1");
  PUSH(&there[0], ED_RELAY, "a", "2");
  PUSH(&here[1], ED_RELAY, "a", "3");
  there[4].stalls = true;
  turn(&world);
  for (size_t i = 0; i < 5; i++) {
    EXPECT(&here[i], "push a=1 @1 | push a=3 @2");
    EXPECT(&there[i], i == 4 ? "" : "push a=2 @1");
    leave(&here[i]);
    leave(&there[i]);
  }
  ck_assert_ptr_null(world.hub.ready);
  ck_assert_ptr_null(world.hub.dirty);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/hub");
  TCase *tests = tcase_create("hub");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, names);
  tcase_add_test(tests, ids_of_our_own);
  tcase_add_test(tests, ids_of_others);
  tcase_add_test(tests, limits_rooms);
  tcase_add_test(tests, remove_an_empty_room);
  tcase_add_test(tests, remove_with_members);
  tcase_add_test(tests, remove_a_dirty_room);
  tcase_add_test(tests, leave_while_ready);
  tcase_add_test(tests, idle_from_the_beginning);
  tcase_add_test(tests, idle_counts_from_the_last_leave);
  tcase_add_test(tests, idle_counts_from_the_last_message);
  tcase_add_test(tests, idle_zero_is_never);
  tcase_add_test(tests, a_turn_serves_all_rooms);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
