/* core/room/gate: what a room asks the floor above, when, and what the answers do. */
#include "fake.h"
#include "room/outbox.h"

/* Notes every call as a short text, and answers as it was told. */
struct gate {
  bool watch;      /* every stream that begins from now on */
  enum ed_verdict verdict;
  struct ed_push change; /* where its value has a length: what a push is changed into */
  bool refuse_open, refuse_join;
  void (*on_join)(struct ed_room *room, struct ed_member *member);
  void (*on_leave)(struct ed_room *room, struct ed_member *member);
  void (*on_push)(struct gate *gate, struct ed_stream *stream);
  void (*on_commit)(struct gate *gate, struct ed_stream *stream, const struct ed_push *push);
  const struct ed_member *gone; /* nothing may be pushed in the name of this one */
  size_t commits;
  struct ed_buf notes;
};

static void note(struct gate *gate, const char *what, const void *at, size_t len) {
  ed_buf_printf(&gate->notes, "%s%s%s%.*s", gate->notes.len ? " | " : "", what, len ? " " : "", (int)len,
                (const char *)at);
}

static const char *noted(struct gate *gate) {
  ed_buf_add_byte(&gate->notes, 0);
  gate->notes.len = 0;
  return (const char *)gate->notes.at;
}

#define NOTED(want) ck_assert_str_eq(noted(&gate), want)

static int on_open(void *at, struct ed_room *room, struct ed_fault *fault) {
  struct gate *gate = at;
  note(gate, "open", room->name, room->name_len);
  return gate->refuse_open ? ed_fault(fault, ED_FAULT_STORAGE, "not today") : 0;
}
static void on_close(void *at, struct ed_room *room) {
  note(at, "close", room->name, room->name_len);
  ck_assert_uint_eq(HASH_COUNT(room->streams), 0); /* they ended before */
}
static void on_begin(void *at, struct ed_stream *stream) {
  struct gate *gate = at;
  note(gate, "begin", stream->key, stream->key_len);
  stream->watched = gate->watch;
  stream->host = gate;
}
static void on_end(void *at, struct ed_stream *stream) {
  note(at, "end", stream->key, stream->key_len);
  ck_assert_ptr_eq(stream->host, at);
}
static int on_join(void *at, struct ed_room *room, struct ed_member *member, struct ed_fault *fault) {
  struct gate *gate = at;
  ck_assert(member->room == room && member->id);
  note(gate, "join", "", 0);
  member->host = gate;
  if (gate->on_join) gate->on_join(room, member);
  return gate->refuse_join ? ed_fault(fault, ED_FAULT_REFUSED, "not you") : 0;
}
static void on_leave(void *at, struct ed_room *room, struct ed_member *member) {
  ck_assert(member->room == room && member->host == at);
  struct gate *gate = at;
  note(gate, "leave", "", 0);
  if (gate->on_leave) gate->on_leave(room, member);
}
static enum ed_verdict on_push(void *at, struct ed_stream *stream, struct ed_push *push, struct ed_member *member,
                               struct ed_fault *fault) {
  struct gate *gate = at;
  ck_assert(!member || (member->room == stream->room && member != gate->gone));
  note(gate, "push", push->value.at, push->value.len);
  if (gate->change.value.len) *push = gate->change;
  if (gate->on_push) gate->on_push(gate, stream);
  if (gate->verdict == ED_REFUSE) ed_fault(fault, ED_FAULT_REFUSED, "no such shape");
  return gate->verdict;
}
static void on_commit(void *at, struct ed_stream *stream, const struct ed_push *push, struct ed_member *member) {
  struct gate *gate = at;
  char text[32];
  (void)member;
  gate->commits++;
  snprintf(text, sizeof text, "%.*s@%" PRIu64, (int)push->value.len, (const char *)push->value.at, push->seq);
  note(gate, "commit", text, strlen(text));
  if (gate->on_commit) gate->on_commit(gate, stream, push);
}

static const struct ed_gate_ops OPS = {on_open, on_close, on_begin, on_end, on_join, on_leave, on_push, on_commit};

static struct gate gate;
static struct world world;
static struct fake ann, bob;

static void begin(void) {
  gate = (struct gate){.watch = true};
  world_init_gated(&world, &OPS, &gate);
  join(&world, &ann);
  join(&world, &bob);
  noted(&gate);
}

static void end(void) {
  if (ann.member.room) leave(&ann);
  if (bob.member.room) leave(&bob);
  world_deinit(&world);
  ed_buf_deinit(&gate.notes);
}

/* ---- the life of rooms, streams and members ---- */

START_TEST(a_life) {
  struct fake http;
  struct ed_room *room = ed_hub_create(&world.hub, &world.space, ED_LIT("new"), NULL, NULL);
  world.room = room;
  join_transient(&world, &http); /* nobody is told of these */
  leave(&http);
  join(&world, &http);
  PUSH(&http, ED_APPEND, "a", "1");
  subscribe(&http, "b");
  leave(&http);
  ed_hub_remove(room);
  NOTED("open space/new | join | begin a | push 1 | commit 1@1 | begin b | end b | leave | end a | close space/new");
}
END_TEST

START_TEST(a_room_that_may_not_begin) {
  struct ed_fault fault = {0};
  gate.refuse_open = true;
  ck_assert_ptr_null(ed_hub_create(&world.hub, &world.space, ED_LIT("new"), NULL, &fault));
  ck_assert_int_eq(fault.code, ED_FAULT_STORAGE);
  ck_assert_ptr_null(ed_hub_find(&world.hub, &world.space, ED_LIT("new")));
  NOTED("open space/new | close space/new");
}
END_TEST

START_TEST(a_member_that_may_not_join) {
  struct fake eve;
  gate.refuse_join = true;
  fake_prepare(&eve, ED_JSON);
  REFUSED(ed_room_join(world.room, &eve.member, &eve.fault), &eve, ED_FAULT_REFUSED, "not you");
  ck_assert_ptr_null(eve.member.room);
  ck_assert_uint_eq(ed_room_members(world.room), 2);
  NOTED("join");
}
END_TEST

/* What a policy may do to a member that comes or goes: speak to it, and push in its name. */
static void speak(struct ed_room *room, struct ed_member *member) {
  struct ed_push push = {.action = ED_APPEND, .encoding = ED_JSON, .value = ED_LIT("7")};
  ck_assert_int_eq(ed_room_push(room, ED_LIT("who"), &push, member, NULL), 0);
  ed_room_send(member, ED_LIT("hello"), ED_CBOR, ED_LIT("\x01"));
  ed_room_tell(member, &(struct ed_fault){.code = ED_FAULT_REFUSED, .text = "it happens"}, NULL);
  ck_assert_uint_eq(HASH_COUNT(room->streams), 0); /* the push waits until the call is over */
}

START_TEST(spoken_to_while_it_joins) {
  struct fake eve;
  gate.on_join = speak;
  join(&world, &eve);
  turn(&world);
  EXPECT(&eve, "push hello=1 @0 | error it happens | push who=7 @1");
  EXPECT(&bob, "push who=7 @1");
  leave(&eve);
}
END_TEST

/* Of who has gone, or never came in, nothing is left behind that points to it (ASan: the memory is given back). */
START_TEST(spoken_to_and_refused) {
  struct fake *eve = malloc(sizeof *eve);
  gate.on_join = speak;
  gate.refuse_join = true;
  fake_prepare(eve, ED_CBOR);
  gate.gone = &eve->member;
  ck_assert_int_eq(ed_room_join(world.room, &eve->member, &eve->fault), -1);
  free(eve);
  turn(&world);
  EXPECT(&bob, "push who=7 @1");
}
END_TEST

START_TEST(spoken_to_while_it_leaves) {
  struct fake *eve = malloc(sizeof *eve);
  join_as(&world, eve, ED_CBOR);
  gate.on_leave = speak;
  gate.gone = &eve->member;
  leave(eve);
  free(eve);
  gate.on_leave = NULL;
  turn(&world);
  EXPECT(&bob, "push who=7 @1");
  PUSH(&ann, ED_APPEND, "who", "8");
  turn(&world);
  EXPECT(&bob, "push who=8 @2");
}
END_TEST

/* ---- verdicts ---- */

START_TEST(pass) {
  PUSH(&ann, ED_APPEND, "a", "1");
  turn(&world);
  EXPECT(&bob, "push a=1 @1");
  NOTED("begin a | push 1 | commit 1@1");
}
END_TEST

START_TEST(change) {
  PUSH(&ann, ED_APPEND, "a", "1");
  gate.change = (struct ed_push){
      .action = ED_REPLACE, .encoding = ED_CBOR, .transient = true, .value = ED_LIT("\x18\x63")};
  PUSH(&ann, ED_APPEND, "a", "2");
  turn(&world);
  EXPECT(&bob, "push a=1 @1 | push a=99 @2");
  ck_assert(ed_stream_at(ed_room_stream(world.room, ED_LIT("a")), 0)->transient);
  gate.change = (struct ed_push){.action = ED_COMPACT, .compact_seq = 7, .encoding = ED_JSON, .value = ED_LIT("3")};
  REFUSED(try_push(&ann, ED_APPEND, "a", 0, "3"), &ann, ED_FAULT_BAD_SEQ, "7"); /* what it makes of it is checked */
  gate.change.value.len = 0;
  get(&bob, "a", 0);
  turn(&world);
  EXPECT(&bob, "init a [99@2]");
}
END_TEST

START_TEST(drop) {
  gate.verdict = ED_DROP;
  PUSH(&ann, ED_APPEND, "a", "1"); /* the sender is told nothing */
  turn(&world);
  EXPECT(&ann, "");
  EXPECT(&bob, "");
  ck_assert_uint_eq(world.room->seq, 0);
  NOTED("begin a | push 1 | end a");
}
END_TEST

START_TEST(refuse) {
  PUSH(&ann, ED_APPEND, "a", "1");
  gate.verdict = ED_REFUSE;
  REFUSED(try_push(&ann, ED_REPLACE, "a", 0, "2"), &ann, ED_FAULT_REFUSED, "no such shape");
  turn(&world);
  EXPECT(&bob, "push a=1 @1");
  ck_assert_uint_eq(world.room->seq, 1);
  ck_assert_uint_eq(world.room->messages, 1);
  NOTED("begin a | push 1 | commit 1@1 | push 2");
}
END_TEST

START_TEST(what_the_room_refuses_is_not_committed) {
  world.space.limits.stream_messages = 1;
  PUSH(&ann, ED_APPEND, "a", "1");
  REFUSED(try_push(&ann, ED_APPEND, "a", 0, "2"), &ann, ED_FAULT_ROOM_FULL, "limits.stream_messages");
  NOTED("begin a | push 1 | commit 1@1 | push 2");
}
END_TEST

START_TEST(unwatched_streams_are_not_asked) {
  gate.watch = false;
  gate.verdict = ED_REFUSE;
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_RELAY, "a", "2");
  COMPACT(&ann, "a", 1, "3");
  turn(&world);
  NOTED("begin a");
  EXPECT(&bob, "push a=1 @1 | push a=2 @2");
}
END_TEST

/* ---- pushes inside pushes ---- */

static int push_inside(struct ed_room *room, const char *key, const char *value) {
  struct ed_fault fault;
  char copy[32]; /* which is gone when the push runs */
  snprintf(copy, sizeof copy, "%s", value);
  struct ed_push push = {.action = ED_APPEND, .encoding = ED_JSON, .value = ed_span_text(copy)};
  return ed_room_push(room, ed_span_text(key), &push, NULL, &fault);
}

static void echo_twice(struct gate *from, struct ed_stream *stream, const struct ed_push *push) {
  if (push->seq > 2) return;
  ck_assert_uint_eq(stream->room->seq, push->seq); /* it is done, and what it begets is not begun */
  push_inside(stream->room, "b", "10");
  push_inside(stream->room, "a", "20");
  ck_assert_uint_eq(stream->room->seq, push->seq);
  (void)from;
}

START_TEST(inner_pushes_wait_behind) {
  gate.on_commit = echo_twice;
  PUSH(&ann, ED_APPEND, "a", "1");
  PUSH(&ann, ED_APPEND, "a", "2");
  turn(&world);
  /* 1 begets 10 (numbered 2, which begets 10 and 20) and 20; then 2 comes. */
  EXPECT(&bob, "push a=1 @1 | push b=10 @2 | push a=20 @3 | push b=10 @4 | push a=20 @5 | push a=2 @6");
  EXPECT(&ann, "push a=1 @1 | push b=10 @2 | push a=20 @3 | push b=10 @4 | push a=20 @5 | push a=2 @6 | size a 4");
}
END_TEST

static void push_before(struct gate *from, struct ed_stream *stream) {
  from->on_push = NULL;
  push_inside(stream->room, "a", "5");
}

START_TEST(a_push_made_while_judging_waits_too) {
  gate.on_push = push_before;
  PUSH(&ann, ED_APPEND, "a", "1");
  gate.on_push = push_before;
  gate.verdict = ED_DROP; /* of both */
  PUSH(&ann, ED_APPEND, "a", "2");
  turn(&world);
  EXPECT(&bob, "push a=1 @1 | push a=5 @2");
  NOTED("begin a | push 1 | commit 1@1 | push 5 | commit 5@2 | push 2 | push 5");
}
END_TEST

static void beget_one(struct gate *from, struct ed_stream *stream, const struct ed_push *push) {
  (void)push, (void)from;
  push_inside(stream->room, "a", "1");
}

static size_t taken;

static void beget_many(struct gate *from, struct ed_stream *stream, const struct ed_push *push) {
  (void)push;
  from->on_commit = NULL;
  while (push_inside(stream->room, "a", "1") == 0) taken++;
}

START_TEST(a_chain_is_cut_off) {
  gate.on_commit = beget_one;
  PUSH(&ann, ED_APPEND, "a", "1");
  ck_assert_uint_eq(gate.commits, 1001);
  ck_assert_uint_eq(world.room->seq, 1001);
  PUSH(&ann, ED_APPEND, "a", "1"); /* and the next one begins anew */
  ck_assert_uint_eq(world.room->seq, 2002);
}
END_TEST

START_TEST(a_crowd_is_cut_off) {
  gate.on_commit = beget_many;
  taken = 0;
  PUSH(&ann, ED_APPEND, "a", "1");
  ck_assert_uint_eq(taken, 1000);
  ck_assert_uint_eq(world.room->seq, 1001);
}
END_TEST

/* ---- a stream under the hands of its push ---- */

static void trim_all(struct gate *from, struct ed_stream *stream, const struct ed_push *push) {
  (void)from, (void)push;
  ed_room_trim(stream, stream->len);
  ck_assert_uint_eq(stream->len, 0);
  ck_assert_str_eq(stream->key, "a"); /* it is still there: ASan */
}

START_TEST(trimmed_to_nothing_in_its_commit) {
  leave(&bob);
  subscribe(&ann, "other"); /* so that nobody hears "a", and no run of the outbox names it */
  noted(&gate);
  gate.on_commit = trim_all;
  PUSH(&ann, ED_APPEND, "a", "1");
  NOTED("begin a | push 1 | commit 1@1 | end a");
  ck_assert_uint_eq(streams(&world), 1);
  ck_assert_uint_eq(world.room->messages, 0);
  ck_assert_uint_eq(world.room->bytes, 0);
}
END_TEST

static void dispatch_inside(struct gate *from, struct ed_stream *stream, const struct ed_push *push) {
  trim_all(from, stream, push);
  ed_room_dispatch(stream->room); /* the runs let go of it */
  ck_assert_str_eq(stream->key, "a");
}

START_TEST(dispatched_in_its_commit) {
  gate.on_commit = dispatch_inside;
  PUSH(&ann, ED_APPEND, "a", "1");
  turn(&world);
  EXPECT(&bob, "push a=1 @1");
  ck_assert_uint_eq(streams(&world), 0);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/gate");
  TCase *tests = tcase_create("gate");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, a_life);
  tcase_add_test(tests, a_room_that_may_not_begin);
  tcase_add_test(tests, a_member_that_may_not_join);
  tcase_add_test(tests, spoken_to_while_it_joins);
  tcase_add_test(tests, spoken_to_and_refused);
  tcase_add_test(tests, spoken_to_while_it_leaves);
  tcase_add_test(tests, pass);
  tcase_add_test(tests, change);
  tcase_add_test(tests, drop);
  tcase_add_test(tests, refuse);
  tcase_add_test(tests, what_the_room_refuses_is_not_committed);
  tcase_add_test(tests, unwatched_streams_are_not_asked);
  tcase_add_test(tests, inner_pushes_wait_behind);
  tcase_add_test(tests, a_push_made_while_judging_waits_too);
  tcase_add_test(tests, a_chain_is_cut_off);
  tcase_add_test(tests, a_crowd_is_cut_off);
  tcase_add_test(tests, trimmed_to_nothing_in_its_commit);
  tcase_add_test(tests, dispatched_in_its_commit);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
