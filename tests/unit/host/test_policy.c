/* Policies that load and that do not, what they may require, and how their failures are told. */
#include "scripted.h"

static struct scripted s;
static struct fake a, b;

static void setup(void) {
  scripted_init(&s);
  scripted_begin(&s);
}

static void teardown(void) { scripted_deinit(&s); }

/* ---- loading ---- */

struct row {
  const char *text, *says; /* in the log */
};

static const struct row BROKEN[] = {
    {"return {", "rooms/p.lua:1:"},
    {"\nerror('secret')", "rooms/p.lua:2: secret"},
    {"", "returns nothing"},
    {"return 5", "a policy is a table of stages, not a number"},
    {"return { push = 1 }", "'push' of a stage must be a function, not a number"},
    {"return { pusch = function() end }", "a field 'pusch', which means nothing"},
    {"return { { key = 1 } }", "'key' of a stage must be a text"},
    {"return { open = function(room) room:push('k', 1) end }", "a policy cannot push in open"},
    {"while true do end", "rooms/p.lua:1:"},
};

START_TEST(test_broken) {
  const struct row *row = &BROKEN[_i];
  struct ed_fault fault = {0};
  script(&s, "rooms/p.lua", row->text);
  ck_assert_ptr_null(try_play(&s, "room", "p", &fault));
  ck_assert_int_eq(fault.code, ED_FAULT_BROKEN);
  ck_assert_str_eq(fault.text, "the room's policy (p) has failed");
  SAID(&s, row->says);
  ck_assert_uint_eq(ed_hub_rooms(&s.world.hub), 0);
  script(&s, "rooms/p.lua", "return {}"); /* mended: the next one who asks gets it, where it did not load */
  ed_host_changed(s.host, NULL);
  ck_assert_ptr_nonnull(try_play(&s, "room", "p", &fault));
}
END_TEST

START_TEST(test_missing) {
  struct ed_fault fault = {0};
  ck_assert_ptr_null(try_play(&s, "room", "none", &fault));
  ck_assert_ptr_null(try_play(&s, "room", "../lib/x", &fault));
  ck_assert(!ed_host_knows(s.host, "none") && !ed_host_knows(s.host, "../lib/x") && !ed_host_knows(s.host, ""));
  script(&s, "rooms/none.lua", "return {}");
  ck_assert(ed_host_knows(s.host, "none"));
  ck_assert_ptr_nonnull(try_play(&s, "room", "none", &fault));
}
END_TEST

START_TEST(test_check) {
  const struct ed_policy_knob knob = {.name = "keep", .kind = ED_KNOB_NUMBER, .number = 5};
  struct ed_space space = s.world.space;
  struct ed_script_error error;
  script(&s, "rooms/p.lua",
         LINES("local native = require 'eddy.native'", "local knobs = native.knobs { hold = 1 }",
               "return { open = function(room) room:every(1, function() end) end }"));
  ck_assert_int_eq(ed_host_check(s.host, &space, "p", &error), 0);
  space.knobs = &knob;
  space.knobs_len = 1;
  ck_assert_int_eq(ed_host_check(s.host, &space, "p", &error), 0); /* such a room takes what its policy has */
  space.policy = "p";
  ck_assert_int_eq(ed_host_check(s.host, &space, "p", &error), -1);
  ck_assert_ptr_nonnull(strstr(error.text, "sets the knob 'keep', which this policy does not have (it has: hold)"));
  ck_assert_str_eq(said(&s), ""); /* who asked says it */
}
END_TEST

/* ---- require ---- */

/* A module of the policy's own folder is each room's own, one of the library is shared by all, and so is frozen. */
START_TEST(test_require) {
  script(&s, "lib/shared.lua", "local n = 0 return { count = function() n = n + 1 return n end }");
  script(&s, "rooms/own.lua", "local n = 0 return { count = function() n = n + 1 return n end }");
  script(&s, "rooms/p.lua",
         LINES("local shared, own = require 'shared', require 'own'", "return { push = function(_, msg)",
               "  if require 'own' ~= own then error('another one') end",
               "  if msg.value == 'write' then shared.count = nil end", "  own.mine = true",
               "  msg.value = shared.count() .. ' ' .. own.count() return msg", "end }"));
  struct ed_room *first = play(&s, "first", "p"), *second = play(&s, "second", "p");
  join_room(&s, &a, first);
  join_room(&s, &b, second);
  PUSH(&a, ED_RELAY, "k", "1");
  PUSH(&a, ED_RELAY, "k", "1");
  PUSH(&b, ED_RELAY, "k", "1");
  EXPECT_TURN(&s, &a, "push k=\"1 1\" @1 | push k=\"2 2\" @2");
  EXPECT_TURN(&s, &b, "push k=\"3 1\" @1");
  REFUSED(try_push(&a, ED_RELAY, "k", 0, "\"write\""), &a, ED_FAULT_BROKEN, "has failed");
  SAID(&s, "shared cannot be changed by scripts");
  leave(&a);
  leave(&b);
}
END_TEST

static const struct row REQUIRES[] = {
    {"require 'none'", "cannot load module 'none': "},
    {"require '../x'", "cannot load module '../x': a module's name is made of letters"},
    {"require '/etc/passwd'", "a module's name is made of letters"},
    {"require '..'", "a module's name is made of letters"},
    {"require ''", "rooms/p.lua:1:"},
    {"require 'ring'", "module 'pong' requires itself"},
    {"require 'wrong'", "rooms/wrong.lua:1:"},
};

START_TEST(test_require_fails) {
  struct ed_fault fault = {0};
  script(&s, "rooms/ring.lua", "return require 'pong'");
  script(&s, "rooms/pong.lua", "return require 'ping'");
  script(&s, "rooms/ping.lua", "return require 'pong'");
  script(&s, "rooms/wrong.lua", "return +");
  script(&s, "rooms/p.lua", REQUIRES[_i].text);
  ck_assert_ptr_null(try_play(&s, "room", "p", &fault));
  SAID(&s, REQUIRES[_i].says);
}
END_TEST

/* ---- instances ---- */

/* Each room has its own locals; timers end with their instance, whether it is replaced or its room goes. */
START_TEST(test_timers) {
  const char *const ticks =
      "return { open = function(room) room:every('1s', function(r) r:push('tick', '%s') end) end }";
  char text[200];
  snprintf(text, sizeof text, ticks, "old");
  script(&s, "rooms/p.lua", text);
  struct ed_room *room = play(&s, "room", "p");
  join(&s.world, &a);
  pass(&s, 1000);
  EXPECT(&a, "push tick=\"old\" @1");
  snprintf(text, sizeof text, ticks, "new");
  edit(&s, "rooms/p.lua", text);
  settle(&s);
  pass(&s, 1000);
  EXPECT(&a, "push tick=\"new\" @2");
  size_t timers = s.world.timers.len;
  leave(&a);
  ed_hub_remove(room);
  ck_assert_uint_lt(s.world.timers.len, timers);
}
END_TEST

/* Objects outlive what they stand for, and then are empty: of a member that left, of a room that was reloaded or ended.
 */
START_TEST(test_objects) {
  script(&s, "lib/attic.lua",
         "local kept = {} return { put = function(x) kept[#kept + 1] = x end, get = function(i) return kept[i] end }");
  script(
      &s, "rooms/p.lua",
      LINES("local attic = require 'attic'", "return {", "  join = function(room, m) attic.put(m) attic.put(room) end,",
            "  push = function(room, msg)", "    local m, r = attic.get(1), attic.get(2)",
            "    room:log('seen', m.here, m.id, m:send('k', 1), tostring(r), pcall(r.size, r, 'k'))", "    return msg",
            "  end }"));
  struct ed_room *first = play(&s, "first", "p"), *second = play(&s, "second", "p");
  join_room(&s, &a, first);
  join_room(&s, &b, second);
  PUSH(&b, ED_RELAY, "k", "1");
  SAID(&s, "seen true 1 true space/first true 0 0");
  leave(&a);
  PUSH(&b, ED_RELAY, "k", "1");
  SAID(&s, "seen false 1 false space/first true 0 0");
  ed_hub_remove(first);
  REFUSED(try_push(&b, ED_RELAY, "k", 0, "1"), &b, ED_FAULT_BROKEN, "has failed"); /* r.size */
  SAID(&s, "this room has ended, or its policy was replaced");
  leave(&b);
}
END_TEST

/* ---- failures ---- */

/* The same failure is told once, and then how often it came. */
START_TEST(test_repeated) {
  script(&s, "rooms/p.lua", "return { push = function(_, msg) error('oops ' .. msg.key) end }");
  struct ed_room *room = play(&s, "room", "p");
  join(&s.world, &a);
  for (int i = 0; i < 1000; i++) try_push(&a, ED_RELAY, "k", 0, "1");
  ck_assert_uint_eq(times_said(&s, "oops"), 1);
  ck_assert_uint_eq(ed_host_info(room).failures, 1000);
  ck_assert_ptr_nonnull(strstr(ed_host_info(room).last_failure, "oops k"));
  pass(&s, 10000);
  try_push(&a, ED_RELAY, "k", 0, "1");
  ck_assert_uint_eq(times_said(&s, "oops"), 2);
  SAID(&s, "(and 999 times since)");
  leave(&a);
}
END_TEST

/* Failures that never say the same twice do not fill the log either. */
START_TEST(test_varied) {
  script(&s, "rooms/p.lua", "local n = 0 return { push = function() n = n + 1 error('oops ' .. n) end }");
  struct ed_room *room = play(&s, "room", "p");
  join(&s.world, &a);
  for (int i = 0; i < 1000; i++) try_push(&a, ED_RELAY, "k", 0, "1");
  ck_assert_uint_eq(times_said(&s, "oops"), 20);
  ck_assert_uint_eq(ed_host_info(room).failures, 1000);
  pass(&s, 10000);
  try_push(&a, ED_RELAY, "k", 0, "1");
  SAID(&s, "980 more failures were not told");
  leave(&a);
}
END_TEST

/* ---- tables that answer by calling back ---- */

/* What is looked up in a table of the script's may run the script: nothing that is at hand meanwhile may go with it. */
START_TEST(test_trim_within_trim) {
  script(&s, "rooms/p.lua",
         LINES("return { push = function(room, msg)", "  if msg.key ~= 'go' then return msg end",
               "  local all = { messages = 0 }",
               "  local again = setmetatable({}, { __index = function() return room:trim('old', all) and nil end })",
               "  room:log('trimmed', room:trim('old', again), room:size('old'))", "  return msg", "end }"));
  play(&s, "room", "p");
  join(&s.world, &a);
  PUSH(&a, ED_APPEND, "old", "1");
  settle(&s); /* nothing of it is on its way any more, so that it goes as soon as it is empty */
  PUSH(&a, ED_RELAY, "go", "1");
  SAID(&s, "trimmed 0 0 0");
  leave(&a);
}
END_TEST

START_TEST(test_made_key) {
  script(&s, "rooms/p.lua",
         LINES("local fields, texts = { push = function() return nil, 'mine' end }, {}",
               "return setmetatable(fields, { __index = function(_, name)",
               "  local key = 'k' .. tostring(name):rep(20)", "  if name == 'key' then return key .. '*' end",
               "  for i = 1, 2000 do texts[i % 8] = key .. i end", "end })"));
  play(&s, "room", "p");
  join(&s.world, &a);
  PUSH(&a, ED_RELAY, "other", "1");
  REFUSED(try_push(&a, ED_RELAY, "kkeykeykeykeykeykeykeykeykeykeykeykeykeykeykeykeykeykeykeykeyx", 0, "1"), &a,
          ED_FAULT_REFUSED, "mine");
  leave(&a);
}
END_TEST

/* ---- texts ---- */

/* A key that is no text would end the connections of all who hear it, and could never be loaded again. */
START_TEST(test_keys_are_texts) {
  script(&s, "rooms/p.lua",
         LINES("return { push = function(room, msg, member)",
               "  local bad = { room.push, room.compact, function(_, key) member:send(key, 1) end }",
               "  for _, fn in ipairs(bad) do assert(not pcall(fn, room, 'k\\255', 1, 1)) end",
               "  local _, why = pcall(room.push, room, 'caf\\195', 1)", "  room:log(why)",
               "  room:push('caf\\195\\169', 1)", "  return msg", "end }"));
  play(&s, "room", "p");
  join(&s.world, &a);
  PUSH(&a, ED_RELAY, "k", "1");
  SAID(&s, "a key is a text in UTF-8");
  EXPECT_TURN(&s, &a, "push k=1 @1 | push caf\xc3\xa9=1 @2");
  leave(&a);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("policy");
  TCase *tests = tcase_create("policy");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_loop_test(tests, test_broken, 0, sizeof BROKEN / sizeof *BROKEN);
  tcase_add_test(tests, test_missing);
  tcase_add_test(tests, test_check);
  tcase_add_test(tests, test_require);
  tcase_add_loop_test(tests, test_require_fails, 0, sizeof REQUIRES / sizeof *REQUIRES);
  tcase_add_test(tests, test_timers);
  tcase_add_test(tests, test_objects);
  tcase_add_test(tests, test_repeated);
  tcase_add_test(tests, test_varied);
  tcase_add_test(tests, test_trim_within_trim);
  tcase_add_test(tests, test_made_key);
  tcase_add_test(tests, test_keys_are_texts);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
