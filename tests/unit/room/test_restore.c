/* core/room/keeper: what a keeper brings back, in whatever order it has it. */
#include "fake.h"
#include "room/keeper.h"

static struct world world;

static void begin(void) { world_init(&world); }
static void end(void) { world_deinit(&world); }

static bool restore(struct ed_span key, uint64_t seq, bool is_base) {
  return ed_room_restore(world.room, key, seq, 1, is_base, ED_JSON, ED_LIT("1"));
}

static bool one(const char *key, uint64_t seq) { return restore(ed_span_text(key), seq, false); }

static size_t len_of(const char *key) {
  struct ed_stream *stream = ed_room_stream(world.room, ed_span_text(key));
  return stream ? stream->len : 0;
}

START_TEST(rising) {
  ck_assert(one("", 5) && one("", 6) && one("a", 1) && one("a", 9) && one("aa", 2) && one("b", 3) &&
            one("\xc3\xa9", 4));
  ck_assert(!one("\xc3\xa9", 4));                   /* no greater number */
  ck_assert(!restore(ED_LIT("\xc3\xa9"), 8, true)); /* a base comes first */
  ck_assert(restore(ED_LIT("\xc3\xaa"), 8, true));
  ck_assert_uint_eq(streams(&world), 6);
  ck_assert_uint_eq(len_of("") + len_of("a"), 4);
  ck_assert_uint_eq(world.room->messages, 8);
  ck_assert_uint_eq(world.room->seq, 9);
  ck_assert(!world.room->unsorted);
}
END_TEST

START_TEST(bytes_above_127_and_prefixes_are_in_order) {
  ck_assert(restore(ed_span("\x01", 1), 1, false) && restore(ed_span("\x01\x01", 2), 2, false));
  ck_assert(restore(ed_span("\x7f", 1), 3, false) && restore(ed_span("\xf0\x9f\x98\x80", 4), 4, false));
  ck_assert(!world.room->unsorted);
  ck_assert_uint_eq(streams(&world), 4);
}
END_TEST

/* Then each is looked for, from the first one that is out of order on, and never made twice. */
START_TEST(any_order) {
  static const char *const keys[] = {"b", "d", "c", "a", "d", "b", "e", "c", "f", "f", "a", "aa", "a"};
  const size_t count = sizeof keys / sizeof *keys;
  for (size_t i = 0; i < count; i++) ck_assert(one(keys[i], i + 1));
  ck_assert(!one("b", 6));
  ck_assert_uint_eq(streams(&world), 7);
  ck_assert_uint_eq(len_of("a"), 3);
  ck_assert_uint_eq(len_of("b") + len_of("c") + len_of("d") + len_of("f"), 8);
  ck_assert_uint_eq(world.room->messages, count);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/restore");
  TCase *tests = tcase_create("restore");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, rising);
  tcase_add_test(tests, bytes_above_127_and_prefixes_are_in_order);
  tcase_add_test(tests, any_order);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
