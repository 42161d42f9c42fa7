/* A room that fills the Lua state that it shares with others: they begin again elsewhere, and it ends up alone. */
#include "scripted.h"

enum { ROOMS = 50 };

static struct scripted s;
static struct ed_room *rooms[ROOMS];
static struct fake members[ROOMS];

/* Keeps n KB for good when it is told so, and counts what it has seen. */
#define HOARD                                                                                          \
  "local kept, n = {}, 0\n"                                                                            \
  "return {\n"                                                                                         \
  "  open = function(room) for _ in room:each('k') do n = n + 1 end end,\n"                            \
  "  push = function(room, msg)\n"                                                                     \
  "    n = n + 1\n"                                                                                    \
  "    if msg.key == 'hoard' then\n"                                                                   \
  "      for i = 1, msg.value do kept[#kept + 1] = ('x'):rep(1000) .. #kept .. room.id end\n"         \
  "      return nil\n"                                                                                 \
  "    end\n"                                                                                          \
  "    msg.value = n\n"                                                                                \
  "    return msg\n"                                                                                   \
  "  end,\n"                                                                                           \
  "}\n"

static void setup(void) {
  scripted_init(&s);
  s.options.vm.memory = 4 << 20;
  scripted_begin(&s);
  script(&s, "rooms/p.lua", HOARD);
  for (int i = 0; i < ROOMS; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%d", i);
    rooms[i] = play(&s, id, "p");
    join(&s.world, &members[i]);
    PUSH(&members[i], ED_APPEND, "k", "0");
  }
}

static void teardown(void) {
  for (int i = 0; i < ROOMS; i++) leave(&members[i]);
  scripted_deinit(&s);
}

/* Everybody but room 7 is alive, and knows how many messages there were. */
static void all_alive(int messages) {
  char want[40];
  snprintf(want, sizeof want, "push k=%d @", messages);
  for (int i = 0; i < ROOMS; i++) {
    if (i == 7) continue;
    PUSH(&members[i], ED_APPEND, "k", "0");
    settle(&s);
    ck_assert_ptr_nonnull(strstr(fake_heard(&members[i]), want));
  }
}

static void hoard(void) {
  REFUSED(try_push(&members[7], ED_RELAY, "hoard", 0, "20000"), &members[7], ED_FAULT_BROKEN, "(p) has failed");
}

START_TEST(test_rescue) {
  ck_assert_uint_eq(ed_host_counts(s.host).states, 1);
  struct ed_home *full = instance_of(rooms[7])->home;
  hoard();
  SAID(&s, "a state with 50 rooms is over its memory; its rooms begin again in new ones");
  settle(&s);
  all_alive(2);
  struct ed_instance *culprit = instance_of(rooms[7]);
  ck_assert(culprit->solitary && !culprit->broken);
  ck_assert_ptr_ne(culprit->home, full);
  ck_assert_uint_eq(culprit->home->count, 1);
  ck_assert_uint_eq(ed_host_counts(s.host).states, 2); /* the full one is gone */
  PUSH(&members[7], ED_APPEND, "k", "0");
  EXPECT_TURN(&s, &members[7], "push k=1 @1 | push k=2 @2 | size k 2");
}
END_TEST

START_TEST(test_again) {
  hoard();
  settle(&s);
  hoard();
  SAID(&s, "its room loses the policy");
  unsigned failures = (unsigned)ed_host_counts(s.host).failures;
  for (int i = 0; i < 100; i++)
    REFUSED(try_push(&members[7], ED_RELAY, "k", 0, "1"), &members[7], ED_FAULT_BROKEN, "(p) has failed");
  ck_assert_uint_eq(ed_host_counts(s.host).failures, failures); /* the script is not even asked */
  ck_assert(instance_of(rooms[7])->broken);
  all_alive(2);

  edit(&s, "rooms/p.lua", "return { push = function(_, msg) msg.value = 'mended' return msg end }");
  settle(&s);
  ck_assert(!instance_of(rooms[7])->broken);
  fake_heard(&members[7]);
  PUSH(&members[7], ED_RELAY, "k", "1");
  EXPECT_TURN(&s, &members[7], "push k=\"mended\" @2");
  PUSH(&members[7], ED_RELAY, "hoard", "20000");
}
END_TEST

/* While its rooms are on their way out, further failures in the full state blame nobody else, and are no second time. */
START_TEST(test_leaving) {
  hoard();
  struct ed_instance *culprit = instance_of(rooms[7]), *other = instance_of(rooms[8]);
  struct ed_script_error error = {.kind = ED_SCRIPT_MEMORY};
  ed_home_rescue(culprit->home, culprit, &error);
  ed_home_rescue(other->home, other, &error);
  ck_assert(!culprit->broken && !other->solitary);
  ck_assert_uint_eq(times_said(&s, "over its memory"), 1);
  settle(&s);
  all_alive(2);
}
END_TEST

/* What one call leaves behind is no reason for all this. */
START_TEST(test_passing) {
  struct ed_home *home = instance_of(rooms[7])->home;
  edit(&s, "rooms/p.lua", "return { push = function(_, msg) local t = {} for i = 1, 1e5 do t[i] = {i} end return msg end }");
  settle(&s);
  home = instance_of(rooms[7])->home;
  REFUSED(try_push(&members[7], ED_RELAY, "k", 0, "1"), &members[7], ED_FAULT_BROKEN, "(p) has failed");
  settle(&s);
  ck_assert_ptr_eq(instance_of(rooms[7])->home, home);
  ck_assert_uint_eq(times_said(&s, "over its memory"), 0);
}
END_TEST

/* What one message was decoded to goes with its call: it is no reason for another to fail, nor for the room to lose its
 * policy. */
START_TEST(test_large_values) {
  enum { LISTS = 30000 };
  static char text[LISTS * 3 + 2];
  for (int i = 0; i < LISTS; i++) memcpy(text + 3 * i, "[],", 3);
  *text = '[', text[1] = '1', text[2] = ',';
  strcpy(text + LISTS * 3 - 1, "]");
  edit(&s, "rooms/p.lua", "return { push = function(_, msg) if msg.value[1] ~= 1 then return nil end return msg end }");
  settle(&s);
  struct ed_home *home = instance_of(rooms[7])->home;
  for (int i = 0; i < 6; i++) {
    PUSH(&members[7], ED_RELAY, "k", text);
    settle(&s);
  }
  ck_assert_ptr_eq(instance_of(rooms[7])->home, home);
  ck_assert_uint_eq(times_said(&s, "over its memory"), 0);
}
END_TEST

/* The last room of a full state ends: no other is to move in there. */
START_TEST(test_no_heir) {
  hoard();
  for (int i = 0; i < ROOMS; i++) {
    leave(&members[i]);
    ed_hub_remove(rooms[i]);
  }
  ck_assert_uint_eq(ed_host_counts(s.host).states, 0);
  for (int i = 0; i < ROOMS; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%d", i);
    rooms[i] = play(&s, id, "p");
    join(&s.world, &members[i]);
  }
  all_alive(1);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("rescue");
  TCase *tests = tcase_create("rescue");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, test_rescue);
  tcase_add_test(tests, test_again);
  tcase_add_test(tests, test_leaving);
  tcase_add_test(tests, test_passing);
  tcase_add_test(tests, test_large_values);
  tcase_add_test(tests, test_no_heir);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
