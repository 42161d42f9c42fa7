/* core/base/hash: SipHash-1-3 as others compute it, and a random source that gives something. */
#include "base/hash.h"

#include "main.h"

/* Key 00 01 .. 0f, text 00 01 02 .. of `len` bytes. Computed with an implementation of SipHash-c-d of its own (in Python)
 * that agrees with the vectors published for SipHash-2-4, with c = 1 and d = 3. */
static const struct {
  size_t len;
  uint64_t hash;
} VECTORS[] = {
    {0, 0xabac0158050fc4dc},  {1, 0xc9f49bf37d57ca93},  {2, 0x82cb9b024dc7d44d},   {7, 0xd3927d989bb11140},
    {8, 0x369095118d299a8e},  {9, 0x25a48eb36c063de4},  {15, 0xd320d86d2a519956},  {16, 0xcc4fdd1a7d908b66},
    {63, 0x9d199062b7bbb3a8}, {64, 0xf17997ec4b4a6065}, {300, 0x4016a23bda5a2224},
};

static const struct ed_hash_secret SECRET = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

START_TEST(known_vectors) {
  uint8_t text[301];
  for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
    size_t len = VECTORS[i].len;
    for (size_t at = 0; at < 2; at++) { /* aligned or not is all the same */
      for (size_t k = 0; k < len; k++) text[at + k] = (uint8_t)k;
      ck_assert_uint_eq(ed_hash(&SECRET, ed_span(text + at, len)), VECTORS[i].hash);
    }
  }
  ck_assert_uint_eq(ed_hash(&SECRET, ed_span(NULL, 0)), VECTORS[0].hash);
}
END_TEST

START_TEST(secret_matters) {
  struct ed_hash_secret a = ed_hash_secret_random(), b = ed_hash_secret_random();
  ck_assert(a.k0 != b.k0 && a.k1 != b.k1 && a.k0 != a.k1);
  ck_assert_uint_ne(ed_hash(&a, ED_LIT("key")), ed_hash(&b, ED_LIT("key")));
  struct ed_hash_secret half = {SECRET.k0, SECRET.k1 ^ 1};
  ck_assert_uint_ne(ed_hash(&half, ED_LIT("key")), ed_hash(&SECRET, ED_LIT("key")));
}
END_TEST

/* Not a test of the system's randomness, but of every byte asked for being filled and none besides. */
START_TEST(random_fills) {
  uint8_t bytes[1000];
  for (size_t i = 0; i < 300; i++) {
    memset(bytes, 0, sizeof bytes);
    ed_random(bytes, 500);
    size_t zeros = 0;
    for (size_t k = 0; k < 500; k++) zeros += bytes[k] == 0;
    ck_assert_uint_lt(zeros, 40); /* 2 expected; 40 would be a hole */
    for (size_t k = 500; k < sizeof bytes; k++) ck_assert_uint_eq(bytes[k], 0);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("base/hash");
  TCase *tests = tcase_create("hash");
  tcase_add_test(tests, known_vectors);
  tcase_add_test(tests, secret_matters);
  tcase_add_test(tests, random_fills);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
