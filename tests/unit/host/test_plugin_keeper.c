/* core/room/keeper and core/host/chain: rooms that are kept, with a keeper in memory. */
#include "host/memory_keeper.h"

#define STEPS 3000

static struct plugged plugged;
static struct fake ann, bob;

static void begin(void) {
  memset(&keeper, 0, sizeof keeper);
  plugged_init(&plugged, NULL, NULL);
  plugged.world.space.unload_ms = 5000;
  plugged.world.timers.epoch_ms = 1600000000000;
  plug(&plugged, &KEEPER);
  plugged_begin(&plugged);
}

static void end(void) {
  plugged_deinit(&plugged);
  ck_assert_uint_eq(keeper.opened, keeper.closed);
  keeper_deinit();
}

static struct ed_room *in_memory(void) { return ed_hub_find(&plugged.world.hub, &plugged.world.space, ED_LIT("room")); }

static struct ed_room *ask_for(const char *id, struct ed_fault *fault) {
  plugged.world.room = ed_hub_get(&plugged.world.hub, &plugged.world.space, ed_span_text(id), fault);
  return plugged.world.room;
}

/* The room leaves memory, and is loaded again. */
static void away_and_back(void) {
  struct ed_room *room = in_memory();
  ck_assert_ptr_nonnull(room);
  ed_hub_flush(&plugged.world.hub);
  ed_hub_unload(room);
  ck_assert_ptr_null(in_memory());
  ck_assert_ptr_nonnull(ask_for("room", NULL));
}

/* ---- coming and going ---- */

START_TEST(unseen) {
  join(&plugged.world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "a", "{\"x\": 0.10}");
  PUSH(&ann, ED_APPEND, "a", "3");
  COMPACT(&ann, "a", 2, "\"base\"");
  PUSH(&ann, ED_REPLACE, "b", "4");
  PUSH(&ann, ED_REPLACE, "b", "5");
  PUSH(&ann, ED_RELAY, "c", "6"); /* 6 */
  struct ed_room *before = plugged.world.room;
  int64_t time_ms = ed_stream_at(ed_room_stream(before, ED_LIT("b")), 0)->time_ms;
  leave(&ann);
  pass_time(&plugged, 4999);
  ck_assert_ptr_eq(in_memory(), before);
  pass_time(&plugged, 1);
  ck_assert_ptr_null(in_memory());
  ck_assert_uint_eq(plugged.world.hub.counts.unloads, 1);

  struct ed_room *room = ask_for("room", NULL);
  ck_assert_ptr_nonnull(room);
  ck_assert_uint_eq(plugged.world.hub.counts.loads, 1);
  ck_assert_int_eq(ed_stream_at(ed_room_stream(room, ED_LIT("b")), 0)->time_ms, time_ms);
  ck_assert_uint_eq(room->mark, 6);
  ck_assert_uint_eq(room->messages, 3);
  ck_assert_uint_eq(room->bytes, 6 + 1 + 1);
  join_as(&plugged.world, &bob, ED_CBOR);
  get(&bob, "a", 0);
  get(&bob, "b", 0);
  COMPACT(&bob, "a", 1, "9"); /* behind the base, still: ignored, and answered as usual */
  PUSH(&bob, ED_APPEND, "a", "7");
  turn(&plugged.world);
  EXPECT(&bob, "init a [\"base\"@2 3@3] | init b [5@5] | size a 2 | push a=7 @7 | size a 3");
  leave(&bob);
}
END_TEST

START_TEST(asked_for_and_left_alone) {
  pass_time(&plugged, 5000);
  ck_assert_ptr_null(in_memory());
  ck_assert_ptr_nonnull(ask_for("room", NULL)); /* as GET /room/ID does: nobody joins */
  pass_time(&plugged, 5000);
  ck_assert_ptr_null(in_memory());
}
END_TEST

START_TEST(idle_deletes) {
  plugged.world.space.unload_ms = 0; /* never */
  ck_assert_ptr_nonnull(plugged_create(&plugged, "two", NULL));
  ck_assert_ptr_nonnull(kept("space/two"));
  for (int i = 0; i < 59; i++) pass_time(&plugged, 1000);
  ck_assert_uint_eq(ed_hub_rooms(&plugged.world.hub), 2);
  pass_time(&plugged, 1000);
  ck_assert_uint_eq(ed_hub_rooms(&plugged.world.hub), 0);
  ck_assert_ptr_null(kept("space/two"));
  ck_assert_ptr_null(kept("space/room"));
}
END_TEST

START_TEST(deleted_with_members_in_it) {
  join(&plugged.world, &ann);
  ed_hub_remove(plugged.world.room);
  ck_assert_ptr_null(kept("space/room")); /* at once: the name is free */
  struct ed_room *again = plugged_create(&plugged, "room", NULL);
  ck_assert_ptr_nonnull(again);
  leave(&ann);
  ck_assert_ptr_eq(in_memory(), again);
  ck_assert_ptr_nonnull(kept("space/room"));
}
END_TEST

START_TEST(at_the_end) {
  ck_assert_ptr_nonnull(plugged_create(&plugged, "two", NULL));
  ed_hub_deinit(&plugged.world.hub);
  ck_assert_ptr_nonnull(kept("space/room"));
  ck_assert_ptr_nonnull(kept("space/two"));
  ck_assert_uint_eq(keeper.closed, 2);
}
END_TEST

/* ---- what must not be ---- */

START_TEST(failed_load) {
  struct fake asks;
  join(&plugged.world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  leave(&ann);
  pass_time(&plugged, 5000);
  keeper.load_error = -EIO;
  REFUSED(ask_for("room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_STORAGE, "cannot be loaded");
  REFUSED(plugged_create(&plugged, "room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_STORAGE, "cannot be loaded");
  REFUSED(ask_for("none", &asks.fault) ? 0 : -1, &asks, ED_FAULT_STORAGE,
          ""); /* it cannot be said that there is none */
  ck_assert_uint_eq(ed_hub_rooms(&plugged.world.hub), 0);
  ck_assert_uint_eq(plugged.world.hub.counts.load_failures, 3);
  keeper.load_error = 0;
  REFUSED(ask_for("none", &asks.fault) ? 0 : -1, &asks, ED_FAULT_NO_ROOM, "");
  ck_assert_ptr_nonnull(ask_for("room", NULL));
  ck_assert_uint_eq(plugged.world.room->seq, 1);
  ck_assert_uint_eq(plugged.world.room->messages, 1);
}
END_TEST

/* Strangers ask for rooms at the rate that they please. */
START_TEST(failed_loads_are_told_once_a_second) {
  char *said = NULL;
  size_t len;
  FILE *out = open_memstream(&said, &len);
  const struct ed_log log = {.out = out, .level = ED_LOG_DEBUG};
  plugged.plugins->log = &log;
  struct ed_fault fault;
  char id[16];
  for (int i = 0; i < 1000; i++) {
    keeper.load_error = i % 10 ? -EIO : -ENOBUFS;
    snprintf(id, sizeof id, "room%d", i);
    ck_assert_ptr_null(ask_for(id, &fault));
  }
  pass_time(&plugged, 1000);
  keeper.load_error = -EIO;
  ck_assert_ptr_null(ask_for("again", &fault));
  fclose(out);
  plugged.plugins->log = NULL;
  size_t lines = 0;
  for (const char *at = said; (at = strchr(at, '\n')); at++) lines++;
  ck_assert_uint_eq(lines, 3);
  ck_assert_ptr_nonnull(strstr(said, "room space/room0 cannot be loaded by keeper: No buffer space"));
  ck_assert_ptr_nonnull(strstr(said, "room space/room1 cannot be loaded by keeper: Input/output"));
  ck_assert_ptr_nonnull(strstr(said, "room space/again, and before it 899 more, cannot be loaded"));
  free(said);
}
END_TEST

/* What was kept makes no sense: a message in it is torn. */
START_TEST(torn) {
  struct fake asks;
  join(&plugged.world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "a", "[2]");
  leave(&ann);
  pass_time(&plugged, 5000);
  struct kept_room *room = kept("space/room");
  room->messages[1].len = 2; /* [2 */
  REFUSED(ask_for("room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_STORAGE, "cannot be loaded");
  room->messages[1].len = 3;
  room->messages[1].seq = 1;
  REFUSED(ask_for("room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_STORAGE, "cannot be loaded");
  room->messages[1].seq = 2;
  room->messages[1].is_base = true; /* a base comes first */
  REFUSED(ask_for("room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_STORAGE, "cannot be loaded");
  room->messages[1].is_base = false;
  room->seq = 1; /* less than its last message has */
  REFUSED(ask_for("room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_STORAGE, "cannot be loaded");
  room->seq = 2;
  ck_assert_ptr_nonnull(ask_for("room", NULL));
  ck_assert_int_eq(keeper.host->restore_room(keeper.core, ed_plugin_room(plugged.world.room), 9, "default"), -EINVAL);
}
END_TEST

START_TEST(no_place_for_another) {
  struct fake asks;
  keeper.open_error = -EDQUOT;
  REFUSED(plugged_create(&plugged, "two", &asks.fault) ? 0 : -1, &asks, ED_FAULT_TOO_MANY,
          "as many rooms as the server may keep");
  keeper.open_error = -EIO;
  REFUSED(plugged_create(&plugged, "two", &asks.fault) ? 0 : -1, &asks, ED_FAULT_STORAGE, "cannot be kept");
  keeper.open_error = 0;
  ck_assert_ptr_nonnull(plugged_create(&plugged, "two", NULL));
}
END_TEST

START_TEST(create_what_is_kept) {
  struct fake asks;
  pass_time(&plugged, 5000);
  ck_assert_ptr_null(in_memory());
  REFUSED(plugged_create(&plugged, "room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_REFUSED, "exists already");
  ck_assert_ptr_nonnull(kept("space/room"));
}
END_TEST

START_TEST(limits_rooms) {
  struct fake asks;
  pass_time(&plugged, 5000);
  plugged.world.hub.rooms_max = 1;
  ck_assert_ptr_nonnull(plugged_create(&plugged, "two", NULL));
  REFUSED(ask_for("room", &asks.fault) ? 0 : -1, &asks, ED_FAULT_TOO_MANY, "limits.rooms");
  pass_time(&plugged, 5000);
  ck_assert_ptr_nonnull(ask_for("room", NULL));
}
END_TEST

START_TEST(cannot_be_kept) {
  join(&plugged.world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  keeper.number_error = -ENOSPC;
  const enum ed_action actions[] = {ED_RELAY, ED_APPEND, ED_REPLACE};
  for (size_t i = 0; i < 3; i++)
    REFUSED(try_push(&ann, actions[i], "a", 0, "2"), &ann, ED_FAULT_STORAGE, "cannot be kept");
  REFUSED(try_push(&ann, ED_COMPACT, "a", 1, "2"), &ann, ED_FAULT_STORAGE, "cannot be kept");
  const struct eddy_value value = json_of("1");
  ck_assert_int_eq(keeper.host->room_push(keeper.core, ed_plugin_room(plugged.world.room), EDDY_RELAY, text_of("a"),
                                          &value, 0, &keeper),
                   -EIO);
  keeper.number_error = 0;
  PUSH(&ann, ED_APPEND, "a", "3");
  ck_assert_uint_eq(plugged.world.room->seq, 2); /* none was used up */
  leave(&ann);
}
END_TEST

START_TEST(two_keepers) {
  struct plugged other;
  plugged_init(&other, NULL, NULL);
  plug(&other, &KEEPER);
  plug(&other, &KEEPER);
  ck_assert_int_eq(plugged_try(&other), -EINVAL);
  plugged_deinit(&other);
}
END_TEST

/* ---- the outbox ---- */

START_TEST(held_until_it_is_safe) {
  struct eddy_room *room = ed_plugin_room(plugged.world.room);
  struct fake http;
  keeper.host->room_outbox(keeper.core, room, 0);
  join(&plugged.world, &ann);
  join_as(&plugged.world, &bob, ED_CBOR);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_RELAY, "a", "2");
  turn(&plugged.world);
  COMPACT(&ann, "a", 1, "\"c\""); /* mark 3 */
  get(&bob, "a", 0);
  turn(&plugged.world);
  EXPECT(&ann, "");
  EXPECT(&bob, "");
  ck_assert_uint_eq(keeper.turns, 2);
  keeper.host->room_outbox(keeper.core, room, 2);
  turn(&plugged.world);
  EXPECT(&ann, "push a=1 @1 | push a=2 @2");
  EXPECT(&bob,
         "push a=1 @1 | push a=2 @2"); /* what its get was answered with has the compact in it, which is not safe yet */
  keeper.host->room_outbox(keeper.core, room, 3);
  turn(&plugged.world);
  EXPECT(&bob, "init a [\"c\"@1]");
  join_transient(&plugged.world, &http);
  keeper.host->room_outbox(keeper.core, room, 4); /* it is told even where nothing waits for it */
  turn(&plugged.world);
  ck_assert_uint_eq(http.delivered, 1);
  PUSH(&ann, ED_RELAY, "a", "3");
  PUSH(&ann, ED_RELAY, "a", "4");
  ed_hub_remove(plugged.world.room); /* deleted: nothing is held back any more */
  turn(&plugged.world);
  ck_assert_uint_eq(plugged.world.room->open, UINT64_MAX);
  leave(&http);
  leave(&ann);
  leave(&bob);
}
END_TEST

START_TEST(holds_from_the_beginning) {
  keeper.holds = true;
  plugged.world.room = plugged_create(&plugged, "two", NULL);
  join(&plugged.world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  turn(&plugged.world);
  EXPECT(&ann, "");
  keeper.host->room_outbox(keeper.core, ed_plugin_room(plugged.world.room), kept("space/two")->mark);
  turn(&plugged.world);
  EXPECT(&ann, "push a=1 @1");
  leave(&ann);
}
END_TEST

START_TEST(turns) {
  turn(&plugged.world);
  ck_assert_uint_eq(keeper.turns, 0);
  join(&plugged.world, &ann);
  ping(&ann, 1);
  turn(&plugged.world);
  ck_assert_uint_eq(keeper.turns, 0); /* nothing changed */
  PUSH(&ann, ED_RELAY, "a", "1");
  PUSH(&ann, ED_RELAY, "a", "1");
  turn(&plugged.world);
  turn(&plugged.world);
  ck_assert_uint_eq(keeper.turns, 1);
  leave(&ann);
}
END_TEST

/* ---- in memory only ---- */

static void push_transient(enum ed_action action, const char *key, uint64_t compact_seq) {
  const struct ed_push push = {
      .action = action, .encoding = ED_JSON, .transient = true, .compact_seq = compact_seq, .value = ED_LIT("\"t\"")};
  ck_assert_int_eq(ed_room_push(plugged.world.room, ed_span_text(key), &push, NULL, NULL), 0);
}

START_TEST(transient_messages) {
  join(&plugged.world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  push_transient(ED_APPEND, "a", 0); /* 2 */
  push_transient(ED_REPLACE, "b", 0);
  PUSH(&ann, ED_APPEND, "b", "4");
  struct kept_room *room = kept("space/room");
  ck_assert_uint_eq(room->len, 2);
  ck_assert_uint_eq(room->seq, 4);
  size_t changes = keeper.changes;
  ck_assert(ed_room_drop(ed_room_stream(plugged.world.room, ED_LIT("a")), 2)); /* what it never knew of */
  ed_room_trim(ed_room_stream(plugged.world.room, ED_LIT("b")), 1);
  ck_assert_uint_eq(keeper.changes, changes);
  push_transient(ED_REPLACE, "a", 0); /* in the place of what was kept */
  push_transient(ED_COMPACT, "b", 4);
  ck_assert_uint_eq(room->len, 0);
  leave(&ann);
  away_and_back();
  ck_assert_uint_eq(plugged.world.room->messages, 0);
  ck_assert_uint_eq(plugged.world.room->seq, 5);
}
END_TEST

/* ---- all of it, at random ---- */

static uint32_t dice(uint32_t *state, uint32_t sides) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state % sides;
}

static int retained(void *arg, const struct eddy_change *message) {
  size_t *count = arg;
  struct kept_room *room = kept("space/room");
  for (size_t i = 0; i < room->len; i++) {
    const struct kept_message *other = &room->messages[i];
    if (!key_is(other, message->key) || other->seq != message->seq) continue;
    ck_assert_int_eq(other->is_base, message->is_base);
    ck_assert_int_eq(other->encoding, message->value.encoding);
    ck_assert_mem_eq(other->value, message->value.bytes.at, message->value.bytes.len);
    ++*count;
    return 0;
  }
  ck_abort_msg("%.*s @%d is not kept", (int)message->key.len, message->key.at, (int)message->seq);
}

static void compare(void) {
  struct kept_room *room = kept("space/room");
  size_t count = 0;
  ck_assert_uint_eq(room->seq, plugged.world.room->seq);
  ck_assert_int_eq(keeper.host->room_each(keeper.core, ed_plugin_room(plugged.world.room), retained, &count), 0);
  ck_assert_uint_eq(count, room->len);
}

static void step(uint32_t *state) {
  static const char *const keys[] = {"a", "b", ""};
  struct ed_room *room = plugged.world.room;
  const char *key = keys[dice(state, 3)];
  char value[24];
  int len = snprintf(value, sizeof value, "[%u]", (unsigned)dice(state, 1000000));
  struct ed_stream *stream = ed_room_stream(room, ed_span_text(key));
  uint32_t what = dice(state, 20);
  struct ed_push push = {.encoding = ED_JSON, .transient = dice(state, 4) == 0, .value = ed_span(value, (size_t)len)};
  if (what == 0 && stream) {
    ed_room_trim(stream, dice(state, 4));
  } else if (what == 1 && stream && room->seq) {
    ed_room_drop(stream, 1 + dice(state, (uint32_t)room->seq));
  } else if (what == 2) {
    away_and_back();
  } else if (what == 3) {
    push.action = ED_COMPACT;
    uint64_t back = dice(state, 10);
    push.compact_seq = room->seq > back ? room->seq - back : 1;
    if (room->seq) ck_assert_int_eq(ed_room_push(room, ed_span_text(key), &push, NULL, NULL), 0);
  } else {
    push.action = what < 6 ? ED_RELAY : what < 8 ? ED_REPLACE : ED_APPEND;
    ck_assert_int_eq(ed_room_push(room, ed_span_text(key), &push, NULL, NULL), 0);
  }
}

START_TEST(random_run) {
  uint32_t state = (uint32_t)_i * 2654435761u + 1;
  for (int i = 0; i < STEPS; i++) {
    step(&state);
    compare();
  }
  ck_assert_uint_gt(plugged.world.hub.counts.loads, STEPS / 40);
}
END_TEST

/* ---- clients that come back after the room was away ---- */

static uint64_t epoch;

static void back(uint64_t seq, const char *keys, const char *want) {
  join_v1(&plugged.world, &bob, ED_JSON);
  turn(&plugged.world);
  fake_heard(&bob);
  ck_assert_int_eq(try_resume(&bob, epoch, seq, keys), 0);
  turn(&plugged.world);
  EXPECT(&bob, want);
  leave(&bob);
}

/* a: appends, 1 and 5; b: replaced, 2 and 3; c: a relay, 4; d: in memory only, 6; e: folded up to 7, then 8. */
static void make_a_past(void) {
  join(&plugged.world, &ann);
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_REPLACE, "b", "2");
  PUSH(&ann, ED_REPLACE, "b", "3");
  PUSH(&ann, ED_RELAY, "c", "4");
  PUSH(&ann, ED_APPEND, "a", "5");
  struct ed_push push = {.action = ED_REPLACE, .encoding = ED_JSON, .value = ED_LIT("6"), .transient = true};
  ck_assert_int_eq(ed_room_push(plugged.world.room, ED_LIT("d"), &push, NULL, NULL), 0);
  PUSH(&ann, ED_APPEND, "e", "7");
  PUSH(&ann, ED_APPEND, "e", "8");
  COMPACT(&ann, "e", 7, "\"base\"");
  leave(&ann);
  epoch = plugged.world.room->epoch;
}

START_TEST(a_resume_goes_on_after_a_load) {
  keeper.remembers = true;
  make_a_past();
  for (int i = 0; i < 2; i++) {
    away_and_back();
    ck_assert_uint_eq(plugged.world.room->epoch, epoch);
    back(8, "[\"a\",\"b\",\"c\",\"d\",\"e\"]", "resumed @8 a+[] b+[] c+[] d+[] e+[]");
    back(7, "[\"a\",\"e\",\"d\"]", "resumed @8 a+[] e+[8@8] d+[]");
    back(6, "[\"e\",\"d\"]", "resumed @8 e-[\"base\"@7 8@8] d+[]");
    back(4, "[\"a\",\"c\",\"d\"]", "resumed @8 a+[5@5] c-[] d-[]"); /* c: not known of it alone */
    back(1, "[\"a\",\"b\"]", "resumed @8 a+[5@5] b-[3@3]");
    back(2, "[\"a\",\"b\"]", "resumed @8 a+[5@5] b+[3@3]");
    back(0, "[\"a\"]", "resumed @8 a+[1@1 5@5]");
  }
  keeper.remembers = false;
  away_and_back();
  away_and_back();
  ck_assert_uint_ne(plugged.world.room->epoch, epoch);
  back(8, "[\"a\"]", "resumed @8 a-[1@1 5@5]");
  epoch = plugged.world.room->epoch;
  back(7, "[\"a\"]", "resumed @8 a-[1@1 5@5]");
  back(8, "[\"a\"]", "resumed @8 a+[]");
}
END_TEST

/* How long ago something was said is known of what is retained. */
START_TEST(a_resume_after_a_load_keeps_to_its_time) {
  keeper.remembers = true;
  make_a_past();
  plugged.world.timers.now_ms += plugged.world.space.resume_ms;
  away_and_back();
  back(4, "[\"a\"]", "resumed @8 a+[5@5]");
  plugged.world.timers.now_ms += 1;
  away_and_back();
  back(4, "[\"a\"]", "resumed @8 a-[1@1 5@5]");
  back(8, "[\"a\"]", "resumed @8 a+[]");
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("host/plugin_keeper");
  TCase *tests = tcase_create("keeper");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, unseen);
  tcase_add_test(tests, asked_for_and_left_alone);
  tcase_add_test(tests, idle_deletes);
  tcase_add_test(tests, deleted_with_members_in_it);
  tcase_add_test(tests, at_the_end);
  tcase_add_test(tests, failed_load);
  tcase_add_test(tests, failed_loads_are_told_once_a_second);
  tcase_add_test(tests, torn);
  tcase_add_test(tests, no_place_for_another);
  tcase_add_test(tests, create_what_is_kept);
  tcase_add_test(tests, limits_rooms);
  tcase_add_test(tests, cannot_be_kept);
  tcase_add_test(tests, two_keepers);
  tcase_add_test(tests, held_until_it_is_safe);
  tcase_add_test(tests, holds_from_the_beginning);
  tcase_add_test(tests, turns);
  tcase_add_test(tests, transient_messages);
  tcase_add_test(tests, a_resume_goes_on_after_a_load);
  tcase_add_test(tests, a_resume_after_a_load_keeps_to_its_time);
  tcase_add_loop_test(tests, random_run, 0, 10);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
