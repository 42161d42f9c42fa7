/* What a policy is asked, with what, and what becomes of its answers. */
#include "scripted.h"

static struct scripted s;
static struct fake a, b;

static void setup(void) {
  scripted_init(&s);
  scripted_begin(&s);
}

static void teardown(void) { scripted_deinit(&s); }

/* A room with two members, `a` and `b`. */
static void begin(const char *text) {
  script(&s, "rooms/p.lua", text);
  play(&s, "room", "p");
  join(&s.world, &a);
  join(&s.world, &b);
}

static void end(void) {
  leave(&a);
  leave(&b);
}

START_TEST(test_calls) {
  begin(LINES("local function say(what) return function(room, ...)",
              "  local words = {}",
              "  for i = 1, select('#', ...) do",
              "    local x = select(i, ...)",
              "    words[i] = tostring(x)",
              "  end",
              "  room:log(what, room.id, table.concat(words, '/'))",
              "  return (...)",
              "end end", "return {", "  open = say('open'), join = say('join'), leave = say('leave'),",
              "  push = say('push'), commit = say('commit'),", "  close = say('close'),", "}"));
  SAID(&s, "open room ");
  SAID(&s, "join room member 1");
  SAID(&s, "join room member 2");
  ck_assert_uint_eq(times_said(&s, "push room"), 0);
  PUSH(&b, ED_APPEND, "k", "7");
  SAID(&s, "push room msg/member 2");
  SAID(&s, "commit room msg/member 2");
  EXPECT_TURN(&s, &a, "push k=7 @1");
  ck_assert(strstr(said(&s), "push room") < strstr(said(&s), "commit room"));
  end();
  SAID(&s, "leave room member 1");
  SAID(&s, "leave room member 2");
  ck_assert_uint_eq(times_said(&s, "close room"), 0);
}
END_TEST

START_TEST(test_msg) {
  begin(LINES("local function show(room, msg)",
              "  room:log(msg.key, msg.action, msg.value.x, msg.seq or 'none', msg.size, msg.compacts or '-', msg.own)",
              "  return msg", "end", "return { push = show, commit = show }"));
  PUSH(&a, ED_RELAY, "k", "{\"x\":5}");
  SAID(&s, "k relay 5 none 7 - false");
  SAID(&s, "k relay 5 1 7 - false");
  PUSH(&a, ED_APPEND, "k", "{\"x\":6}");
  COMPACT(&a, "k", 2, "{\"x\":7}");
  SAID(&s, "k compact 7 none 7 2 false");
  end();
}
END_TEST

START_TEST(test_verdicts) {
  begin(LINES("return { push = function(room, msg)", "  local v = msg.value", "  if v == 'drop' then return nil end",
              "  if v == 'refuse' then return nil, 'not that' end", "  if v == 'change' then msg.value = { n = 1 } end",
              "  if v == 'keep' then msg.action = 'append' end", "  if v == 'true' then return true end",
              "  if v == 'quietly' then return nil, 5 end", "  return msg", "end }"));
  PUSH(&a, ED_RELAY, "k", "\"drop\"");
  EXPECT_TURN(&s, &b, "");
  REFUSED(try_push(&a, ED_RELAY, "k", 0, "\"refuse\""), &a, ED_FAULT_REFUSED, "not that");
  REFUSED(try_push(&a, ED_RELAY, "k", 0, "\"quietly\""), &a, ED_FAULT_REFUSED, "the room's policy refused this");
  EXPECT_TURN(&s, &b, "");
  ck_assert_uint_eq(ed_host_counts(s.host).refusals, 2);
  ck_assert_uint_eq(s.world.room->seq, 0);
  PUSH(&a, ED_RELAY, "k", "\"change\"");
  EXPECT_TURN(&s, &b, "push k={\"n\":1} @1");
  PUSH(&a, ED_RELAY, "k", "\"keep\"");
  get(&b, "k", 0);
  EXPECT_TURN(&s, &b, "push k=\"keep\" @2 | init k [\"keep\"@2]");
  REFUSED(try_push(&a, ED_RELAY, "k", 0, "\"true\""), &a, ED_FAULT_BROKEN, "policy (p) has failed");
  SAID(&s, "push must return msg");
  end();
}
END_TEST

/* Each sees what the one before has made of it, and the first that says no has the last word. */
START_TEST(test_stages) {
  begin(LINES("local function add(c) return function(_, msg) msg.value = msg.value .. c return msg end end",
              "return {", "  { key = 'a*', push = add 'A' },", "  { key = 'ab', push = add 'B' },", "  { push = add 'C' },",
              "  { key = 'n', push = function() return nil, 'no' end },",
              "  { key = 'n', push = function() error('never asked') end },", "}"));
  PUSH(&a, ED_RELAY, "a", "\"\"");
  PUSH(&a, ED_RELAY, "ab", "\"\"");
  PUSH(&a, ED_RELAY, "x", "\"\"");
  EXPECT_TURN(&s, &b, "push a=\"AC\" @1 | push ab=\"ABC\" @2 | push x=\"C\" @3");
  REFUSED(try_push(&a, ED_RELAY, "n", 0, "\"\""), &a, ED_FAULT_REFUSED, "no");
  end();
}
END_TEST

/* Each call is counted for its policy and its stage; few are timed, but their time is about all of them. */
START_TEST(test_meters) {
  begin(LINES("return { push = function(_, msg) if msg.value == 9 then while true do end end return msg end,",
              "  commit = function(_, msg) for i = 1, 3000 do end end }"));
  const struct ed_policy *policy = ed_policy_of(s.world.room->host);
  const struct ed_meter *push = &policy->meters[ED_CALL_PUSH], *commit = &policy->meters[ED_CALL_COMMIT];
  ck_assert_uint_eq(policy->meters[ED_CALL_OPEN].calls, 1);
  for (int i = 0; i < 40; i++) PUSH(&a, ED_RELAY, "k", "1");
  ck_assert_uint_eq(push->calls, 40);
  ck_assert_uint_gt(push->told + ED_METER_EVERY, 40);
  ck_assert_uint_eq(commit->calls, 40);
  ck_assert_uint_eq(commit->told, 40); /* the budget has looked at the clock in each */
  ck_assert_uint_gt(commit->ns, push->told * 100);
  uint64_t before_ns = push->ns;
  ck_assert_int_ne(try_push(&a, ED_RELAY, "k", 0, "9"), 0); /* five million instructions */
  ck_assert_uint_gt(push->ns - before_ns, 1000000);
  ck_assert_uint_eq(policy->failures, 1);
  end();
}
END_TEST

START_TEST(test_no_stage) {
  begin(LINES("return { { key = 'k', push = function(_, msg) return msg end } }"));
  uint64_t calls = ed_host_counts(s.host).calls;
  PUSH(&a, ED_APPEND, "other", "1");
  ck_assert_uint_eq(ed_host_counts(s.host).calls, calls);
  PUSH(&a, ED_APPEND, "k", "1");
  ck_assert_uint_eq(ed_host_counts(s.host).calls, calls + 1);
  end();
}
END_TEST

/* What is pushed in a commit comes behind the message at hand, in the order in which it was pushed, and is not judged. */
START_TEST(test_push_in_commit) {
  begin(LINES("return { key = 'k',", "  push = function(room, msg) room:push('log', 'judged', 'relay') return msg end,",
              "  commit = function(room, msg)", "    if msg.own then return end", "    room:push('k', 'one', 'append')",
              "    room:push('k', 'two', 'append')", "    room:log('seq', room.seq)", "  end }"));
  PUSH(&a, ED_APPEND, "k", "0");
  EXPECT_TURN(&s, &b, "push k=0 @1 | push log=\"judged\" @2 | push k=\"one\" @3 | push k=\"two\" @4");
  SAID(&s, "seq 1");
  ck_assert_uint_eq(times_said(&s, "seq"), 1);
  end();
}
END_TEST

/* A chain that never ends is cut off, and the room goes on. */
START_TEST(test_runaway) {
  begin(LINES("return { key = 'k', commit = function(room) room:push('k', 1) room:push('k', 2) end }"));
  try_push(&a, ED_RELAY, "k", 0, "0");
  ck_assert_uint_lt(s.world.room->seq, 100000);
  ck_assert_uint_gt(ed_host_counts(s.host).failures, 0);
  fake_heard(&b);
  PUSH(&a, ED_RELAY, "other", "1");
  settle(&s);
  ck_assert_ptr_nonnull(strstr(fake_heard(&b), "push other=1"));
  end();
}
END_TEST

START_TEST(test_throw) {
  begin(LINES("return {", "  push = function(room, msg)", "    if msg.value == 1 then error('secret') end", "    return msg",
              "  end,", "  commit = function(room, msg) if msg.value == 2 then error('later') end end,", "}"));
  REFUSED(try_push(&a, ED_RELAY, "k", 0, "1"), &a, ED_FAULT_BROKEN, "(p) has failed");
  ck_assert_ptr_null(strstr(a.fault.text, "secret"));
  ck_assert_ptr_null(strstr(a.fault.text, ".lua"));
  SAID(&s, "room space/room, push, key k: rooms/p.lua:3: secret");
  PUSH(&a, ED_RELAY, "k", "2"); /* what a commit does not like has happened nevertheless */
  SAID(&s, "room space/room, commit, key k: rooms/p.lua:6: later");
  PUSH(&a, ED_RELAY, "k", "3");
  EXPECT_TURN(&s, &b, "push k=2 @1 | push k=3 @2");
  ck_assert_uint_eq(ed_host_info(s.world.room).failures, 2);
  end();
}
END_TEST

START_TEST(test_join) {
  struct fake c;
  begin(LINES("local n = 0", "return { join = function(room, member)", "  n = n + 1",
              "  if n == 3 then return nil, 'full' end", "  if n == 4 then return false, 'shut' end",
              "  if n == 5 then return nil end", "  if n == 6 then return true end", "  if n == 7 then error('oops') end",
              "end }"));
  fake_prepare(&c, ED_JSON);
  REFUSED(ed_room_join(s.world.room, &c.member, &c.fault), &c, ED_FAULT_REFUSED, "full");
  ck_assert_ptr_null(c.member.host);
  REFUSED(ed_room_join(s.world.room, &c.member, &c.fault), &c, ED_FAULT_REFUSED, "shut");
  for (int i = 5; i <= 6; i++) {
    join(&s.world, &c);
    leave(&c);
  }
  fake_prepare(&c, ED_JSON);
  REFUSED(ed_room_join(s.world.room, &c.member, &c.fault), &c, ED_FAULT_BROKEN, "(p) has failed");
  ck_assert_ptr_null(c.member.host);
  ck_assert_uint_eq(ed_room_members(s.world.room), 2);
  end();
}
END_TEST

/* A script may keep the object of who was never let in: it is empty, whether the stage said no or failed. */
START_TEST(test_join_keeps) {
  begin(LINES("local kept, n = {}, 0", "return {", "  join = function(_, member)", "    n = n + 1", "    kept[n] = member",
              "    if n == 3 then return nil, 'no' end", "    if n == 4 then error('oops') end", "  end,",
              "  push = function(room, msg)",
              "    room:log('kept', kept[1].here, kept[3].here, kept[4].here, kept[4]:send('k', 1), kept[4].id)",
              "    return msg", "  end }"));
  for (int i = 0; i < 2; i++) {
    struct fake *gone = calloc(1, sizeof *gone);
    fake_prepare(gone, ED_JSON);
    ck_assert_int_eq(ed_room_join(s.world.room, &gone->member, &gone->fault), -1);
    free(gone);
  }
  PUSH(&a, ED_RELAY, "k", "1");
  SAID(&s, "kept true false false false 4");
  end();
}
END_TEST

/* Who is here for one HTTP call is not asked in or said goodbye to, but its pushes are judged, and its object goes. */
START_TEST(test_transient) {
  struct fake call;
  begin(LINES("local who", "return {", "  join = function(_, m) if not m.connected then error('join') end end,",
              "  leave = function(room, m) room:log('leave', m.connected) end,", "  push = function(room, msg, m)",
              "    room:log('who', who and who.here, m.here, m.connected)", "    who = m", "    return msg", "  end }"));
  join_transient(&s.world, &call);
  PUSH(&call, ED_RELAY, "k", "1");
  SAID(&s, "who nil true false");
  leave(&call);
  ck_assert_uint_eq(times_said(&s, "leave"), 0);
  PUSH(&a, ED_RELAY, "k", "2");
  SAID(&s, "who false true true");
  end();
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("gate");
  TCase *tests = tcase_create("gate");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, test_calls);
  tcase_add_test(tests, test_msg);
  tcase_add_test(tests, test_verdicts);
  tcase_add_test(tests, test_stages);
  tcase_add_test(tests, test_no_stage);
  tcase_add_test(tests, test_meters);
  tcase_add_test(tests, test_push_in_commit);
  tcase_add_test(tests, test_runaway);
  tcase_add_test(tests, test_throw);
  tcase_add_test(tests, test_join);
  tcase_add_test(tests, test_join_keeps);
  tcase_add_test(tests, test_transient);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
