/* core/room/v1: hello, acks, errors with a code, resume, members. */
#include "room/v1.h"

#include "fake.h"

static struct world world;
static struct fake ann, bob, eve;

static void begin(void) { world_init(&world); }

static void end(void) {
  if (ann.member.room) leave(&ann);
  if (bob.member.room) leave(&bob);
  if (eve.member.room) leave(&eve);
  world_deinit(&world);
}

static void later(uint64_t ms) { world.timers.now_ms += ms; }

/* ---- hello, acks, errors ---- */

START_TEST(hello_comes_first) {
  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  turn(&world);
  join_v1(&world, &bob, (enum ed_encoding)_i);
  PUSH(&ann, ED_APPEND, "a", "2");
  turn(&world);
  EXPECT(&bob, "hello 2 @1 | push a=2 @2");
  ck_assert_uint_eq(bob.epoch, world.room->epoch);
  EXPECT(&ann, "push a=1 @1 | push a=2 @2 | size a 2");
}
END_TEST

START_TEST(hello_before_what_a_debug_connection_gets) {
  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  fake_prepare(&bob, ED_JSON);
  bob.member.v1 = bob.member.debug = true;
  ck_assert_int_eq(ed_room_join(world.room, &bob.member, &bob.fault), 0);
  turn(&world);
  EXPECT(&bob, "hello 2 @1 | init a [1@1]");
}
END_TEST

static int push_id(struct fake *fake, enum ed_action action, const char *key, uint64_t seq, const char *id) {
  struct ed_request request = {.type = ED_REQUEST_PUSH, .action = action, .key = ed_span_text(key), .seq = seq,
                               .encoding = ED_JSON, .value = ED_LIT("7"), .id = ed_span_text(id)};
  return ask(fake, &request);
}

/* The id comes back in the encoding that its sender reads. */
START_TEST(acks) {
  join_v1(&world, &ann, (enum ed_encoding)_i);
  ck_assert_int_eq(push_id(&ann, ED_APPEND, "a", 0, "\"\\u0078\""), 0);
  ck_assert_int_eq(push_id(&ann, ED_APPEND, "a", 0, "0"), 0);
  ck_assert_int_eq(push_id(&ann, ED_RELAY, "b", 0, "1"), 0);
  ck_assert_int_eq(push_id(&ann, ED_COMPACT, "a", 1, "2"), 0);
  PUSH(&ann, ED_RELAY, "b", "1");
  turn(&world);
  EXPECT(&ann, "hello 1 @0 | push a=7 @1 | ack \"x\" @1 | push a=7 @2 | size a 2 | ack 0 @2 | push b=7 @3 | ack 1 @3 | "
               "size a 2 | ack 2 @1 | push b=1 @4");
}
END_TEST

START_TEST(an_ack_waits_until_it_is_safe) {
  join_v1(&world, &ann, ED_JSON);
  turn(&world);
  EXPECT(&ann, "hello 1 @0");
  ed_room_open_outbox(world.room, 0);
  ck_assert_int_eq(push_id(&ann, ED_RELAY, "a", 0, "1"), 0);
  turn(&world);
  EXPECT(&ann, "");
  ed_room_open_outbox(world.room, 1);
  turn(&world);
  EXPECT(&ann, "push a=7 @1 | ack 1 @1");
}
END_TEST

START_TEST(errors_say_which) {
  join_v1(&world, &ann, (enum ed_encoding)_i);
  struct ed_request request = {.encoding = ED_JSON, .id = ED_LIT("\"q\"")};
  ck_assert_int_eq(push_id(&ann, ED_COMPACT, "a", 9, "\"q\""), -1);
  ed_room_tell(&ann.member, &ann.fault, &request);
  request.id.len = 0;
  ed_room_tell(&ann.member, &ann.fault, &request);
  ed_room_tell(&ann.member, &ann.fault, NULL);
  turn(&world);
  EXPECT(&ann, "hello 1 @0 | error bad_seq cannot compact up to 9: the room is at 0 for \"q\" | "
               "error bad_seq cannot compact up to 9: the room is at 0 | "
               "error bad_seq cannot compact up to 9: the room is at 0");
}
END_TEST

START_TEST(hints) {
  join_v1(&world, &ann, ED_JSON);
  join(&world, &bob);
  ed_room_hint(&ann.member, 1000, 5000);
  ed_room_hint(&bob.member, 1000, 5000);
  turn(&world);
  EXPECT(&ann, "hello 1 @0 | reconnect 1000 5000");
  EXPECT(&bob, "");
}
END_TEST

/* ---- a gate that drops and refuses ---- */

static void gate_begin(void *gate, struct ed_stream *stream) {
  (void)gate;
  stream->watched = 1;
}
static void gate_end(void *gate, struct ed_stream *stream) { (void)gate, (void)stream; }
static int gate_open(void *gate, struct ed_room *room, struct ed_fault *fault) {
  (void)gate, (void)room, (void)fault;
  return 0;
}
static void gate_close(void *gate, struct ed_room *room) { (void)gate, (void)room; }
static int gate_join(void *gate, struct ed_room *room, struct ed_member *member, struct ed_fault *fault) {
  (void)gate;
  ed_room_send(member, ED_LIT("welcome"), ED_JSON, ED_LIT("1"));
  const struct ed_push push = {.action = ED_RELAY, .encoding = ED_JSON, .value = ED_LIT("2")};
  ed_room_push(room, ED_LIT("joined"), &push, member, fault);
  return 0;
}
static void gate_leave(void *gate, struct ed_room *room, struct ed_member *member) {
  (void)gate, (void)room, (void)member;
}
static enum ed_verdict gate_push(void *gate, struct ed_stream *stream, struct ed_push *push, struct ed_member *member,
                                 struct ed_fault *fault) {
  (void)gate, (void)push, (void)member;
  if (strcmp(stream->key, "drop") == 0) return ED_DROP;
  if (strcmp(stream->key, "refuse") != 0) return ED_PASS;
  ed_fault(fault, ED_FAULT_REFUSED, "no");
  return ED_REFUSE;
}
static void gate_commit(void *gate, struct ed_stream *stream, const struct ed_push *push, struct ed_member *member) {
  (void)gate, (void)member;
  const struct ed_push echo = {.action = ED_RELAY, .encoding = ED_JSON, .value = push->value};
  struct ed_fault fault;
  if (strcmp(stream->key, "echo") == 0) ed_room_push(stream->room, ED_LIT("echoed"), &echo, member, &fault);
}

START_TEST(acks_and_the_gate) {
  static const struct ed_gate_ops ops = {.open = gate_open, .close = gate_close, .begin = gate_begin, .end = gate_end,
                                         .join = gate_join, .leave = gate_leave, .push = gate_push,
                                         .commit = gate_commit};
  struct world gated;
  world_init_gated(&gated, &ops, NULL);
  join_v1(&gated, &ann, ED_JSON);
  turn(&gated);
  EXPECT(&ann, "hello 1 @0 | push welcome=1 @0 | push joined=2 @1");
  ck_assert_int_eq(push_id(&ann, ED_APPEND, "drop", 0, "1"), 0);
  ck_assert_int_eq(push_id(&ann, ED_APPEND, "refuse", 0, "2"), -1);
  ck_assert_int_eq(push_id(&ann, ED_APPEND, "echo", 0, "3"), 0); /* what follows from it has no ack of its own */
  turn(&gated);
  EXPECT(&ann, "ack 1 @null | push echo=7 @2 | ack 3 @2 | push echoed=7 @3");
  leave(&ann);
  world_deinit(&gated);
}
END_TEST

/* ---- members ---- */

START_TEST(members_come_and_go) {
  struct fake http;
  join_v1(&world, &ann, ED_JSON);
  join(&world, &bob);
  ask_members(&ann, false);
  turn(&world);
  EXPECT(&ann, "hello 1 @0 | members 1 2");
  join_v1(&world, &eve, ED_CBOR);
  ask_members(&eve, false);
  ask_members(&eve, false); /* no second time */
  join_transient(&world, &http);
  leave(&http);
  leave(&bob);
  turn(&world);
  EXPECT(&ann, "join 3 | leave 2");
  EXPECT(&eve, "hello 3 @0 | members 1 2 3 | members 1 2 3 | leave 2");
  ask_members(&eve, true);
  ask_members(&eve, true);
  join(&world, &bob);
  turn(&world);
  EXPECT(&ann, "join 5");
  EXPECT(&eve, "");
  EXPECT(&bob, "");
  ask_members(&eve, false);
  leave(&ann);
  turn(&world);
  EXPECT(&eve, "members 1 5 3 | leave 1"); /* in no order */
}
END_TEST

/* A turn that speaks to one audience goes past the queues; what it says to the roster keeps its place all the same. */
START_TEST(events_and_pushes_keep_their_order) {
  join_v1(&world, &ann, ED_JSON);
  fake_sends(&ann);
  ask_members(&ann, false);
  turn(&world);
  fake_heard(&ann);
  join(&world, &bob);
  PUSH(&bob, ED_RELAY, "a", "1");
  leave(&bob);
  turn(&world);
  EXPECT(&ann, "join 2 | push a=1 @1 | leave 2");
  join(&world, &bob);
  PUSH(&bob, ED_RELAY, "a", "2");
  turn(&world);
  EXPECT(&ann, "join 3 | push a=2 @2");
}
END_TEST

/* ---- resume ---- */

/* What bob is told who comes back, and goes. */
static void back(uint64_t seq, const char *keys, const char *want) {
  join_v1(&world, &bob, ED_JSON);
  turn(&world);
  fake_heard(&bob);
  resume(&bob, seq, keys);
  turn(&world);
  EXPECT(&bob, want);
  leave(&bob);
}

START_TEST(appends_are_recovered) {
  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "b", "2");
  PUSH(&ann, ED_APPEND, "a", "3");
  PUSH(&ann, ED_REPLACE, "c", "4");
  back(4, "[\"a\",\"b\",\"c\"]", "resumed @4 a+[] b+[] c+[]");
  back(3, "[\"a\",\"b\",\"c\"]", "resumed @4 a+[] b+[] c+[4@4]");
  back(1, "[\"c\",\"a\",\"a\",\"b\"]", "resumed @4 c+[4@4] a+[3@3] b+[2@2]"); /* each once */
  back(0, "[\"a\",\"none\"]", "resumed @4 a+[1@1 3@3] none+[]");
  back(5, "[\"a\"]", "resumed @4 a-[1@1 3@3]"); /* it cannot have seen that */
  back(0, "[]", "resumed @4");
}
END_TEST

START_TEST(what_is_lost) {
  join(&world, &ann);
  get(&ann, "a", 0);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_RELAY, "a", "2");
  back(1, "[\"a\"]", "resumed @2 a-[1@1]");
  back(2, "[\"a\"]", "resumed @2 a+[]");
  PUSH(&ann, ED_REPLACE, "a", "3");
  back(2, "[\"a\"]", "resumed @3 a+[3@3]"); /* it saw what was replaced */
  PUSH(&ann, ED_REPLACE, "a", "4");
  back(2, "[\"a\"]", "resumed @4 a-[4@4]");
  back(3, "[\"a\"]", "resumed @4 a+[4@4]");
  PUSH(&ann, ED_APPEND, "a", "5");
  PUSH(&ann, ED_APPEND, "a", "6");
  PUSH(&ann, ED_APPEND, "a", "7");
  struct ed_stream *stream = ed_room_stream(world.room, ED_LIT("a"));
  ed_room_trim(stream, 1);
  back(3, "[\"a\"]", "resumed @7 a-[5@5 6@6 7@7]");
  back(4, "[\"a\"]", "resumed @7 a+[5@5 6@6 7@7]");
  ck_assert(ed_room_drop(stream, 6));
  back(5, "[\"a\"]", "resumed @7 a-[5@5 7@7]");
  back(6, "[\"a\"]", "resumed @7 a+[7@7]");
}
END_TEST

/* A base stands for what came before it, and is no message that anybody missed. */
START_TEST(compacted) {
  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "a", "2");
  PUSH(&ann, ED_RELAY, "b", "3");
  PUSH(&ann, ED_APPEND, "a", "4");
  COMPACT(&ann, "a", 3, "\"base\"");
  back(1, "[\"a\"]", "resumed @4 a-[\"base\"@3 4@4]");
  back(2, "[\"a\"]", "resumed @4 a+[4@4]");
  back(3, "[\"a\"]", "resumed @4 a+[4@4]");
  COMPACT(&ann, "a", 3, "\"anew\"");
  back(2, "[\"a\"]", "resumed @4 a+[4@4]");
  ed_room_trim(ed_room_stream(world.room, ED_LIT("a")), 1);
  back(2, "[\"a\"]", "resumed @4 a+[4@4]");
  COMPACT(&ann, "a", 4, "\"all\"");
  back(3, "[\"a\"]", "resumed @4 a-[\"all\"@4]");
  back(4, "[\"a\"]", "resumed @4 a+[]");
}
END_TEST

/* Streams that are gone leave their loss with the room. */
START_TEST(vacant_streams) {
  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_RELAY, "b", "2");
  PUSH(&ann, ED_APPEND, "a", "3");
  turn(&world);
  ck_assert_uint_eq(streams(&world), 1);
  back(1, "[\"a\",\"b\",\"c\"]", "resumed @3 a+[3@3] b-[] c-[]"); /* c: not known, so not said */
  back(2, "[\"a\",\"b\",\"c\"]", "resumed @3 a+[3@3] b+[] c+[]");
  ck_assert_uint_eq(streams(&world), 1);
  ed_room_trim(ed_room_stream(world.room, ED_LIT("a")), 2);
  back(2, "[\"a\",\"b\"]", "resumed @3 a-[] b-[]");
}
END_TEST

START_TEST(another_epoch) {
  join_v1(&world, &bob, ED_JSON);
  PUSH(&bob, ED_APPEND, "a", "1");
  ck_assert_int_eq(try_resume(&bob, world.room->epoch + 1, 1, "[\"a\"]"), 0);
  turn(&world);
  EXPECT(&bob, "hello 1 @0 | push a=1 @1 | resumed @1 a-[1@1]");
  struct ed_room *other = ed_hub_create(&world.hub, &world.space, ED_LIT("other"), NULL, NULL);
  ck_assert_uint_ne(other->epoch, world.room->epoch);
}
END_TEST

/* From the answer on it hears those keys, and only those, without a gap. */
START_TEST(goes_on) {
  join(&world, &ann);
  join_v1(&world, &bob, (enum ed_encoding)_i);
  turn(&world);
  fake_heard(&bob);
  subscribe(&bob, "c");
  PUSH(&ann, ED_APPEND, "a", "1");
  resume(&bob, 0, "[\"a\",\"b\",\"c\"]");
  PUSH(&ann, ED_APPEND, "a", "2");
  PUSH(&ann, ED_APPEND, "d", "3");
  PUSH(&ann, ED_APPEND, "c", "4");
  turn(&world);
  EXPECT(&bob, "resumed @1 a+[1@1] b+[] c+[] | push a=2 @2 | push c=4 @4");
  unsubscribe(&bob, "a");
  PUSH(&ann, ED_APPEND, "a", "5");
  resume(&bob, 4, "[]");
  turn(&world);
  EXPECT(&bob, "resumed @5");
  ck_assert_uint_eq(bob.member.subscriptions_len, 2);
  leave(&bob);
  join_v1(&world, &bob, ED_JSON);
  resume(&bob, 5, "[]"); /* it wants nothing: so it hears nothing */
  PUSH(&ann, ED_APPEND, "a", "6");
  turn(&world);
  EXPECT(&bob, "hello 3 @5 | resumed @5");
}
END_TEST

START_TEST(a_debug_connection_is_answered) {
  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  fake_prepare(&bob, ED_JSON);
  bob.member.v1 = bob.member.debug = true;
  ck_assert_int_eq(ed_room_join(world.room, &bob.member, &bob.fault), 0);
  turn(&world);
  fake_heard(&bob);
  resume(&bob, 0, "[\"a\"]");
  PUSH(&ann, ED_APPEND, "b", "2");
  turn(&world);
  EXPECT(&bob, "resumed @1 a+[1@1] | init b [2@2]");
}
END_TEST

START_TEST(too_many_keys) {
  join_v1(&world, &bob, ED_JSON);
  PUSH(&bob, ED_APPEND, "a", "1");
  world.space.limits.keys = 3;
  REFUSED(try_resume(&bob, world.room->epoch, 0, "[\"a\",\"b\",\"c\",\"d\"]"), &bob, ED_FAULT_ROOM_FULL, "limits.keys");
  ck_assert_uint_eq(streams(&world), 1);
  ck_assert(!bob.member.choosy);
  ck_assert_uint_eq(bob.member.subscriptions_len, 0);
  resume(&bob, 1, "[\"a\",\"b\",\"c\"]"); /* nothing is left over from before */
  turn(&world);
  EXPECT(&bob, "hello 1 @0 | push a=1 @1 | resumed @1 a+[] b+[] c+[]");
}
END_TEST

/* As an init: one may be as large as the room, but who asks again without reading is closed. */
START_TEST(answers_count_when_they_pile_up) {
  char value[1002];
  memset(value, 'x', sizeof value);
  value[0] = value[1000] = '"';
  value[1001] = 0;
  join_v1(&world, &bob, ED_JSON);
  join(&world, &ann);
  subscribe(&ann, "-");
  for (int i = 0; i < 20; i++) PUSH(&ann, ED_APPEND, "a", value);
  turn(&world);
  world.space.limits.queue = 5000;
  bob.stalls = bob.member.blocked = true;
  for (int i = 0; i < 3 && !bob.closes; i++) {
    resume(&bob, 0, "[\"a\"]");
    turn(&world);
    ck_assert_uint_eq(bob.closes, i > 0);
  }
  ck_assert_uint_eq(bob.close_code, 1013);
}
END_TEST

/* ---- how long ago ---- */

START_TEST(too_long_ago) {
  join_v1(&world, &ann, ED_JSON); /* the room keeps account from here on */
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "a", "2");
  turn(&world);
  later(world.space.resume_ms);
  back(1, "[\"a\"]", "resumed @2 a+[2@2]");
  later(1);
  back(1, "[\"a\"]", "resumed @2 a-[1@1 2@2]");
  back(2, "[\"a\"]", "resumed @2 a+[]"); /* it is not how old a number is, but since when there are others */
  PUSH(&ann, ED_APPEND, "a", "3");
  turn(&world);
  back(2, "[\"a\"]", "resumed @3 a+[3@3]");
  back(1, "[\"a\"]", "resumed @3 a-[1@1 2@2 3@3]");
}
END_TEST

/* A message every second for ten minutes: what is younger than the knob says is recovered, what is older by a quarter is
 * not, at any time. */
START_TEST(account_is_kept) {
  join_v1(&world, &ann, ED_JSON);
  subscribe(&ann, "-");
  for (uint64_t i = 1; i <= 600; i++) {
    later(1000);
    PUSH(&ann, ED_APPEND, "a", "1");
    turn(&world);
    ck_assert_uint_le(world.room->v1->moments_len, ED_V1_MOMENTS);
    if (i < 200) continue;
    join_v1(&world, &bob, ED_JSON);
    turn(&world);
    fake_heard(&bob);
    resume(&bob, i - 120, "[\"a\"]");
    turn(&world);
    ck_assert_msg(strstr(fake_heard(&bob), "a+[") != NULL, "at %d", (int)i);
    resume(&bob, i - 151, "[\"a\"]");
    turn(&world);
    ck_assert_msg(strstr(fake_heard(&bob), "a-[") != NULL, "at %d", (int)i);
    leave(&bob);
  }
}
END_TEST

/* The room fell silent soon after the last note of how late it was. */
START_TEST(a_burst_and_silence) {
  join_v1(&world, &ann, ED_JSON);
  PUSH(&ann, ED_APPEND, "a", "1");
  turn(&world);
  later(10);
  PUSH(&ann, ED_APPEND, "a", "2");
  PUSH(&ann, ED_APPEND, "a", "3");
  turn(&world);
  later(3600000);
  fake_heard(&ann);
  resume(&ann, 2, "[\"a\"]");
  turn(&world);
  EXPECT(&ann, "resumed @3 a-[1@1 2@2 3@3]");
  back(2, "[\"a\"]", "resumed @3 a-[1@1 2@2 3@3]");
}
END_TEST

START_TEST(never) {
  world.space.resume_ms = 0;
  join(&world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  back(1, "[\"a\"]", "resumed @1 a-[1@1]");
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/v1");
  TCase *tests = tcase_create("v1");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_loop_test(tests, hello_comes_first, 0, 2);
  tcase_add_test(tests, hello_before_what_a_debug_connection_gets);
  tcase_add_loop_test(tests, acks, 0, 2);
  tcase_add_test(tests, an_ack_waits_until_it_is_safe);
  tcase_add_loop_test(tests, errors_say_which, 0, 2);
  tcase_add_test(tests, hints);
  tcase_add_test(tests, acks_and_the_gate);
  tcase_add_test(tests, members_come_and_go);
  tcase_add_test(tests, events_and_pushes_keep_their_order);
  tcase_add_test(tests, appends_are_recovered);
  tcase_add_test(tests, what_is_lost);
  tcase_add_test(tests, compacted);
  tcase_add_test(tests, vacant_streams);
  tcase_add_test(tests, another_epoch);
  tcase_add_loop_test(tests, goes_on, 0, 2);
  tcase_add_test(tests, a_debug_connection_is_answered);
  tcase_add_test(tests, too_many_keys);
  tcase_add_test(tests, answers_count_when_they_pile_up);
  tcase_add_test(tests, too_long_ago);
  tcase_add_test(tests, account_is_kept);
  tcase_add_test(tests, a_burst_and_silence);
  tcase_add_test(tests, never);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
