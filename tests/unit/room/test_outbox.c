/* core/room/outbox: frames written once and shared, held back until they are safe, and what becomes of the slow. */
#include "fake.h"

static struct world world;
static struct fake ann, bob, eve;

static void begin(void) {
  world_init(&world);
  join(&world, &ann);
  join(&world, &bob);
  join(&world, &eve);
}

static void end(void) {
  if (ann.member.room) leave(&ann);
  if (bob.member.room) leave(&bob);
  if (eve.member.room) leave(&eve);
  world_deinit(&world);
}

/* ---- one copy, one write ---- */

START_TEST(the_very_same_bytes_in_one_peek) {
  subscribe(&ann, "a");
  subscribe(&bob, "a");
  subscribe(&eve, "other");
  ann.stalls = bob.stalls = true; /* so that what they are given can be looked at */
  for (int i = 0; i < 50; i++) PUSH(&eve, ED_RELAY, "a", "1");
  ck_assert_uint_eq(world.room->feeds[ED_JSON].runs_len, 1); /* nor a note per push */
  turn(&world);
  struct ed_span to_ann, to_bob;
  ck_assert(ed_member_peek(&ann.member, &to_ann));
  ck_assert(ed_member_peek(&bob.member, &to_bob));
  ck_assert_ptr_eq(to_ann.at, to_bob.at); /* no copy per receiver */
  ck_assert_uint_eq(to_ann.len, to_bob.len);
  ck_assert_uint_eq(to_ann.len, ann.member.queue.bytes); /* all of the turn in one run */
  ann.stalls = false;
  fake_pull(&ann);
  ck_assert_uint_eq(ann.peeks, 1);
  ck_assert_ptr_nonnull(strstr(fake_heard(&ann), "push a=1 @50"));
}
END_TEST

START_TEST(one_delivery_a_turn) {
  for (int i = 0; i < 10; i++) PUSH(&ann, ED_RELAY, "a", "1"), PUSH(&bob, ED_RELAY, "b", "1");
  turn(&world);
  ck_assert_uint_eq(eve.delivered, 1);
  ck_assert_uint_eq(eve.peeks, 1);
  turn(&world);
  ck_assert_uint_eq(eve.delivered, 1); /* nothing new, no call */
}
END_TEST

/* What one alone is told in between does not break up what all are told. */
START_TEST(one_send_past_the_queue) {
  subscribe(&ann, "a");
  subscribe(&bob, "a");
  subscribe(&eve, "a");
  fake_sends(&ann);
  fake_sends(&bob);
  fake_sends(&eve);
  bob.takes = 70; /* and then no more: the rest is queued */
  for (int i = 0; i < 3; i++) PUSH(&eve, ED_APPEND, "a", "1");
  turn(&world);
  ck_assert_uint_eq(ann.sends, 1);
  ck_assert_uint_eq(ann.delivered, 0);
  ck_assert_uint_eq(ann.member.queue.bytes, 0);
  EXPECT(&ann, "push a=1 @1 | push a=1 @2 | push a=1 @3");
  ck_assert_uint_eq(eve.sends, 0); /* she has answers between */
  EXPECT(&eve, "push a=1 @1 | push a=1 @2 | size a 2 | push a=1 @3 | size a 3");
  ck_assert(bob.member.blocked);
  ck_assert_uint_gt(bob.member.queue.bytes, 0);
  ck_assert_uint_eq(world.hub.counts.queued, bob.member.queue.bytes);
  bob.stalls = false;
  fake_pull(&bob);
  EXPECT(&bob, "push a=1 @1 | push a=1 @2 | push a=1 @3");

  PUSH(&ann, ED_RELAY, "a", "2"); /* of two audiences: through the queues */
  subscribe(&ann, "b");
  PUSH(&eve, ED_RELAY, "b", "3");
  PUSH(&eve, ED_RELAY, "a", "4");
  turn(&world);
  EXPECT(&ann, "push a=2 @4 | size a 3 | push b=3 @5 | push a=4 @6");
  EXPECT(&bob, "push a=2 @4 | push a=4 @6");

  ed_room_open_outbox(world.room, 6); /* held: not sent before it opens */
  PUSH(&eve, ED_RELAY, "a", "5");
  turn(&world);
  EXPECT(&ann, "");
  ed_room_open_outbox(world.room, UINT64_MAX);
  turn(&world);
  EXPECT(&ann, "push a=5 @7");
}
END_TEST

START_TEST(others_make_gaps) {
  subscribe(&ann, "a");
  PUSH(&bob, ED_RELAY, "a", "1");
  PUSH(&bob, ED_RELAY, "b", "2");
  PUSH(&bob, ED_RELAY, "a", "3");
  turn(&world);
  ck_assert_uint_eq(ann.peeks, 2);
  ck_assert_uint_eq(bob.peeks, 1);
  EXPECT(&ann, "push a=1 @1 | push a=3 @3");
}
END_TEST

/* More in one turn than a chunk holds: it is cut between frames, and stays in order. */
START_TEST(many_chunks) {
  char value[10003];
  memset(value, 'x', sizeof value);
  value[0] = value[10001] = '"';
  value[10002] = 0;
  subscribe(&ann, "a");
  for (int i = 0; i < 100; i++) PUSH(&bob, ED_RELAY, i % 2 ? "a" : "b", value);
  turn(&world);
  const char *heard = fake_heard(&bob);
  for (unsigned i = 1; i <= 100; i++) {
    char want[32];
    snprintf(want, sizeof want, "\" @%u", i);
    heard = strstr(heard, want);
    ck_assert_msg(heard != NULL, "no %s", want);
  }
  ck_assert_uint_gt(bob.peeks, 1);
}
END_TEST

START_TEST(a_wild_turn_is_given_back) {
  for (int i = 0; i < 1000; i++) PUSH(&bob, ED_RELAY, i % 2 ? "a" : "b", "1");
  const struct ed_feed *feed = &world.room->feeds[ED_JSON];
  ck_assert_uint_eq(feed->runs_len, 1000);
  turn(&world);
  ck_assert_ptr_null(feed->chunk);
  ck_assert_ptr_null(feed->runs);
  ck_assert_uint_eq(feed->runs_cap, 0);
  ck_assert_uint_eq(streams(&world), 0);
}
END_TEST

START_TEST(chunks_serve_again) {
  PUSH(&bob, ED_RELAY, "a", "1");
  const struct ed_chunk *first = world.room->feeds[ED_JSON].chunk;
  turn(&world);
  ck_assert_uint_eq(world.hub.spare_len, 1);
  eve.stalls = true;
  PUSH(&bob, ED_RELAY, "a", "2");
  ck_assert_ptr_eq(world.room->feeds[ED_JSON].chunk, first); /* with its memory, and without its bytes */
  turn(&world);
  ck_assert_uint_eq(world.hub.spare_len, 0); /* eve has still to read it */
  PUSH(&bob, ED_RELAY, "a", "3");
  ck_assert_ptr_ne(world.room->feeds[ED_JSON].chunk, first);
  turn(&world);
  EXPECT(&ann, "push a=1 @1 | push a=2 @2 | push a=3 @3");
  eve.stalls = false;
  fake_pull(&eve);
  EXPECT(&eve, "push a=1 @1 | push a=2 @2 | push a=3 @3");

  char value[20 * 1024]; /* one that has grown large is not kept */
  memset(value, '1', sizeof value - 1);
  value[sizeof value - 1] = 0;
  PUSH(&bob, ED_RELAY, "a", value);
  size_t before = world.hub.spare_bytes;
  turn(&world);
  ck_assert_uint_le(world.hub.spare_bytes, before);
}
END_TEST

START_TEST(no_frames_that_nobody_hears) {
  leave(&ann);
  leave(&bob);
  subscribe(&eve, "a");
  PUSH(&eve, ED_RELAY, "b", "1");
  ck_assert_ptr_null(world.room->feeds[ED_JSON].chunk);
  PUSH(&eve, ED_RELAY, "a", "1");
  ck_assert_ptr_nonnull(world.room->feeds[ED_JSON].chunk);
  ck_assert_ptr_null(world.room->feeds[ED_CBOR].chunk);
}
END_TEST

/* ---- the gate of the outbox ---- */

START_TEST(held_until_open) {
  ed_room_open_outbox(world.room, 2);
  for (int i = 1; i <= 4; i++) {
    PUSH(&ann, ED_RELAY, "a", "1");
    turn(&world);
  }
  EXPECT(&ann, "push a=1 @1 | push a=1 @2");
  EXPECT(&bob, "push a=1 @1 | push a=1 @2");
  ck_assert_uint_gt(bob.member.queue.bytes, 0);
  ed_room_open_outbox(world.room, 3);
  turn(&world);
  EXPECT(&bob, "push a=1 @3");
  turn(&world);
  EXPECT(&bob, "");
  ed_room_open_outbox(world.room, UINT64_MAX);
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  EXPECT(&bob, "push a=1 @4 | push a=1 @5");
}
END_TEST

START_TEST(a_turn_is_held_as_a_whole) {
  ed_room_open_outbox(world.room, 1);
  PUSH(&ann, ED_RELAY, "a", "1");
  PUSH(&ann, ED_RELAY, "a", "2");
  turn(&world);
  EXPECT(&bob, ""); /* the range ends with what is not safe yet */
  ed_room_open_outbox(world.room, 2);
  turn(&world);
  EXPECT(&bob, "push a=1 @1 | push a=2 @2");
}
END_TEST

START_TEST(answers_wait_with_what_they_depend_on) {
  struct fake http;
  ed_room_open_outbox(world.room, 0);
  ping(&bob, 1); /* before any message: depends on none */
  turn(&world);
  EXPECT(&bob, "pong 1");
  join_transient(&world, &http);
  PUSH(&http, ED_APPEND, "a", "1");
  PUSH(&http, ED_APPEND, "a", "2");
  get(&bob, "a", 0);
  ping(&eve, 2);
  turn(&world);
  EXPECT(&http, "");
  EXPECT(&bob, "");
  EXPECT(&eve, "");
  ed_room_open_outbox(world.room, 2);
  turn(&world);
  EXPECT(&http, "size a 2");
  EXPECT(&bob, "push a=1 @1 | push a=2 @2 | init a [1@1 2@2]");
  EXPECT(&eve, "push a=1 @1 | push a=2 @2 | pong 2");
  leave(&http);
}
END_TEST

START_TEST(held_and_stalled) {
  ed_room_open_outbox(world.room, 0);
  eve.stalls = true;
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  eve.member.blocked = true;
  ed_room_open_outbox(world.room, 1);
  turn(&world);
  EXPECT(&ann, "push a=1 @1");
  ck_assert_uint_eq(eve.delivered, 1); /* once before she was blocked, not after */
  eve.stalls = false;
  fake_pull(&eve); /* her socket is writeable again */
  EXPECT(&eve, "push a=1 @1");
}
END_TEST

static const struct ed_fault not_kept = {.code = ED_FAULT_STORAGE, .text = "not now"};

/* Who is told that nothing can be kept must not wait until it can; whatever else is wrong stays in order. */
START_TEST(what_cannot_be_kept_is_said_at_once) {
  subscribe(&ann, "a");
  ed_room_open_outbox(world.room, 1);
  PUSH(&bob, ED_APPEND, "a", "1");
  PUSH(&bob, ED_APPEND, "a", "2");
  ed_room_tell(&bob.member, &(struct ed_fault){.code = ED_FAULT_REFUSED, .text = "in order"}, NULL);
  ed_room_tell(&bob.member, &not_kept, NULL);
  ed_room_tell(&ann.member, &not_kept, NULL);
  turn(&world);
  EXPECT(&ann, "error not now");
  EXPECT(&bob, "error not now");
  for (int i = 0; i < 40; i++) PUSH(&bob, ED_RELAY, i % 2 ? "a" : "b", "3"), ed_room_tell(&ann.member, &not_kept, NULL);
  turn(&world);
  ck_assert_ptr_nonnull(strstr(fake_heard(&ann), "error not now | error not now"));
  ed_room_open_outbox(world.room, UINT64_MAX);
  turn(&world);
  const char *heard = fake_heard(&ann);
  ck_assert_ptr_eq(strstr(heard, "push a=1 @1 | push a=2 @2 | push a=3 @4 | push a=3 @6"), heard);
  ck_assert_ptr_null(strstr(heard, "error"));
  ck_assert_ptr_nonnull(strstr(fake_heard(&bob), "push a=2 @2 | size a 2 | error in order | push b=3 @3"));
  ck_assert_uint_eq(ann.member.queue.bytes + bob.member.queue.bytes, 0);
}
END_TEST

/* Never into the middle of a frame, whatever became of the range that holds it. */
START_TEST(nor_is_it_said_in_the_middle_of_a_frame) {
  eve.takes = 7;
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  eve.stalls = true;
  ed_room_open_outbox(world.room, 0); /* nobody would, but it is the worst case */
  ed_room_tell(&eve.member, &not_kept, NULL);
  PUSH(&ann, ED_RELAY, "a", "2");
  turn(&world);
  ed_room_open_outbox(world.room, UINT64_MAX);
  eve.stalls = eve.member.blocked = false;
  turn(&world);
  fake_pull(&eve);
  EXPECT(&eve, "push a=1 @1 | error not now | push a=2 @2");
}
END_TEST

/* ---- what is held makes nobody slow, and is bounded ---- */

START_TEST(who_may_not_be_sent_anything_is_not_slow) {
  world.space.limits.queue = 10000;
  ed_room_open_outbox(world.room, 0);
  int sent = 0;
  while (try_push(&ann, ED_RELAY, "a", 0, "\"some text\"") == 0) {
    if (++sent % 3 == 0) turn(&world);
    ck_assert_int_lt(sent, 1000);
  }
  ck_assert_int_gt(sent, 50); /* a push is some 60 bytes */
  ck_assert_int_eq(ann.fault.code, ED_FAULT_STORAGE);
  ck_assert_ptr_nonnull(strstr(ann.fault.text, "limits.queue"));
  ck_assert_int_eq(try_push(&bob, ED_COMPACT, "a", 1, "1"), -1);
  turn(&world);
  EXPECT(&eve, "");
  ck_assert_uint_le(eve.member.queue.bytes, 10000);
  eve.stalls = true; /* a reader that takes a moment when all of it comes at once */
  ed_room_open_outbox(world.room, UINT64_MAX);
  turn(&world);
  ck_assert_uint_eq(ann.closes + bob.closes + eve.closes, 0);
  ck_assert_uint_eq(ed_room_held(world.room), 0);
  eve.stalls = false;
  fake_pull(&eve);
  ck_assert_ptr_nonnull(strstr(fake_heard(&eve), " @1 | "));
  PUSH(&ann, ED_RELAY, "a", "1");
}
END_TEST

/* A disk that is always a turn behind: what was let go is forgotten in time, so the room is never refused for good. */
START_TEST(held_in_a_steady_stream) {
  world.space.limits.queue = 10000;
  uint64_t most = 0;
  for (int i = 0; i < 5000; i++) {
    uint64_t mark = world.room->mark;
    if (i == 0) ed_room_open_outbox(world.room, 0);
    for (int k = 0; k < 5; k++) PUSH(&ann, ED_APPEND, "a", "1");
    turn(&world);
    if (i % 10 == 0) COMPACT(&ann, "a", world.room->seq, "1");
    ed_room_open_outbox(world.room, mark);
    turn(&world);
    if (ed_room_held(world.room) > most) most = ed_room_held(world.room);
    ck_assert_uint_ge(ed_room_held(world.room), bob.member.queue.bytes); /* no less than what is */
  }
  ck_assert_uint_lt(most, 5000);
  ck_assert_uint_eq(ann.closes + bob.closes + eve.closes, 0);
}
END_TEST

/* Who does not read is slow also while something is held, and one that fills its own queue is. */
START_TEST(the_slow_are_slow_all_the_same) {
  world.space.limits.queue = 1000;
  eve.stalls = true;
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  while (eve.member.queue.bytes < 940) PUSH(&ann, ED_RELAY, "a", "1"), turn(&world);
  ed_room_open_outbox(world.room, world.room->mark);
  while (try_push(&ann, ED_RELAY, "a", 0, "1") == 0) turn(&world);
  ck_assert_uint_eq(eve.closes, 0);
  for (int i = 0; i < 100 && !bob.closes; i++) ping(&bob, 1), turn(&world);
  ck_assert_uint_eq(bob.closes, 1);
  ed_room_open_outbox(world.room, world.room->mark);
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  ck_assert_uint_eq(eve.closes, 1);
  ck_assert_uint_eq(ann.closes, 0);
}
END_TEST

/* ---- the slow ---- */

START_TEST(blocked_or_closing_since_it_was_ready) {
  PUSH(&ann, ED_RELAY, "a", "1");
  ed_room_dispatch(world.room); /* all three are on the list now */
  bob.member.blocked = true;
  ed_member_close(&eve.member, 1008, "for some reason");
  turn(&world);
  ck_assert_uint_eq(ann.delivered, 1);
  ck_assert_uint_eq(bob.delivered, 0);
  ck_assert_uint_eq(eve.delivered, 0);
  ed_member_close(&eve.member, 1001, "for another");
  ck_assert_uint_eq(eve.closes, 1);
  ck_assert_uint_eq(eve.close_code, 1008); /* the first reason is the one */
}
END_TEST

START_TEST(a_stalled_member_goes_on_where_it_was) {
  eve.takes = 7; /* in the middle of a frame */
  for (int i = 0; i < 3; i++) PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  ck_assert(eve.member.blocked);
  EXPECT(&eve, "");
  for (int i = 0; i < 100; i++) {
    PUSH(&ann, ED_RELAY, i % 2 ? "a" : "b", "2");
    turn(&world);
  }
  ck_assert_uint_eq(eve.delivered, 1); /* nobody calls who cannot take */
  eve.stalls = false;
  fake_pull(&eve);
  const char *heard = fake_heard(&eve);
  for (unsigned i = 1; i <= 103; i++) {
    char want[32];
    snprintf(want, sizeof want, " @%u", i);
    heard = strstr(heard, want);
    ck_assert_msg(heard != NULL, "no %s", want);
  }
  ck_assert_uint_eq(eve.member.queue.bytes, 0);
}
END_TEST

START_TEST(queue_limit) {
  world.space.limits.queue = 1000;
  eve.stalls = true;
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  size_t frame = eve.member.queue.bytes;
  while (eve.member.queue.bytes + frame + 1 <= 1000) { /* numbers of two digits are longer by one */
    PUSH(&ann, ED_RELAY, "a", "1");
    turn(&world);
    ck_assert_uint_eq(eve.closes, 0);
  }
  for (int i = 0; i < 20; i++) {
    PUSH(&ann, ED_RELAY, "a", "1");
    if (i % 5 == 0) turn(&world);
  }
  turn(&world);
  ck_assert_uint_eq(eve.closes, 1); /* once */
  ck_assert_uint_eq(eve.close_code, 1013);
  ck_assert_ptr_nonnull(strstr(eve.close_why, "limits.queue"));
  ck_assert_uint_le(eve.member.queue.bytes, 1000 + 5 * (frame + 2)); /* and nothing is added any more */
  ck_assert_uint_eq(ann.closes + bob.closes, 0);
  fake_heard(&bob);
  PUSH(&ann, ED_RELAY, "a", "9");
  turn(&world);
  ck_assert_ptr_eq(strstr(fake_heard(&bob), "push a=9 @"), bob.text.at); /* the others go on */
}
END_TEST

START_TEST(at_the_limit_and_past_it) {
  eve.stalls = true;
  PUSH(&ann, ED_RELAY, "a", "1");
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  world.space.limits.queue = eve.member.queue.bytes * 2;
  PUSH(&ann, ED_RELAY, "a", "1");
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  ck_assert_uint_eq(eve.member.queue.bytes, world.space.limits.queue);
  ck_assert_uint_eq(eve.closes, 0);
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&world);
  ck_assert_uint_eq(eve.closes, 1);
}
END_TEST

static void fill(const char *key, int count) {
  char value[1003];
  memset(value, 'x', sizeof value);
  value[0] = value[1001] = '"';
  value[1002] = 0;
  for (int i = 0; i < count; i++) PUSH(&bob, ED_APPEND, key, value);
  turn(&world);
}

/* What the room retains may be asked for, whatever the limit; asking again and again without reading may not. */
START_TEST(an_init_is_excused) {
  world.space.limits.queue = 5000;
  fill("a", 50);
  eve.stalls = true;
  get(&eve, "a", 0);
  turn(&world);
  get(&eve, "b", 0);
  turn(&world);
  ck_assert_uint_gt(eve.member.queue.bytes, 50000);
  ck_assert_uint_eq(eve.closes, 0);
  for (int i = 0; i < 5 && !eve.closes; i++) {
    get(&eve, "a", 0);
    turn(&world);
  }
  ck_assert_uint_eq(eve.closes, 1);
  ck_assert_uint_lt(eve.member.queue.bytes, 250000);
}
END_TEST

/* The same inside one turn, by one who could read: the answers are not made by the hundred before anybody looks. */
START_TEST(many_gets_in_one_turn) {
  world.space.limits.queue = 5000;
  fill("a", 50);
  for (int i = 0; i < 1000 && !eve.closes; i++) get(&eve, "a", 0);
  ck_assert_uint_eq(eve.closes, 1);
  ck_assert_uint_eq(eve.close_code, 1013);
  ck_assert_uint_lt(eve.member.queue.bytes, 250000);
}
END_TEST

START_TEST(many_debug_inits_in_one_turn) {
  struct fake deb;
  world.space.limits.queue = 100000;
  fill("a", 50);
  join_debug(&world, &deb, ED_JSON);
  turn(&world);
  fake_heard(&deb);
  for (int i = 0; i < 1000; i++) PUSH(&bob, ED_APPEND, "a", "1");
  ck_assert_uint_eq(deb.closes, 1);
  ck_assert_uint_lt(deb.member.queue.bytes, 1000000);
  ck_assert_uint_eq(ann.closes + bob.closes + eve.closes, 0);
  leave(&deb);
}
END_TEST

/* A stalled member that hears a little of a busy room does not hold on to all that the room says. */
START_TEST(a_slow_member_holds_little) {
  subscribe(&eve, "rare");
  eve.stalls = true;
  leave(&ann);
  for (int i = 0; i < 200; i++) {
    PUSH(&bob, ED_RELAY, "rare", "1");
    fill("busy", 20);
  }
  const struct ed_queue *queue = &eve.member.queue;
  size_t held = 0;
  for (uint32_t i = queue->head; i < queue->len; i++) held += queue->slots[i].chunk->buf.cap;
  ck_assert_uint_lt(held, (size_t)40 * 40000); /* of 200 chunks, at most those since the last spill */
  eve.stalls = false;
  fake_pull(&eve);
  ck_assert_ptr_nonnull(strstr(fake_heard(&eve), "push rare=1 @1 | push rare=1 @22 | push rare=1 @43 | "));
}
END_TEST

START_TEST(leave_with_runs_and_bytes_pending) {
  eve.stalls = true;
  fill("a", 3);
  PUSH(&ann, ED_RELAY, "b", "1");
  ping(&eve, 1);
  leave(&eve);
  turn(&world);
  ck_assert_ptr_nonnull(strstr(fake_heard(&ann), "push b=1 @4"));
  ck_assert_uint_eq(ed_room_members(world.room), 2);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/outbox");
  TCase *tests = tcase_create("outbox");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, the_very_same_bytes_in_one_peek);
  tcase_add_test(tests, one_delivery_a_turn);
  tcase_add_test(tests, one_send_past_the_queue);
  tcase_add_test(tests, others_make_gaps);
  tcase_add_test(tests, many_chunks);
  tcase_add_test(tests, a_wild_turn_is_given_back);
  tcase_add_test(tests, chunks_serve_again);
  tcase_add_test(tests, no_frames_that_nobody_hears);
  tcase_add_test(tests, held_until_open);
  tcase_add_test(tests, a_turn_is_held_as_a_whole);
  tcase_add_test(tests, answers_wait_with_what_they_depend_on);
  tcase_add_test(tests, held_and_stalled);
  tcase_add_test(tests, what_cannot_be_kept_is_said_at_once);
  tcase_add_test(tests, nor_is_it_said_in_the_middle_of_a_frame);
  tcase_add_test(tests, who_may_not_be_sent_anything_is_not_slow);
  tcase_add_test(tests, held_in_a_steady_stream);
  tcase_add_test(tests, the_slow_are_slow_all_the_same);
  tcase_add_test(tests, blocked_or_closing_since_it_was_ready);
  tcase_add_test(tests, a_stalled_member_goes_on_where_it_was);
  tcase_add_test(tests, queue_limit);
  tcase_add_test(tests, at_the_limit_and_past_it);
  tcase_add_test(tests, an_init_is_excused);
  tcase_add_test(tests, many_gets_in_one_turn);
  tcase_add_test(tests, many_debug_inits_in_one_turn);
  tcase_add_test(tests, a_slow_member_holds_little);
  tcase_add_test(tests, leave_with_runs_and_bytes_pending);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
