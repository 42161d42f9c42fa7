/* New versions of scripts, and rooms that move over to them while they run. */
#include <time.h>

#include "scripted.h"

static struct scripted s;
static struct fake a;

static void setup(void) {
  scripted_init(&s);
  scripted_begin(&s);
}

static void teardown(void) { scripted_deinit(&s); }

/* A policy that puts this word in the place of every value. */
static const char *says(const char *word) {
  static char text[200];
  snprintf(text, sizeof text, "return { push = function(_, msg) msg.value = '%s' return msg end }\n", word);
  return text;
}

#define HEARS(want)                         \
  do {                                      \
    PUSH(&a, ED_RELAY, "k", "0");           \
    settle(&s);                             \
    ck_assert_ptr_nonnull(strstr(fake_heard(&a), "\"" want "\"")); \
  } while (0)

static void begin(const char *text) {
  script(&s, "rooms/p.lua", text);
  play(&s, "room", "p");
  join(&s.world, &a);
}

START_TEST(test_changed) {
  begin(says("one"));
  HEARS("one");
  ed_host_changed(s.host, NULL);
  ed_host_changed(s.host, path_of(&s, "rooms/p.lua"));
  ck_assert_uint_eq(ed_host_counts(s.host).reloads, 0); /* it says what it said before */
  edit(&s, "rooms/p.lua", says("two"));
  HEARS("two");
  ck_assert_uint_eq(ed_host_counts(s.host).reloads, 1);
  script(&s, "rooms/p.lua", says("three"));
  ed_host_changed(s.host, path_of(&s, "rooms/q.lua")); /* another's business */
  HEARS("two");
  ed_host_changed(s.host, NULL);
  HEARS("three");
  ck_assert_uint_eq(ed_host_counts(s.host).states, 1); /* those before are gone */
  leave(&a);
}
END_TEST

START_TEST(test_broken) {
  begin(says("one"));
  edit(&s, "rooms/p.lua", "return {\n  push = \n}");
  SAID(&s, "policy p does not load, rooms keep the version they have: rooms/p.lua:3:");
  HEARS("one");
  ck_assert_uint_eq(ed_host_counts(s.host).reload_failures, 1);
  ed_host_changed(s.host, NULL); /* no other try, no other line */
  ck_assert_uint_eq(ed_host_counts(s.host).reload_failures, 1);
  play(&s, "other", "p"); /* a new room gets what works */
  edit(&s, "rooms/p.lua", says("one"));
  ck_assert_uint_eq(ed_host_counts(s.host).reloads, 0); /* all is as it was */
  edit(&s, "rooms/p.lua", "return {\n  push = \n}");
  ck_assert_uint_eq(ed_host_counts(s.host).reload_failures, 2);
  edit(&s, "rooms/p.lua", says("two"));
  HEARS("two");
  leave(&a);
}
END_TEST

START_TEST(test_removed) {
  begin(says("one"));
  unscript(&s, "rooms/p.lua");
  ed_host_changed(s.host, path_of(&s, "rooms/p.lua"));
  SAID(&s, "rooms/p.lua: No such file");
  HEARS("one");
  edit(&s, "rooms/p.lua", says("one"));
  ck_assert_uint_eq(ed_host_counts(s.host).reloads, 0);
  unscript(&s, "rooms/p.lua");
  ed_host_changed(s.host, NULL);
  edit(&s, "rooms/p.lua", says("two"));
  HEARS("two");
  leave(&a);
}
END_TEST

START_TEST(test_part) {
  struct ed_room *other;
  script(&s, "lib/word.lua", "return { word = 'one' }");
  script(&s, "rooms/q.lua", says("q"));
  other = play(&s, "other", "q");
  begin(LINES("local part = require 'word'", "return { push = function(_, msg) msg.value = part.word return msg end }"));
  HEARS("one");
  edit(&s, "lib/word.lua", "return { word = 'two' }");
  HEARS("two");
  ck_assert_uint_eq(version_of(other), 1);
  edit(&s, "lib/word.lua", "return nil");
  SAID(&s, "module 'word' returns nothing");
  HEARS("two");
  edit(&s, "lib/word.lua", "return { word = 'three' }");
  HEARS("three");
  leave(&a);
}
END_TEST

/* A module that was missing appears: in either folder, whichever way the host hears of it. */
START_TEST(test_part_appears) {
  const char *const wanting = LINES("local part = require 'word'",
                                    "return { push = function(_, msg) msg.value = part return msg end }");
  begin(says("one"));
  edit(&s, "rooms/p.lua", wanting);
  SAID(&s, "cannot load module 'word'");
  HEARS("one");
  edit(&s, "rooms/word.lua", "return 'own'");
  HEARS("own");
  edit(&s, "lib/word.lua", "return 'library'"); /* which goes first */
  HEARS("library");
  unscript(&s, "lib/word.lua");
  ed_host_changed(s.host, NULL);
  HEARS("own");
  leave(&a);
}
END_TEST

START_TEST(test_next_message) {
  struct ed_room *first;
  script(&s, "rooms/p.lua", says("one"));
  first = play(&s, "first", "p");
  for (int i = 0; i < 20; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%d", i);
    play(&s, id, "p");
  }
  join(&s.world, &a);
  edit(&s, "rooms/p.lua", says("two"));
  ck_assert_uint_eq(version_of(first), 2); /* the one that it was tried in */
  ck_assert_uint_eq(version_of(s.world.room), 1);
  PUSH(&a, ED_RELAY, "k", "0"); /* no timer has run */
  ck_assert_uint_eq(version_of(s.world.room), 2);
  ed_hub_flush(&s.world.hub);
  EXPECT(&a, "push k=\"two\" @1");
  leave(&a);
}
END_TEST

/* Streams that are there get the stages of the new version, and what was retained is there to be read in open. */
START_TEST(test_streams) {
  begin("return { { key = 'a', push = function(_, msg) msg.value = 'A' return msg end } }");
  PUSH(&a, ED_APPEND, "a", "1");
  PUSH(&a, ED_APPEND, "b", "2");
  edit(&s, "rooms/p.lua",
       LINES("local sum = ''", "return { { key = 'b', open = function(room)",
             "  for seq, value in room:each('a') do sum = sum .. seq .. value end",
             "  for seq, value in room:each('b') do sum = sum .. seq .. value end",
             "end, push = function(_, msg) msg.value = sum return msg end } }"));
  settle(&s);
  PUSH(&a, ED_APPEND, "a", "3");
  PUSH(&a, ED_APPEND, "b", "4");
  EXPECT_TURN(&s, &a,
              "push a=\"A\" @1 | push b=2 @2 | push a=3 @3 | size a 2 | push b=\"1A22\" @4 | size b 2");
  leave(&a);
}
END_TEST

/* A version whose open fails in the room where it is tried is dropped, and not tried again until a file changes. */
START_TEST(test_open_fails) {
  begin(says("one"));
  for (int i = 0; i < 30; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%d", i);
    play(&s, id, "p");
  }
  edit(&s, "rooms/p.lua", "return { open = function(room) error('not in ' .. room.id) end }");
  settle(&s);
  ck_assert_uint_eq(times_said(&s, "not in"), 1);
  ck_assert_uint_eq(ed_host_counts(s.host).reload_failures, 1);
  ed_host_changed(s.host, NULL);
  settle(&s);
  ck_assert_uint_eq(times_said(&s, "not in"), 1);
  ck_assert_uint_eq(ed_host_counts(s.host).states, 1);
  play(&s, "late", "p");
  HEARS("one");
  leave(&a);
}
END_TEST

/* One that fails in some rooms leaves these where they are. */
START_TEST(test_open_fails_in_some) {
  struct ed_room *rooms[30];
  script(&s, "rooms/p.lua", says("one"));
  for (int i = 0; i < 30; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%d", i);
    rooms[i] = play(&s, id, "p");
  }
  edit(&s, "rooms/p.lua", "return { open = function(room) if room.id:find('5$') then error('not in ' .. room.id) end end }");
  settle(&s);
  for (int i = 0; i < 30; i++) ck_assert_uint_eq(version_of(rooms[i]), i % 10 == 5 ? 1 : 2);
  ck_assert_uint_eq(times_said(&s, "not in"), 3);
  ck_assert_uint_eq(ed_host_counts(s.host).states, 2);
  for (int i = 5; i < 30; i += 10) ed_hub_remove(rooms[i]);
  ck_assert_uint_eq(ed_host_counts(s.host).states, 1); /* the old program went with its last room */
  edit(&s, "rooms/p.lua", says("three"));
  settle(&s);
  ck_assert_uint_eq(version_of(rooms[0]), 3);
}
END_TEST

/* One that works where it is tried, and in hardly any other room, is given up. */
START_TEST(test_open_fails_in_most) {
  struct ed_room *rooms[100];
  script(&s, "rooms/p.lua", says("one"));
  for (int i = 0; i < 100; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%d", i);
    rooms[i] = play(&s, id, "p");
  }
  edit(&s, "rooms/p.lua", "return { open = function(room) if room.id ~= 'r0' then error('not in ' .. room.id) end end }");
  settle(&s);
  ck_assert_uint_eq(times_said(&s, "not in"), 10);
  ck_assert_uint_eq(times_said(&s, "fails in too many rooms"), 1);
  ck_assert_uint_eq(version_of(rooms[99]), 1);
  edit(&s, "rooms/p.lua", says("three"));
  settle(&s);
  for (int i = 0; i < 100; i++) ck_assert_uint_eq(version_of(rooms[i]), 3);
}
END_TEST

/* Changed again while rooms are on their way: they go to the newest, and all the others are freed. */
START_TEST(test_again) {
  begin(says("0"));
  for (int i = 0; i < 50; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%d", i);
    play(&s, id, "p");
  }
  for (int i = 1; i <= 20; i++) {
    char word[8];
    snprintf(word, sizeof word, "%d", i);
    edit(&s, "rooms/p.lua", says(word));
    if (i % 7 == 0) tick(&s);
  }
  settle(&s);
  HEARS("20");
  ck_assert_uint_eq(ed_host_counts(s.host).states, 1);
  ck_assert_uint_eq(ed_host_counts(s.host).instances, 51);
  leave(&a);
}
END_TEST

/* `close` has the last word: what it pushes comes before anything of the new version. */
START_TEST(test_close) {
  begin(LINES("return { push = function(_, msg) return msg end, close = function(room) room:push('k', 'last', 'append') end }"));
  edit(&s, "rooms/p.lua", says("new"));
  PUSH(&a, ED_RELAY, "k", "0");
  EXPECT_TURN(&s, &a, "push k=\"last\" @1 | push k=\"new\" @2");
  leave(&a);
}
END_TEST

START_TEST(test_move) {
  struct ed_fault fault = {0};
  script(&s, "rooms/q.lua", says("q"));
  begin(says("p"));
  HEARS("p");
  ck_assert_int_eq(ed_host_move(s.world.room, "q", &fault), 0);
  HEARS("q");
  ck_assert_str_eq(s.world.room->policy, "q");
  edit(&s, "rooms/p.lua", says("p2")); /* nobody is there any more */
  HEARS("q");
  ck_assert_int_eq(ed_host_move(s.world.room, "p", &fault), 0);
  HEARS("p2");
  ck_assert_int_eq(ed_host_move(s.world.room, "none", &fault), -1);
  ck_assert_int_eq(ed_host_move(s.world.room, "../p", &fault), -1);
  script(&s, "rooms/bad.lua", "return { open = function() error('no') end }");
  ck_assert_int_eq(ed_host_move(s.world.room, "bad", &fault), -1);
  ck_assert_ptr_nonnull(strstr(fault.text, "does not load"));
  HEARS("p2");
  ck_assert_str_eq(s.world.room->policy, "p");
  leave(&a);
}
END_TEST

static double cpu_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The loop is never held for long: rooms move in slices, in between of which it serves messages. */
START_TEST(test_slices) {
  enum { ROOMS = 10000 };
  script(&s, "rooms/p.lua", says("one"));
  for (int i = 0; i < ROOMS; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%d", i);
    play(&s, id, "p");
  }
  struct ed_room *room = s.world.room;
  edit(&s, "rooms/p.lua", says("two"));
  ck_assert_uint_eq(version_of(room), 1);
  double longest = 0;
  unsigned slices = 0;
  for (; ed_timer_running(&s.host->swap_timer); slices++) {
    double from = cpu_ms();
    tick(&s); /* many timers of rooms run beside: a slice must not be followed by another in the same turn */
    double took = cpu_ms() - from;
    if (took > longest) longest = took;
    s.world.timers.now_ms++;
  }
  ck_assert_uint_eq(version_of(room), 2);
  ck_assert_uint_ge(slices, 3);
  ck_assert_msg(longest < 100, "a slice took %.1f ms", longest); /* 2 and the end of a state; a sanitizer is slow */
  ck_assert_uint_eq(ed_host_counts(s.host).instances, ROOMS);
  ck_assert_uint_eq(ed_host_counts(s.host).states, ROOMS / 1000);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("reload");
  TCase *tests = tcase_create("reload");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, test_changed);
  tcase_add_test(tests, test_broken);
  tcase_add_test(tests, test_removed);
  tcase_add_test(tests, test_part);
  tcase_add_test(tests, test_part_appears);
  tcase_add_test(tests, test_next_message);
  tcase_add_test(tests, test_streams);
  tcase_add_test(tests, test_open_fails);
  tcase_add_test(tests, test_open_fails_in_some);
  tcase_add_test(tests, test_open_fails_in_most);
  tcase_add_test(tests, test_again);
  tcase_add_test(tests, test_close);
  tcase_add_test(tests, test_move);
  tcase_add_test(tests, test_slices);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
