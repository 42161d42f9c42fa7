/* What a slow member under `conflate` takes of the process's memory: never more than limits.queue, copies under way and
 * all that belongs to them included. Each run is played twice, with such a member and without, and what malloc has
 * given out is compared turn by turn. */
#include <malloc.h>
#include <stdlib.h>

#include "fake.h"

#if defined(__SANITIZE_ADDRESS__)
#define MEASURED false /* redzones are not what is measured; the runs are played all the same */
static size_t in_use, most;
#else
#define MEASURED true
/* These take malloc's place in this program. */
static size_t in_use, most;

void *__libc_malloc(size_t len);
void *__libc_calloc(size_t count, size_t len);
void *__libc_realloc(void *old, size_t len);
void __libc_free(void *p);

static void *given(void *p) {
  if (p) in_use += malloc_usable_size(p) + sizeof(size_t);
  if (in_use > most) most = in_use;
  return p;
}

static void taken(void *p) {
  if (p) in_use -= malloc_usable_size(p) + sizeof(size_t);
}

void *malloc(size_t len) { return given(__libc_malloc(len)); }
void *calloc(size_t count, size_t len) { return given(__libc_calloc(count, len)); }
void free(void *p) {
  taken(p);
  __libc_free(p);
}
void *realloc(void *old, size_t len) { /* as if both were there for a moment, which they may be */
  size_t before = old ? malloc_usable_size(old) + sizeof(size_t) : 0;
  void *p = given(__libc_realloc(old, len));
  in_use -= p ? before : 0;
  return p;
}
#endif

static struct world world;
static struct fake ann, bob, eve;
static uint32_t state;

static uint32_t dice(uint32_t sides) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % sides;
}

static char value[300100];

static const char *sized(size_t len) {
  memset(value, '.', len + 2);
  value[0] = value[len + 1] = '"';
  value[len + 2] = 0;
  return value;
}

static const char *key_number(uint32_t i) {
  static char key[16];
  snprintf(key, sizeof key, "%x", i);
  return key;
}

/* ---- what is said in a turn ---- */

static void short_relay(int i) {
  (void)i;
  PUSH(&ann, ED_RELAY, "a", "1");
}

static void many_short_relays(int i) {
  for (int k = 0; k < 60; k++) short_relay(i);
}

/* He hears little of much. */
static void rare(int i) {
  PUSH(&ann, ED_RELAY, "a", sized(dice(200)));
  if (i % 3) return;
  for (int k = 0; k < 30; k++) PUSH(&ann, ED_RELAY, "busy", sized(dice(10000)));
}

static void a_key_each(int i) { PUSH(&ann, ED_REPLACE, key_number((uint32_t)i % 2000), "1"); }

/* More of them than it looks for at once. */
static void many_keys(int i) {
  for (int k = 0; k < 50; k++) PUSH(&ann, ED_REPLACE, key_number(((uint32_t)i * 50 + (uint32_t)k) % 6000), "1");
}

static void all_sizes(int i) {
  static const enum ed_action actions[] = {ED_RELAY, ED_REPLACE, ED_RELAY};
  (void)i;
  uint32_t most_len = (uint32_t)1 << dice(15);
  if (!dice(40)) most_len = (uint32_t)(world.space.limits.queue / 8);
  PUSH(&ann, actions[dice(3)], key_number(dice(20)), sized(dice(most_len)));
}

static void appends_between(int i) {
  if (i % 400 == 0 && !bob.closes && i < 40000) PUSH(&ann, ED_APPEND, key_number(dice(20)), sized(100));
  all_sizes(i);
}

static void appends(int i) {
  (void)i;
  PUSH(&ann, ED_APPEND, "a", sized(dice(300)));
}

static const struct run {
  void (*say)(int i);
  int turns;
  bool choosy;    /* he hears "a" alone */
  bool closes;    /* in the end, as nothing may go */
  bool held;      /* what a turn says may be sent a turn later */
  uint32_t reads; /* bytes at most, at times */
} RUNS[] = {
    {.say = short_relay, .turns = 40000},
    {.say = short_relay, .turns = 40000, .held = true},
    {.say = short_relay, .turns = 40000, .reads = 1000},
    {.say = many_short_relays, .turns = 1000},
    {.say = rare, .turns = 20000, .choosy = true},
    {.say = rare, .turns = 20000, .choosy = true, .reads = 1000},
    {.say = rare, .turns = 2000},
    {.say = a_key_each, .turns = 40000},
    {.say = many_keys, .turns = 2000},
    {.say = all_sizes, .turns = 8000},
    {.say = all_sizes, .turns = 8000, .reads = 10000},
    {.say = all_sizes, .turns = 8000, .held = true},
    {.say = appends_between, .turns = 20000, .reads = 10000},
    {.say = appends, .turns = 9000, .closes = true},
};
#define RUNS_LEN (int)(sizeof RUNS / sizeof *RUNS)

/* What each turn took at most, in `peaks`. */
static void play(const struct run *run, enum ed_encoding encoding, uint64_t queue, bool slow, size_t *peaks) {
  world_init(&world);
  world.space.slow = ED_SLOW_CONFLATE;
  world.space.limits.keys = 100000;
  world.space.limits.queue = queue;
  state = 88172645u;
  join_as(&world, &eve, encoding); /* so what is said is there in that encoding, with him or without */
  if (run->choosy) subscribe(&eve, "a"), subscribe(&eve, "busy");
  if (slow) join_as(&world, &bob, encoding);
  if (slow && run->choosy) subscribe(&bob, "a");
  join(&world, &ann);
  subscribe(&ann, "-");
  turn(&world);
  if (slow) bob.stalls = true;
  for (int i = 0; i < run->turns; i++) {
    most = in_use;
    run->say(i);
    turn(&world);
    if (run->held) ed_room_open_outbox(world.room, world.room->mark - (i % 100 != 0));
    bool reads = run->reads && !dice(100);
    size_t takes = reads ? 1 + dice(run->reads) : 0;
    if (reads && slow) {
      bob.stalls = bob.member.blocked = false;
      bob.takes = takes;
      fake_pull(&bob);
      ed_buf_deinit(&bob.wire);
    }
    ed_buf_deinit(&eve.wire);
    peaks[i] = most;
  }
  if (slow) {
    if (MEASURED) ck_assert_uint_eq(bob.closes, run->closes);
    if (MEASURED) ck_assert(run->closes || world.hub.counts.conflated > 0);
    leave(&bob);
  }
  leave(&eve);
  leave(&ann);
  world_deinit(&world);
}

static void bounded(const struct run *given, enum ed_encoding encoding, uint64_t queue) {
  struct run few = *given;
  const struct run *run = &few;
  if (!MEASURED) { /* it takes long, and finds what there is to find sooner */
    few.turns /= 8;
    queue /= 8;
  }
  size_t *without = calloc((size_t)run->turns, sizeof *without), *with = calloc((size_t)run->turns, sizeof *with);
  play(run, encoding, queue, false, without);
  play(run, encoding, queue, true, with);
  size_t worst = 0;
  for (int i = 0; i < run->turns; i++)
    if (with[i] > without[i] && with[i] - without[i] > worst) worst = with[i] - without[i];
  if (MEASURED) ck_assert_uint_gt(worst, queue / 4);
  if (MEASURED) ck_assert_uint_le(worst, queue);
  free(without);
  free(with);
}

START_TEST(json) { bounded(&RUNS[_i], ED_JSON, 1 << 20); }
END_TEST

START_TEST(cbor) { bounded(&RUNS[_i], ED_CBOR, 1 << 20); }
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/slow_memory");
  TCase *tests = tcase_create("slow_memory");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, json, 0, RUNS_LEN);
  tcase_add_loop_test(tests, cbor, 0, RUNS_LEN);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
