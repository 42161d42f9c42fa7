/* core/room/push: what a push does to the room, to its hearers and to its sender. Each row of the protocol's table, in
 * both encodings, and the limits at their edges. */
#include "fake.h"

/* Ann pushes and listens to "a", Bob listens to "a", Eve to another key. */
struct trio {
  struct world world;
  struct fake ann, bob, eve;
};

static void trio_init(struct trio *trio, enum ed_encoding encoding) {
  world_init(&trio->world);
  join_as(&trio->world, &trio->ann, encoding);
  join_as(&trio->world, &trio->bob, encoding);
  join_as(&trio->world, &trio->eve, encoding);
  subscribe(&trio->ann, "a");
  subscribe(&trio->bob, "a");
  subscribe(&trio->eve, "b");
}

static void trio_deinit(struct trio *trio) {
  leave(&trio->ann);
  leave(&trio->bob);
  leave(&trio->eve);
  world_deinit(&trio->world);
}

/* What each of the three has heard by the end of the turn, and what the key then retains. */
#define TRIO_EXPECT(trio, to_ann, to_bob, kept)  \
  do {                                           \
    turn(&(trio)->world);                        \
    EXPECT(&(trio)->ann, to_ann);                \
    EXPECT(&(trio)->bob, to_bob);                \
    EXPECT(&(trio)->eve, "");                    \
    get(&(trio)->bob, "a", 0);                   \
    turn(&(trio)->world);                        \
    EXPECT(&(trio)->bob, "init a [" kept "]");   \
  } while (0)

START_TEST(the_table) {
  struct trio trio;
  trio_init(&trio, (enum ed_encoding)_i);
  PUSH(&trio.ann, ED_RELAY, "a", "1"); /* numbered, heard, not kept */
  TRIO_EXPECT(&trio, "push a=1 @1", "push a=1 @1", "");
  PUSH(&trio.ann, ED_APPEND, "a", "2"); /* one alone is not announced */
  TRIO_EXPECT(&trio, "push a=2 @2", "push a=2 @2", "2@2");
  PUSH(&trio.ann, ED_APPEND, "a", "\"x\"");
  TRIO_EXPECT(&trio, "push a=\"x\" @3 | size a 2", "push a=\"x\" @3", "2@2 \"x\"@3");
  PUSH(&trio.ann, ED_RELAY, "a", "null"); /* announced all the same: more than one is retained */
  TRIO_EXPECT(&trio, "push a=null @4 | size a 2", "push a=null @4", "2@2 \"x\"@3");
  COMPACT(&trio.ann, "a", 2, "9"); /* no number, no broadcast */
  TRIO_EXPECT(&trio, "size a 2", "", "9@2 \"x\"@3");
  COMPACT(&trio.ann, "a", 3, "[1]");
  TRIO_EXPECT(&trio, "", "", "[1]@3");
  PUSH(&trio.ann, ED_APPEND, "a", "5"); /* the next number, in spite of the compacts */
  TRIO_EXPECT(&trio, "push a=5 @5 | size a 2", "push a=5 @5", "[1]@3 5@5");
  PUSH(&trio.ann, ED_REPLACE, "a", "6");
  TRIO_EXPECT(&trio, "push a=6 @6", "push a=6 @6", "6@6");
  trio_deinit(&trio);
}
END_TEST

START_TEST(only_the_sender_is_answered) {
  struct trio trio;
  trio_init(&trio, (enum ed_encoding)_i);
  PUSH(&trio.eve, ED_APPEND, "a", "1");
  PUSH(&trio.eve, ED_APPEND, "a", "2"); /* she does not hear it, but has pushed it */
  turn(&trio.world);
  EXPECT(&trio.eve, "size a 2");
  EXPECT(&trio.ann, "push a=1 @1 | push a=2 @2");
  trio_deinit(&trio);
}
END_TEST

START_TEST(one_counter_per_room) {
  struct world world;
  struct fake ann;
  world_init(&world);
  join_as(&world, &ann, (enum ed_encoding)_i);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_RELAY, "", "2");
  PUSH(&ann, ED_REPLACE, "b", "3");
  turn(&world);
  EXPECT(&ann, "push a=1 @1 | push =2 @2 | push b=3 @3");
  leave(&ann);
  world_deinit(&world);
}
END_TEST

START_TEST(encodings_meet) {
  struct world world;
  struct fake ann, bob;
  world_init(&world);
  join_as(&world, &ann, ED_JSON);
  join_as(&world, &bob, ED_CBOR);
  PUSH(&ann, ED_APPEND, "a", "{\"x\":[1,-2,0.5,\"\xc3\xa9\",null,true]}");
  PUSH(&bob, ED_APPEND, "a", "[false]");
  turn(&world);
  EXPECT(&ann, "push a={\"x\":[1,-2,0.5,\"\xc3\xa9\",null,true]} @1 | push a=[false] @2");
  EXPECT(&bob, "push a={\"x\":[1,-2,0.5,\"\xc3\xa9\",null,true]} @1 | push a=[false] @2 | size a 2");
  get(&ann, "a", 0);
  get(&bob, "a", 1);
  turn(&world);
  EXPECT(&ann, "init a [{\"x\":[1,-2,0.5,\"\xc3\xa9\",null,true]}@1 [false]@2]");
  EXPECT(&bob, "init a [[false]@2]");
  leave(&ann);
  leave(&bob);
  world_deinit(&world);
}
END_TEST

START_TEST(bytes_are_forwarded_untouched) {
  struct world world;
  struct fake ann;
  world_init(&world);
  join(&world, &ann);
  static const char value[] = "{ \"b\" : 1.0e+2,\t\"a\":123456789012345678901234567890, \"a\":0.10 }";
  PUSH(&ann, ED_APPEND, "k", value);
  get(&ann, "k", 0);
  turn(&world);
  ck_assert_ptr_nonnull(memmem(ann.wire.at, ann.wire.len, value, sizeof value - 1));
  ann.wire.len = 0;
  get(&ann, "k", 0);
  turn(&world);
  ck_assert_ptr_nonnull(memmem(ann.wire.at, ann.wire.len, value, sizeof value - 1));
  leave(&ann);
  world_deinit(&world);
}
END_TEST

/* ---- compact ---- */

START_TEST(compact_places) {
  struct trio trio;
  trio_init(&trio, (enum ed_encoding)_i);
  for (int i = 0; i < 4; i++) PUSH(&trio.eve, ED_APPEND, "a", "0");
  COMPACT(&trio.eve, "a", 2, "20");
  turn(&trio.world);
  fake_heard(&trio.ann), fake_heard(&trio.bob), fake_heard(&trio.eve);
  TRIO_EXPECT(&trio, "", "", "20@2 0@3 0@4");
  COMPACT(&trio.ann, "a", 1, "10"); /* behind the base: ignored, answered as usual */
  TRIO_EXPECT(&trio, "size a 3", "", "20@2 0@3 0@4");
  COMPACT(&trio.ann, "a", 2, "21"); /* at the base */
  TRIO_EXPECT(&trio, "size a 3", "", "21@2 0@3 0@4");
  COMPACT(&trio.ann, "a", 3, "30"); /* in front of it */
  TRIO_EXPECT(&trio, "size a 2", "", "30@3 0@4");
  PUSH(&trio.eve, ED_RELAY, "b", "0");
  turn(&trio.world);
  EXPECT(&trio.eve, "push b=0 @5");
  COMPACT(&trio.ann, "a", 5, "50"); /* to the room's last number, which is of another key */
  TRIO_EXPECT(&trio, "", "", "50@5");
  trio_deinit(&trio);
}
END_TEST

START_TEST(compact_out_of_bounds) {
  struct trio trio;
  trio_init(&trio, (enum ed_encoding)_i);
  REFUSED(try_push(&trio.ann, ED_COMPACT, "a", 1, "9"), &trio.ann, ED_FAULT_BAD_SEQ, "1"); /* of an empty room */
  PUSH(&trio.eve, ED_APPEND, "a", "1");
  PUSH(&trio.eve, ED_APPEND, "a", "2");
  turn(&trio.world);
  fake_heard(&trio.ann), fake_heard(&trio.bob), fake_heard(&trio.eve);
  REFUSED(try_push(&trio.ann, ED_COMPACT, "a", 3, "9"), &trio.ann, ED_FAULT_BAD_SEQ, "3");
  REFUSED(try_push(&trio.ann, ED_COMPACT, "a", UINT64_MAX, "9"), &trio.ann, ED_FAULT_BAD_SEQ, "at 2");
  REFUSED(try_push(&trio.ann, ED_COMPACT, "a", 0, "9"), &trio.ann, ED_FAULT_BAD_SEQ, "0");
  TRIO_EXPECT(&trio, "", "", "1@1 2@2"); /* nothing changed, nothing said */
  PUSH(&trio.ann, ED_RELAY, "a", "3");
  TRIO_EXPECT(&trio, "push a=3 @3 | size a 2", "push a=3 @3", "1@1 2@2"); /* and no number lost */
  trio_deinit(&trio);
}
END_TEST

/* ---- pushes from inside the server ---- */

START_TEST(transient_pushes_are_not_announced) {
  struct trio trio;
  trio_init(&trio, (enum ed_encoding)_i);
  trio.world.timers.epoch_ms = 1700000000000;
  PUSH(&trio.ann, ED_APPEND, "a", "1");
  struct ed_push push = {.action = ED_APPEND, .encoding = ED_JSON, .transient = true, .value = ED_LIT("2")};
  struct ed_fault fault;
  ck_assert_int_eq(ed_room_push(trio.world.room, ED_LIT("a"), &push, &trio.ann.member, &fault), 0);
  const struct ed_stream *stream = ed_room_stream(trio.world.room, ED_LIT("a"));
  ck_assert(!ed_stream_at(stream, 0)->transient && ed_stream_at(stream, 1)->transient);
  ck_assert_int_eq(ed_stream_at(stream, 1)->time_ms, 1700000001000); /* the world begins at 1,000 ms of its clock */
  push.transient = false;
  ck_assert_int_eq(ed_room_push(trio.world.room, ED_LIT("a"), &push, NULL, &fault), 0); /* from nobody: no answer */
  TRIO_EXPECT(&trio, "push a=1 @1 | push a=2 @2 | push a=2 @3", "push a=1 @1 | push a=2 @2 | push a=2 @3",
              "1@1 2@2 2@3");
  trio_deinit(&trio);
}
END_TEST

/* ---- limits ---- */

START_TEST(stream_messages) {
  struct trio trio;
  trio_init(&trio, ED_JSON);
  trio.world.space.limits.stream_messages = 3;
  for (int i = 0; i < 3; i++) PUSH(&trio.eve, ED_APPEND, "a", "0");
  REFUSED(try_push(&trio.eve, ED_APPEND, "a", 0, "0"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.stream_messages");
  PUSH(&trio.eve, ED_APPEND, "b", "0"); /* another key has room */
  PUSH(&trio.eve, ED_RELAY, "a", "0");  /* nothing to retain */
  COMPACT(&trio.eve, "a", 1, "9");      /* as many as before */
  COMPACT(&trio.eve, "a", 2, "9");
  PUSH(&trio.eve, ED_APPEND, "a", "0"); /* one has gone */
  PUSH(&trio.eve, ED_REPLACE, "a", "0");
  /* A compact in front of all adds one. */
  PUSH(&trio.eve, ED_APPEND, "a", "0");
  COMPACT(&trio.eve, "a", 1, "9");
  PUSH(&trio.eve, ED_REPLACE, "a", "0");
  trio.world.space.limits.stream_messages = 1;
  REFUSED(try_push(&trio.eve, ED_COMPACT, "a", 1, "0"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.stream_messages");
  trio_deinit(&trio);
}
END_TEST

START_TEST(stream_bytes) {
  struct trio trio;
  trio_init(&trio, ED_JSON);
  trio.world.space.limits.stream_bytes = 10;
  PUSH(&trio.eve, ED_APPEND, "a", "12345");
  REFUSED(try_push(&trio.eve, ED_APPEND, "a", 0, "123456"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.stream_bytes");
  PUSH(&trio.eve, ED_APPEND, "a", "12345");
  REFUSED(try_push(&trio.eve, ED_APPEND, "a", 0, "1"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.stream_bytes");
  PUSH(&trio.eve, ED_RELAY, "a", "12345678901");
  REFUSED(try_push(&trio.eve, ED_COMPACT, "a", 1, "123456"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.stream_bytes");
  COMPACT(&trio.eve, "a", 1, "1234");
  PUSH(&trio.eve, ED_APPEND, "a", "1");
  REFUSED(try_push(&trio.eve, ED_REPLACE, "a", 0, "12345678901"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.stream_bytes");
  PUSH(&trio.eve, ED_REPLACE, "a", "1234567890");
  trio_deinit(&trio);
}
END_TEST

START_TEST(room_limits) {
  struct trio trio;
  trio_init(&trio, ED_JSON);
  trio.world.space.limits.room_messages = 3;
  PUSH(&trio.eve, ED_APPEND, "a", "1");
  PUSH(&trio.eve, ED_APPEND, "b", "1");
  PUSH(&trio.eve, ED_REPLACE, "c", "1");
  REFUSED(try_push(&trio.eve, ED_APPEND, "b", 0, "1"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.room_messages");
  REFUSED(try_push(&trio.eve, ED_REPLACE, "d", 0, "1"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.room_messages");
  PUSH(&trio.eve, ED_REPLACE, "a", "2"); /* in the place of one */
  ck_assert_uint_eq(trio.world.room->messages, 3);

  trio.world.space.limits.room_messages = 5;
  PUSH(&trio.eve, ED_APPEND, "a", "2"); /* and behind others of its key */
  PUSH(&trio.eve, ED_APPEND, "a", "2");
  REFUSED(try_push(&trio.eve, ED_APPEND, "a", 0, "2"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.room_messages");
  PUSH(&trio.eve, ED_REPLACE, "a", "2");

  trio.world.space.limits.room_messages = 100;
  trio.world.space.limits.room_bytes = 10;
  PUSH(&trio.eve, ED_APPEND, "b", "1234567"); /* 3 + 7 */
  ck_assert_uint_eq(trio.world.room->bytes, 10);
  REFUSED(try_push(&trio.eve, ED_APPEND, "c", 0, "1"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.room_bytes");
  REFUSED(try_push(&trio.eve, ED_REPLACE, "a", 0, "22"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.room_bytes");
  PUSH(&trio.eve, ED_REPLACE, "b", "22");
  PUSH(&trio.eve, ED_REPLACE, "a", "22");
  ck_assert_uint_eq(trio.world.room->bytes, 5);
  trio_deinit(&trio);
}
END_TEST

START_TEST(a_lowered_limit_lets_shrink) {
  struct trio trio;
  trio_init(&trio, ED_JSON);
  for (int i = 0; i < 10; i++) PUSH(&trio.eve, ED_APPEND, "a", "12345");
  trio.world.space.limits = (struct ed_limits){.keys = 10, .key = 10, .stream_messages = 2, .stream_bytes = 3,
                                               .room_messages = 2, .room_bytes = 3, .queue = 1 << 20};
  REFUSED(try_push(&trio.eve, ED_APPEND, "a", 0, "1"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.");
  COMPACT(&trio.eve, "a", 5, "12345");
  PUSH(&trio.eve, ED_REPLACE, "a", "12345");
  turn(&trio.world);
  fake_heard(&trio.ann), fake_heard(&trio.bob), fake_heard(&trio.eve);
  TRIO_EXPECT(&trio, "", "", "12345@11");
  trio_deinit(&trio);
}
END_TEST

START_TEST(keys_and_key) {
  struct trio trio;
  trio_init(&trio, ED_JSON); /* "a" and "b" have hearers already */
  trio.world.space.limits.keys = 3;
  PUSH(&trio.eve, ED_RELAY, "gone", "1"); /* as many as may be, and then as many as before */
  turn(&trio.world);
  PUSH(&trio.eve, ED_REPLACE, "c", "1");
  REFUSED(try_push(&trio.eve, ED_REPLACE, "d", 0, "1"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.keys");
  REFUSED(try_push(&trio.eve, ED_RELAY, "d", 0, "1"), &trio.eve, ED_FAULT_ROOM_FULL, "limits.keys");
  REFUSED(try_get(&trio.eve, "d", 0), &trio.eve, ED_FAULT_ROOM_FULL, "limits.keys");
  ck_assert_uint_eq(streams(&trio.world), 3);

  trio.world.space.limits.key = 4;
  trio.world.space.limits.keys = 4;
  PUSH(&trio.eve, ED_RELAY, "1234", "1");
  REFUSED(try_push(&trio.eve, ED_RELAY, "12345", 0, "1"), &trio.eve, ED_FAULT_TOO_LARGE, "limits.key");
  trio_deinit(&trio);
}
END_TEST

START_TEST(trim) {
  struct trio trio;
  trio_init(&trio, ED_JSON);
  for (int i = 0; i < 4; i++) PUSH(&trio.eve, ED_APPEND, "a", "1");
  COMPACT(&trio.eve, "a", 2, "12");
  turn(&trio.world);
  fake_heard(&trio.ann), fake_heard(&trio.bob), fake_heard(&trio.eve);
  ed_room_trim(ed_room_stream(trio.world.room, ED_LIT("a")), 1);
  ck_assert_uint_eq(trio.world.room->messages, 2);
  ck_assert_uint_eq(trio.world.room->bytes, 2);
  TRIO_EXPECT(&trio, "", "", "1@3 1@4");
  PUSH(&trio.eve, ED_APPEND, "c", "1");
  ck_assert_uint_eq(streams(&trio.world), 3);
  turn(&trio.world);
  ed_room_trim(ed_room_stream(trio.world.room, ED_LIT("c")), 1000); /* more than there is: all, and the key goes */
  ck_assert_uint_eq(streams(&trio.world), 2);
  ck_assert_uint_eq(trio.world.room->messages, 2);
  trio_deinit(&trio);
}
END_TEST

START_TEST(drop_one) {
  struct trio trio;
  trio_init(&trio, ED_JSON);
  for (int i = 0; i < 3; i++) PUSH(&trio.eve, ED_APPEND, "a", "12");
  turn(&trio.world);
  fake_heard(&trio.ann), fake_heard(&trio.bob), fake_heard(&trio.eve);
  struct ed_stream *stream = ed_room_stream(trio.world.room, ED_LIT("a"));
  ck_assert(ed_room_drop(stream, 2));
  ck_assert(!ed_room_drop(stream, 2)); /* it has gone already */
  ck_assert(!ed_room_drop(stream, 0));
  ck_assert(!ed_room_drop(stream, 4));
  ck_assert_uint_eq(trio.world.room->messages, 2);
  ck_assert_uint_eq(trio.world.room->bytes, 4);
  TRIO_EXPECT(&trio, "", "", "12@1 12@3");
  trio_deinit(&trio);
}
END_TEST

/* Between enter and exit the pushes from inside wait, however deep; they run before anything that comes later. */
START_TEST(enter_and_exit) {
  struct trio trio;
  trio_init(&trio, ED_JSON);
  struct ed_push push = {.action = ED_APPEND, .encoding = ED_JSON, .value = ED_LIT("1")};
  struct ed_room *room = trio.world.room;
  ed_room_enter(room);
  ck_assert_int_eq(ed_room_push(room, ED_LIT("a"), &push, NULL, NULL), 0);
  ed_room_enter(room);
  push.value = ED_LIT("2");
  ck_assert_int_eq(ed_room_push(room, ED_LIT("a"), &push, NULL, NULL), 0);
  ed_room_exit(room);
  ck_assert_uint_eq(room->seq, 0);
  ed_room_exit(room);
  ck_assert_uint_eq(room->seq, 2);
  PUSH(&trio.eve, ED_RELAY, "a", "3");
  turn(&trio.world);
  EXPECT(&trio.ann, "push a=1 @1 | push a=2 @2 | push a=3 @3");
  EXPECT(&trio.eve, "size a 2");
  trio_deinit(&trio);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/push");
  TCase *tests = tcase_create("push");
  tcase_add_loop_test(tests, the_table, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, only_the_sender_is_answered, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, one_counter_per_room, ED_JSON, ED_CBOR + 1);
  tcase_add_test(tests, encodings_meet);
  tcase_add_test(tests, bytes_are_forwarded_untouched);
  tcase_add_loop_test(tests, compact_places, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, compact_out_of_bounds, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, transient_pushes_are_not_announced, ED_JSON, ED_CBOR + 1);
  tcase_add_test(tests, stream_messages);
  tcase_add_test(tests, stream_bytes);
  tcase_add_test(tests, room_limits);
  tcase_add_test(tests, a_lowered_limit_lets_shrink);
  tcase_add_test(tests, keys_and_key);
  tcase_add_test(tests, trim);
  tcase_add_test(tests, drop_one);
  tcase_add_test(tests, enter_and_exit);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
