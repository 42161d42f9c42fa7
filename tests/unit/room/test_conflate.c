/* core/room/conflate: what a slow member is not told, and what it is told all the same. */
#include "room/conflate.h"

#include "fake.h"

static struct world world;
static struct fake ann, bob;

static void begin(void) {
  world_init(&world);
  world.space.slow = ED_SLOW_CONFLATE;
  world.space.limits.queue = 2000;
}

static void end(void) {
  if (ann.member.room) leave(&ann);
  if (bob.member.room) leave(&bob);
  world_deinit(&world);
}

/* bob hears all and reads nothing; ann hears nothing. */
static void stall(enum ed_encoding encoding) {
  join_as(&world, &bob, encoding);
  join(&world, &ann);
  subscribe(&ann, "-");
  turn(&world);
  bob.stalls = bob.member.blocked = true;
}

/* He reads again; and what that is. */
static const char *awake(void) {
  bob.stalls = false;
  bob.takes = 0;
  fake_pull(&bob);
  turn(&world);
  return fake_heard(&bob);
}

/* A text of so many bytes in either encoding, and then a number. */
static const char *sized(size_t len, int number) {
  static char value[5000];
  int digits = snprintf(value, sizeof value, "\"%d", number);
  memset(value + digits, '.', len - (size_t)digits);
  strcpy(value + len, "\"");
  return value;
}

static void many(enum ed_action action, const char *key, int from, int to) {
  for (int i = from; i <= to; i++) {
    PUSH(&ann, action, key, sized(100, i));
    turn(&world);
    ck_assert_uint_le(ed_member_backlog(&bob.member), world.space.limits.queue);
  }
}

static size_t count(const char *text, const char *what) {
  size_t n = 0;
  for (; (text = strstr(text, what)) != NULL; text++) n++;
  return n;
}

/* Bytes of memory of the chunks that he holds on to. */
static size_t held_memory(void) {
  const struct ed_slot *slots = ed_queue_slots(&bob.member.queue);
  size_t cap = 0;
  for (uint32_t i = bob.member.queue.head; i < bob.member.queue.len; i++)
    if (i == bob.member.queue.head || slots[i].chunk != slots[i - 1].chunk) cap += slots[i].chunk->buf.cap;
  return cap;
}

/* And of all that belongs to them, more or less. */
static size_t held_weight(void) {
  const struct ed_slot *slots = ed_queue_slots(&bob.member.queue);
  size_t weight = 0;
  for (uint32_t i = bob.member.queue.head; i < bob.member.queue.len; i++) {
    const struct ed_notes *notes = slots[i].chunk->notes;
    weight += sizeof *slots;
    if (i != bob.member.queue.head && slots[i].chunk == slots[i - 1].chunk) continue;
    weight += slots[i].chunk->buf.cap + sizeof *slots[i].chunk + 48;
    if (notes) weight += sizeof *notes + notes->cap * sizeof *notes->at;
  }
  return weight;
}

/* ---- which go ---- */

START_TEST(the_latest_is_left) {
  stall((enum ed_encoding)_i);
  many(ED_REPLACE, "a", 1, 100);
  const char *heard = awake();
  ck_assert_uint_eq(bob.closes, 0);
  ck_assert_uint_lt(count(heard, "push a="), 20);
  ck_assert_ptr_nonnull(strstr(heard, "push a=\"100."));
  ck_assert_uint_eq(world.hub.counts.conflated + count(heard, "push a="), 100);
  ck_assert_uint_eq(world.hub.counts.slow, 0);
  ck_assert_uint_eq(world.hub.counts.queued, 0);
}
END_TEST

/* Each key by itself, however it is spelt. */
START_TEST(of_every_key) {
  static const char *const keys[] = {"a", "", "a\"b", "a\\\"b", "\n"};
  stall((enum ed_encoding)_i);
  for (int i = 0; i < 200; i++) many(ED_REPLACE, keys[i % 5], i, i);
  const char *heard = awake();
  ck_assert_uint_eq(bob.closes, 0);
  for (int i = 0; i < 5; i++) {
    char want[200];
    snprintf(want, sizeof want, "push %s=\"%d.", keys[i], 195 + i);
    ck_assert_msg(strstr(heard, want) != NULL, "no %s", want);
  }
}
END_TEST

START_TEST(relays_go_oldest_first) {
  stall((enum ed_encoding)_i);
  many(ED_RELAY, "r", 1, 9);
  ck_assert_uint_eq(world.hub.counts.conflated, 0);
  many(ED_RELAY, "r", 10, 30);
  const char *heard = awake();
  size_t left = count(heard, "push r=");
  ck_assert_uint_eq(bob.closes, 0);
  ck_assert_uint_ge(left, 6); /* half of the limit stays, for those that came last */
  for (size_t i = 31 - left; i <= 30; i++) {
    char want[32];
    snprintf(want, sizeof want, "push r=\"%zu.", i);
    ck_assert_msg(strstr(heard, want) != NULL, "no %s", want);
  }
}
END_TEST

/* What was replaced goes first, and where that is enough relays stay; one that came before a replace of its key goes with
 * what was replaced. */
START_TEST(relays_stay_where_they_can) {
  stall(ED_JSON);
  many(ED_RELAY, "a", 1, 1);
  many(ED_RELAY, "r", 2, 4);
  many(ED_REPLACE, "a", 5, 50);
  many(ED_RELAY, "a", 51, 51);
  const char *heard = awake();
  ck_assert_ptr_null(strstr(heard, "push a=\"1."));
  ck_assert_uint_eq(count(heard, "push r="), 3);
  ck_assert_ptr_nonnull(strstr(heard, "push a=\"50."));
  ck_assert_ptr_nonnull(strstr(heard, "push a=\"51."));
}
END_TEST

START_TEST(appends_never_go) {
  stall((enum ed_encoding)_i);
  many(ED_APPEND, "a", 1, 5);
  many(ED_REPLACE, "b", 1, 50);
  many(ED_RELAY, "a", 6, 50);
  many(ED_REPLACE, "a", 51, 51); /* not even where the key was replaced */
  many(ED_REPLACE, "b", 51, 100);
  const char *heard = awake();
  ck_assert_uint_eq(bob.closes, 0);
  for (int i = 1; i <= 5; i++) {
    char want[32];
    snprintf(want, sizeof want, "push a=\"%d.", i);
    ck_assert_msg(strstr(heard, want) != NULL, "no %s", want);
  }
  ck_assert_ptr_nonnull(strstr(heard, "push a=\"51."));
  ck_assert_ptr_nonnull(strstr(heard, "push b=\"100."));
}
END_TEST

/* More than the limit of what may not go: closed, and nothing of it was left out before. */
START_TEST(not_enough) {
  stall(ED_JSON);
  for (int i = 1; !bob.closes && i < 100; i++) {
    PUSH(&ann, ED_APPEND, "a", sized(100, i));
    PUSH(&ann, ED_RELAY, "r", sized(100, i));
    turn(&world);
  }
  ck_assert_uint_eq(bob.closes, 1);
  ck_assert_uint_eq(bob.close_code, 1013);
  ck_assert_uint_eq(world.hub.counts.slow, 1);
  const char *heard = awake();
  size_t appends = count(heard, "push a=");
  ck_assert_uint_ge(appends, 9);
  char want[32];
  snprintf(want, sizeof want, "push a=\"%zu.", appends);
  ck_assert_ptr_nonnull(strstr(heard, want));
}
END_TEST

START_TEST(answers_never_go) {
  join_v1(&world, &bob, ED_JSON);
  join(&world, &ann);
  subscribe(&ann, "-");
  turn(&world);
  fake_heard(&bob);
  bob.stalls = bob.member.blocked = true;
  struct ed_request push = {.type = ED_REQUEST_PUSH, .action = ED_REPLACE, .key = ED_LIT("a"), .value = ED_LIT("0"),
                            .id = ED_LIT("7")};
  ck_assert_int_eq(ask(&bob, &push), 0);
  push.action = ED_APPEND;
  ck_assert_int_eq(ask(&bob, &push), 0);
  get(&bob, "a", 0);
  subscribe(&bob, "b");
  ping(&bob, 9);
  ed_room_send(&bob.member, ED_LIT("a"), ED_JSON, ED_LIT("\"to bob\""));
  ed_room_tell(&bob.member, &(struct ed_fault){.code = ED_FAULT_REFUSED, .text = "no"}, NULL);
  many(ED_REPLACE, "a", 1, 100);
  many(ED_RELAY, "b", 1, 100);
  const char *heard = awake();
  ck_assert_uint_eq(bob.closes, 0);
  ck_assert_ptr_eq(strstr(heard, "ack 7 @1 | push a=0 @2 | size a 2 | ack 7 @2 | init a [0@1 0@2] | pong 9 | "
                                 "push a=\"to bob\" @2 | error refused no | "),
                   heard);
  ck_assert_ptr_nonnull(strstr(heard, "push a=\"100."));
}
END_TEST

/* Debug connections are sent whole keys: of those nothing goes, of relays the oldest. */
START_TEST(debug_connections) {
  join_debug(&world, &bob, ED_JSON);
  join(&world, &ann);
  bob.stalls = bob.member.blocked = true;
  many(ED_REPLACE, "a", 1, 5);
  many(ED_RELAY, "r", 1, 30);
  const char *heard = awake();
  ck_assert_uint_eq(bob.closes, 0);
  ck_assert_uint_eq(count(heard, "init a ["), 5);
  ck_assert_ptr_nonnull(strstr(heard, "push r=\"30."));
  ck_assert_ptr_null(strstr(heard, "push r=\"1."));
}
END_TEST

START_TEST(by_the_other_rule) {
  world.space.slow = ED_SLOW_CLOSE;
  stall(ED_JSON);
  for (int i = 1; !bob.closes && i < 100; i++) {
    PUSH(&ann, ED_REPLACE, "a", sized(100, i));
    turn(&world);
  }
  ck_assert_uint_eq(bob.close_code, 1013);
  ck_assert_uint_eq(world.hub.counts.conflated, 0);
  ck_assert_ptr_null(world.room->feeds[ED_JSON].chunk);
}
END_TEST

/* The rule changes while somebody is behind: what was queued before stays. */
START_TEST(the_rule_changes) {
  world.space.slow = ED_SLOW_CLOSE;
  world.space.limits.queue = 6000;
  stall(ED_JSON);
  bob.stalls = bob.member.blocked = false;
  bob.takes = 10;
  many(ED_REPLACE, "a", 1, 10);
  for (int i = 0; i < 40; i++) PUSH(&ann, ED_RELAY, i % 2 ? "-" : "a", "0"), turn(&world);
  world.space.slow = ED_SLOW_CONFLATE;
  many(ED_REPLACE, "b", 1, 50);
  const char *heard = awake();
  ck_assert_uint_eq(count(heard, "push a=\""), 10);
  ck_assert_ptr_nonnull(strstr(heard, "push b=\"50."));
}
END_TEST

/* ---- where it is held, and where it is half sent ---- */

/* What is not yet safe is not sent sooner for it, and what is, not later. */
/* Not by the doubling of buffers, either. */
START_TEST(what_waits_takes_its_own_length) {
  world.space.limits.queue = 1 << 20;
  stall(ED_JSON);
  for (int round = 0; round < 3; round++) {
    uint64_t before = world.hub.counts.conflated;
    for (int i = 0; world.hub.counts.conflated == before; i++) {
      for (int k = 0; k < i % 7 + 1; k++) PUSH(&ann, ED_RELAY, "a", sized((size_t)(100 + i * 37 % 900), i));
      turn(&world);
      ck_assert_uint_lt(held_memory(), ed_member_backlog(&bob.member) * 17 / 16 + 70000);
    }
    ck_assert_uint_lt(bob.member.queue.len - bob.member.queue.head, 40); /* its parts */
  }
}
END_TEST

/* Where each turn says one short thing. */
START_TEST(short_turns_weigh_no_more) {
  world.space.limits.queue = 1 << 20;
  stall(ED_JSON);
  size_t most = 0;
  for (int i = 0; i < 60000; i++) {
    PUSH(&ann, ED_RELAY, "a", "1");
    turn(&world);
    if (held_weight() > most) most = held_weight();
  }
  ck_assert_uint_gt(world.hub.counts.conflated, 1000);
  ck_assert_uint_lt(most, (1 << 20) * 3 / 2);
}
END_TEST

START_TEST(held) {
  world.space.limits.queue = 20000;
  stall(ED_JSON);
  many(ED_REPLACE, "a", 1, 5);
  many(ED_RELAY, "r", 6, 10);
  ed_room_open_outbox(world.room, 10);
  many(ED_REPLACE, "b", 11, 20);
  many(ED_REPLACE, "r", 21, 21);
  size_t before = bob.member.queue.bytes;
  ck_assert_uint_eq(ed_queue_conflate(&bob.member.queue, world.room->open, before, 20000, &world.hub.secret),
                    4 + 9 + 5);
  world.hub.counts.queued -= before - bob.member.queue.bytes;
  bob.stalls = false;
  fake_pull(&bob);
  const char *heard = fake_heard(&bob);
  ck_assert_ptr_eq(strstr(heard, "push a=\"5."), heard);
  ck_assert_ptr_null(strstr(heard, "push b="));
  ed_room_open_outbox(world.room, 20);
  turn(&world);
  heard = fake_heard(&bob);
  ck_assert_ptr_eq(strstr(heard, "push b=\"20."), heard);
  ck_assert_ptr_null(strstr(heard, "push r="));
  ed_room_open_outbox(world.room, 21);
  turn(&world);
  ck_assert_ptr_nonnull(strstr(fake_heard(&bob), "push r=\"21."));
}
END_TEST

/* Sockets take any number of bytes: the rest of a frame goes out as it is, whatever is out of date by then. */
START_TEST(half_sent) {
  stall((enum ed_encoding)(_i & 1));
  if (_i & 2) fake_sends(&bob);
  bob.stalls = bob.member.blocked = false;
  bob.takes = 1 + (size_t)_i * 7;
  many(ED_REPLACE, "a", 1, 7);
  many(ED_REPLACE, "a", 8, 60);
  bob.takes = 50; /* and again, from what was put together before */
  bob.stalls = bob.member.blocked = false;
  fake_pull(&bob);
  many(ED_REPLACE, "a", 61, 120);
  const char *heard = awake(); /* reads frames: it would not, were one cut */
  ck_assert_uint_eq(bob.closes, 0);
  ck_assert_ptr_nonnull(strstr(heard, "push a=\"120."));
  ck_assert_uint_eq(world.hub.counts.conflated + count(heard, "push a="), 120);
}
END_TEST

/* ---- runs against what must hold ---- */

#define KEYS 6

struct said {
  enum ed_action action;
  size_t key;
  uint64_t seq;
};

static uint32_t state;
static uint32_t dice(uint32_t sides) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % sides;
}

/* What was heard of what was said: each at most once and in order; every append; of relays and replaces those alone are
 * missing that may be. */
static void judge(const struct said *said, size_t said_len, const char *heard) {
  bool replaced_later[KEYS] = {false}, *there = calloc(said_len + 1, sizeof *there);
  uint64_t before = 0;
  for (const char *at = heard; (at = strstr(at, "@")) != NULL; at++) {
    uint64_t seq = strtoull(at + 1, NULL, 10);
    ck_assert_uint_gt(seq, before);
    ck_assert_uint_le(seq, said_len);
    there[seq - 1] = true;
    before = seq;
  }
  for (size_t i = said_len; i-- > 0;) {
    ck_assert_uint_eq(said[i].seq, i + 1);
    if (!there[i]) {
      ck_assert_int_ne(said[i].action, ED_APPEND);
      if (said[i].action == ED_REPLACE) ck_assert_msg(replaced_later[said[i].key], "no latest of key %zu", said[i].key);
    }
    replaced_later[said[i].key] |= said[i].action == ED_REPLACE;
  }
  free(there);
}

START_TEST(random_run) {
  static const char *const keys[KEYS] = {"a", "b", "c", "d", "", "\"\\\n"};
  struct said *said = calloc(3000, sizeof *said);
  struct ed_buf all = {0};
  size_t said_len = 0;
  state = (uint32_t)_i * 2654435761u + 1;
  world.space.limits.queue = 30000;
  stall((enum ed_encoding)(_i & 1));
  if (_i & 2) fake_sends(&bob);
  bob.stalls = bob.member.blocked = false;
  for (int step = 0; step < 4000 && said_len < 3000; step++) {
    uint32_t what = dice(100);
    if (what < 75) {
      enum ed_action action = what < 8 ? ED_APPEND : what < 40 ? ED_RELAY : ED_REPLACE;
      size_t key = dice(KEYS);
      if (try_push(&ann, action, keys[key], 0, sized(20 + dice(dice(50) ? 100 : 4000), (int)said_len)) < 0) {
        ck_assert_int_eq(ann.fault.code, ED_FAULT_STORAGE); /* too much is held */
        continue;
      }
      said[said_len] = (struct said){action, key, said_len + 1};
      said_len++;
    } else if (what < 90) {
      turn(&world); /* what is held, which is bounded, does not count */
      ck_assert_uint_le(ed_member_backlog(&bob.member), 2 * world.space.limits.queue);
    } else if (what < 97) {
      bob.stalls = bob.member.blocked = dice(3) != 0;
      bob.takes = dice(4) ? 1 + dice(3000) : 0;
      if (!bob.stalls) fake_pull(&bob);
    } else {
      ed_room_open_outbox(world.room, dice(2) ? UINT64_MAX : world.room->mark + dice(5));
    }
    if (bob.closes) break; /* a run with too many appends: what came before counts all the same */
  }
  ed_room_open_outbox(world.room, UINT64_MAX);
  turn(&world);
  ed_buf_add_text(&all, awake());
  ed_buf_add_byte(&all, 0);
  ck_assert_uint_eq(bob.closes, 0);
  ck_assert_uint_gt(world.hub.counts.conflated, 100);
  judge(said, said_len, (char *)all.at);
  ed_buf_deinit(&all);
  free(said);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/conflate");
  TCase *tests = tcase_create("conflate");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_loop_test(tests, the_latest_is_left, 0, 2);
  tcase_add_loop_test(tests, of_every_key, 0, 2);
  tcase_add_loop_test(tests, relays_go_oldest_first, 0, 2);
  tcase_add_test(tests, relays_stay_where_they_can);
  tcase_add_loop_test(tests, appends_never_go, 0, 2);
  tcase_add_test(tests, not_enough);
  tcase_add_test(tests, answers_never_go);
  tcase_add_test(tests, debug_connections);
  tcase_add_test(tests, by_the_other_rule);
  tcase_add_test(tests, the_rule_changes);
  tcase_add_test(tests, what_waits_takes_its_own_length);
  tcase_add_test(tests, short_turns_weigh_no_more);
  tcase_add_test(tests, held);
  tcase_add_loop_test(tests, half_sent, 0, 40);
  tcase_add_loop_test(tests, random_run, 0, 30);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
