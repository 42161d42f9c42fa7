/* core/room/room: who hears what, from when on, and until when. */
#include "fake.h"

static struct world world;
static struct fake ann, bob, eve;

/* Each of these tests is a process of its own (Check forks), or at least begins with both of these. */
static void begin(void) { world_init(&world); }
static void end(void) { world_deinit(&world); }

/* ---- who hears what ---- */

START_TEST(without_a_get_everything) {
  join_as(&world, &ann, (enum ed_encoding)_i);
  join(&world, &bob);
  PUSH(&bob, ED_RELAY, "a", "1");
  PUSH(&bob, ED_APPEND, "b", "2");
  turn(&world);
  EXPECT(&ann, "push a=1 @1 | push b=2 @2");
  EXPECT(&bob, "push a=1 @1 | push b=2 @2"); /* the sender too */
  leave(&ann);
  leave(&bob);
}
END_TEST

START_TEST(from_the_first_get_on_its_keys) {
  join_as(&world, &ann, (enum ed_encoding)_i);
  join(&world, &bob);
  PUSH(&bob, ED_RELAY, "b", "1"); /* before the get: she hears it, in the same turn */
  get(&ann, "a", 0);
  PUSH(&bob, ED_RELAY, "b", "2");
  PUSH(&bob, ED_RELAY, "a", "3");
  turn(&world);
  EXPECT(&ann, "push b=1 @1 | init a [] | push a=3 @3");
  PUSH(&bob, ED_RELAY, "b", "4");
  subscribe(&ann, "b");
  PUSH(&bob, ED_RELAY, "b", "5");
  turn(&world);
  EXPECT(&ann, "push b=5 @5");
  leave(&ann);
  leave(&bob);
}
END_TEST

START_TEST(get_with_null_subscribes_without_init) {
  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  turn(&world);
  fake_heard(&ann);
  subscribe(&ann, "a");
  PUSH(&ann, ED_RELAY, "a", "2");
  turn(&world);
  EXPECT(&ann, "push a=2 @2");
  leave(&ann);
}
END_TEST

START_TEST(two_gets_subscribe_once) {
  join_as(&world, &ann, (enum ed_encoding)_i);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "a", "2");
  get(&ann, "a", 0);
  get(&ann, "a", 1);
  get(&ann, "a", 2);
  subscribe(&ann, "a");
  PUSH(&ann, ED_RELAY, "a", "3");
  turn(&world);
  EXPECT(&ann, "push a=1 @1 | push a=2 @2 | size a 2 | init a [1@1 2@2] | init a [2@2] | init a [] | "
               "push a=3 @3 | size a 2");
  leave(&ann);
}
END_TEST

START_TEST(unsubscribed) {
  join(&world, &ann);
  join(&world, &bob);
  unsubscribe(&ann, "nothing"); /* of a key that is not there: nothing, and she still hears everything */
  PUSH(&bob, ED_RELAY, "x", "0");
  get(&ann, "a", 0);
  get(&ann, "b", 0);
  PUSH(&bob, ED_RELAY, "a", "1");
  unsubscribe(&ann, "a"); /* in the same turn: what came before is hers */
  PUSH(&bob, ED_RELAY, "a", "2");
  PUSH(&bob, ED_RELAY, "b", "3");
  turn(&world);
  EXPECT(&ann, "push x=0 @1 | init a [] | init b [] | push a=1 @2 | push b=3 @4");
  unsubscribe(&ann, "b"); /* of nothing any more: nothing, not everything */
  PUSH(&bob, ED_RELAY, "b", "4");
  turn(&world);
  EXPECT(&ann, "");
  ck_assert_uint_eq(streams(&world), 0);
  leave(&ann);
  leave(&bob);
}
END_TEST

/* An init and the pushes that follow it join without gap or double, at whatever moment of a turn the get comes. */
START_TEST(init_and_pushes_join) {
  join(&world, &bob);
  for (int at = 0; at <= 6; at++) { /* the get comes before the at'th of six pushes, and a flush before the flush'th */
    for (int flush = 0; flush <= 6; flush++) {
      struct fake new;
      struct ed_buf want = {0};
      uint64_t base = world.room->seq;
      PUSH(&bob, ED_REPLACE, "a", "0");
      turn(&world);
      join_as(&world, &new, (enum ed_encoding)_i);
      subscribe(&new, "other");
      for (int i = 0; i <= 6; i++) {
        if (i == flush) turn(&world);
        if (i == at) get(&new, "a", 0);
        if (i < 6) PUSH(&bob, ED_APPEND, "a", "1");
      }
      turn(&world);
      ed_buf_printf(&want, "init a [0@%" PRIu64, base + 1);
      for (int i = 0; i < at; i++) ed_buf_printf(&want, " 1@%" PRIu64, base + 2 + (uint64_t)i);
      ed_buf_add_text(&want, "]");
      for (int i = at; i < 6; i++) ed_buf_printf(&want, " | push a=1 @%" PRIu64, base + 2 + (uint64_t)i);
      ed_buf_add_byte(&want, 0);
      EXPECT(&new, (const char *)want.at);
      ed_buf_deinit(&want);
      leave(&new);
    }
  }
  leave(&bob);
}
END_TEST

START_TEST(get_of_an_unknown_key) {
  join(&world, &ann);
  get(&ann, "a", 7);
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  EXPECT(&ann, "init a [] | push a=1 @1");
  leave(&ann);
}
END_TEST

START_TEST(a_newcomer_hears_nothing_of_before) {
  join(&world, &ann);
  PUSH(&ann, ED_RELAY, "a", "1");
  join(&world, &bob); /* inside the turn */
  PUSH(&ann, ED_RELAY, "a", "2");
  turn(&world);
  EXPECT(&ann, "push a=1 @1 | push a=2 @2");
  EXPECT(&bob, "push a=2 @2");
  leave(&ann);
  leave(&bob);
}
END_TEST

START_TEST(ping_and_tell_keep_the_order) {
  join_as(&world, &ann, (enum ed_encoding)_i);
  ping(&ann, 7);
  PUSH(&ann, ED_RELAY, "a", "1");
  ed_room_tell(&ann.member, &(struct ed_fault){.code = ED_FAULT_REFUSED, .text = "it is \"wrong\""}, NULL);
  ck_assert_int_eq(ask(&ann, &(struct ed_request){.type = ED_REQUEST_PING}), 0);
  turn(&world);
  EXPECT(&ann, "pong 7 | push a=1 @1 | error it is \"wrong\" | pong null");
  leave(&ann);
}
END_TEST

/* ---- debug members ---- */

START_TEST(debug_hears_inits) {
  join(&world, &bob);
  PUSH(&bob, ED_APPEND, "a", "1");
  join_debug(&world, &ann, (enum ed_encoding)_i);
  turn(&world);
  EXPECT(&ann, "init a [1@1]");
  PUSH(&bob, ED_APPEND, "a", "2");
  PUSH(&bob, ED_RELAY, "b", "3");
  COMPACT(&bob, "a", 1, "11");
  COMPACT(&bob, "a", 2, "22");
  COMPACT(&bob, "a", 1, "99"); /* behind the base: nothing has changed */
  PUSH(&bob, ED_REPLACE, "b", "4");
  turn(&world);
  EXPECT(&ann, "init a [1@1 2@2] | push b=3 @3 | init a [11@1 2@2] | init a [22@2] | init b [4@4]");
  leave(&ann);
  leave(&bob);
}
END_TEST

static struct ed_stream *stream_of(const char *key) { return ed_room_stream(world.room, ed_span_text(key)); }

/* By no push: once a turn, what is left then; a key of which nothing is left, too. */
START_TEST(debug_hears_what_goes) {
  join(&world, &bob);
  for (int i = 0; i < 5; i++) PUSH(&bob, ED_APPEND, "a", "1");
  PUSH(&bob, ED_APPEND, "b", "2");
  PUSH(&bob, ED_APPEND, "c", "3");
  ed_room_trim(stream_of("a"), 1); /* nobody looks */
  turn(&world);
  fake_heard(&bob);
  join_debug(&world, &ann, (enum ed_encoding)_i);
  turn(&world);
  fake_heard(&ann);
  ed_room_trim(stream_of("a"), 1);
  ck_assert(ed_room_drop(stream_of("a"), 4));
  ck_assert(!ed_room_drop(stream_of("c"), 4));
  ed_room_trim(stream_of("b"), 9);
  turn(&world);
  EXPECT(&ann, "init a [1@3 1@5] | init b []");
  ck_assert_ptr_null(stream_of("b"));
  ed_room_trim(stream_of("a"), 1);
  PUSH(&bob, ED_RELAY, "a", "4");
  turn(&world);
  EXPECT(&ann, "push a=4 @8 | init a [1@5]");
  turn(&world);
  EXPECT(&ann, "");
  EXPECT(&bob, "push a=4 @8");
  ed_room_trim(stream_of("a"), 1);
  leave(&ann); /* and with her who would have heard of it */
  turn(&world);
  ck_assert_ptr_null(stream_of("a"));
  leave(&bob);
}
END_TEST

/* The room ends before the turn does. */
START_TEST(debug_what_goes_with_the_room) {
  join_debug(&world, &ann, (enum ed_encoding)_i);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "b", "1");
  turn(&world);
  ed_room_trim(stream_of("a"), 1);
  ed_room_trim(stream_of("b"), 1);
  ed_hub_remove(world.room);
  leave(&ann);
  turn(&world);
}
END_TEST

START_TEST(debug_hears_everything_once_whatever_it_asks) {
  join_debug(&world, &ann, (enum ed_encoding)_i);
  get(&ann, "a", 0); /* answered, and no subscription */
  subscribe(&ann, "a");
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "a", "2");
  PUSH(&ann, ED_RELAY, "b", "3");
  turn(&world);
  EXPECT(&ann, "init a [] | init a [1@1] | init a [1@1 2@2] | size a 2 | push b=3 @3");
  leave(&ann);
}
END_TEST

START_TEST(debug_init_for_every_key) {
  join(&world, &bob);
  subscribe(&bob, "heard"); /* a stream that retains nothing is no key of the room */
  PUSH(&bob, ED_APPEND, "a", "1");
  PUSH(&bob, ED_APPEND, "b", "2");
  join_debug(&world, &ann, (enum ed_encoding)_i);
  turn(&world);
  const char *heard = fake_heard(&ann);
  ck_assert_msg(strcmp(heard, "init a [1@1] | init b [2@2]") == 0 || strcmp(heard, "init b [2@2] | init a [1@1]") == 0,
                "%s", heard);
  leave(&ann);
  leave(&bob);
}
END_TEST

/* ---- transient members ---- */

START_TEST(transient_members_hear_answers_alone) {
  join(&world, &bob);
  join_transient(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&bob, ED_APPEND, "a", "2");
  PUSH(&ann, ED_APPEND, "a", "3");
  get(&ann, "a", 1);
  get(&ann, "unknown", 0);
  ping(&ann, 1);
  PUSH(&bob, ED_RELAY, "a", "4");
  turn(&world);
  EXPECT(&ann, "size a 3 | init a [2@2 3@3] | init unknown [] | pong 1");
  EXPECT(&bob, "push a=1 @1 | push a=2 @2 | size a 2 | push a=3 @3 | push a=4 @4 | size a 3");
  ck_assert_uint_eq(ed_room_members(world.room), 1);
  ck_assert_uint_eq(streams(&world), 1); /* to ask for a key does not begin it */
  leave(&ann);
  leave(&bob);
}
END_TEST

/* ---- joining and leaving ---- */

START_TEST(limits_members) {
  world.space.limits.members = 2;
  join(&world, &ann);
  join(&world, &bob);
  fake_prepare(&eve, ED_JSON);
  REFUSED(ed_room_join(world.room, &eve.member, &eve.fault), &eve, ED_FAULT_ROOM_FULL, "limits.members");
  ck_assert_ptr_null(eve.member.room);
  join_transient(&world, &eve); /* an HTTP call is none of them */
  leave(&eve);
  leave(&ann);
  join(&world, &eve);
  leave(&eve);
  leave(&bob);
}
END_TEST

START_TEST(ids_are_unique) {
  join(&world, &ann);
  join(&world, &bob);
  uint64_t first = ann.member.id, second = bob.member.id;
  ck_assert(first >= 1 && second > first);
  leave(&bob);
  join(&world, &bob);
  ck_assert_uint_gt(bob.member.id, second);
  leave(&ann);
  leave(&bob);
}
END_TEST

/* Every kind of member, leaving with pushes of the turn still on their way: the others hear them, and the room keeps
 * nothing that points to who has gone (ASan). */
START_TEST(leave_in_mid_turn) {
  struct fake deb;
  join_as(&world, &ann, (enum ed_encoding)_i);
  join(&world, &bob);
  join(&world, &eve);
  join_debug(&world, &deb, ED_CBOR);
  subscribe(&ann, "a");
  subscribe(&ann, "b");
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "a", "2");
  leave(&ann);
  PUSH(&bob, ED_APPEND, "a", "3");
  leave(&bob);
  leave(&deb);
  turn(&world);
  EXPECT(&eve, "push a=1 @1 | push a=2 @2 | push a=3 @3");
  ck_assert_uint_eq(streams(&world), 1);
  leave(&eve);
}
END_TEST

/* The vacant are freed: nothing retained, nobody hears it. */
START_TEST(vacant_streams_go) {
  join(&world, &ann);
  join(&world, &bob);
  PUSH(&bob, ED_RELAY, "relay", "1");
  ck_assert_uint_eq(streams(&world), 1); /* the outbox still speaks of it */
  turn(&world);
  ck_assert_uint_eq(streams(&world), 0);
  EXPECT(&ann, "push relay=1 @1");

  get(&ann, "a", 0);
  get(&bob, "a", 0);
  leave(&ann);
  ck_assert_uint_eq(streams(&world), 1);
  leave(&bob);
  ck_assert_uint_eq(streams(&world), 0);

  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "kept", "1");
  leave(&ann);
  ck_assert_uint_eq(streams(&world), 1);
}
END_TEST

START_TEST(a_refused_push_leaves_no_key) {
  join(&world, &ann);
  REFUSED(try_push(&ann, ED_COMPACT, "a", 5, "1"), &ann, ED_FAULT_BAD_SEQ, "5");
  ck_assert_uint_eq(streams(&world), 0);
  leave(&ann);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/room");
  TCase *tests = tcase_create("room");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_loop_test(tests, without_a_get_everything, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, from_the_first_get_on_its_keys, ED_JSON, ED_CBOR + 1);
  tcase_add_test(tests, get_with_null_subscribes_without_init);
  tcase_add_loop_test(tests, two_gets_subscribe_once, ED_JSON, ED_CBOR + 1);
  tcase_add_test(tests, unsubscribed);
  tcase_add_loop_test(tests, init_and_pushes_join, ED_JSON, ED_CBOR + 1);
  tcase_add_test(tests, get_of_an_unknown_key);
  tcase_add_test(tests, a_newcomer_hears_nothing_of_before);
  tcase_add_loop_test(tests, ping_and_tell_keep_the_order, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, debug_hears_inits, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, debug_hears_what_goes, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, debug_what_goes_with_the_room, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, debug_hears_everything_once_whatever_it_asks, ED_JSON, ED_CBOR + 1);
  tcase_add_loop_test(tests, debug_init_for_every_key, ED_JSON, ED_CBOR + 1);
  tcase_add_test(tests, transient_members_hear_answers_alone);
  tcase_add_test(tests, limits_members);
  tcase_add_test(tests, ids_are_unique);
  tcase_add_loop_test(tests, leave_in_mid_turn, ED_JSON, ED_CBOR + 1);
  tcase_add_test(tests, vacant_streams_go);
  tcase_add_test(tests, a_refused_push_leaves_no_key);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
