/* What is well-formed CBOR and what is not, by the one-pass check (a walk of our own) and by the reader (libcbor's
 * streaming decoder); heads, floats and strings, written. */
#include "codec/cbor.h"

#include <math.h>

#include "bytes.h"

/* RFC 8949, appendix A, and what published clients send. */
static const char *const good[] = {
    "00", "01", "0a", "17", "1818", "1819", "1864", "1903e8", "1a000f4240", "1b000000e8d4a51000", "1bffffffffffffffff",
    "c249010000000000000000", "3bffffffffffffffff", "c349010000000000000000", "20", "29", "3863", "3903e7", "f90000",
    "f98000", "f93c00", "fb3ff199999999999a", "f93e00", "f97bff", "fa47c35000", "fa7f7fffff", "fb7e37e43c8800759c",
    "f90001", "f90400", "f9c400", "fbc010666666666666", "f97c00", "f97e00", "f9fc00", "fa7f800000", "fa7fc00000",
    "faff800000", "fb7ff0000000000000", "fb7ff8000000000000", "fbfff0000000000000", "f4", "f5", "f6", "f7", "f0",
    "f8ff", "c074323031332d30332d32315432303a30343a30305a", "c11a514b67b0", "c1fb41d452d9ec200000", "d74401020304",
    "d818456449455446", "d82076687474703a2f2f7777772e6578616d706c652e636f6d", "40", "4401020304", "60", "6161",
    "6449455446", "62225c", "62c3bc", "63e6b0b4", "64f0908591", "80", "83010203", "8301820203820405",
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819", "a0", "a201020304", "a26161016162820203",
    "826161a161626163", "a56161614161626142616361436164614461656145", "5f42010243030405ff",
    "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff", "9f01820203820405ff", "83018202039f0405ff",
    "83019f0203ff820405", "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "bf61610161629f0203ffff",
    "826161bf61626163ff", "bf6346756ef563416d7421ff",
    /* more than the appendix: simple values without a meaning, non-minimal heads, empty pieces, tags of pieces, odd
       keys */
    "e0", "f3", "f820", "1817", "190001", "1a00000001", "1b0000000000000001", "580161", "780161", "980101",
    "9a00000000", "b90001616101", "5fff", "7fff", "5f40ff", "7f6060ff", "7f6161780162ff", "c1c1c100", "c17f6161ff",
    "a1f600", "a1c0616100", "a18001", "bfa0a0ff", "d9d9f7a0", "dbffffffffffffffff00", "c600", "d400", "9fc101ff",
    "d84043010203"};

static const struct {
  const char *hex;
  const char *why; /* NULL: it is the end that is not there, which the reader alone looks at */
} bad[] = {
    {"", "ends early at byte 0"},
    {"18", "ends early"},
    {"19", "ends early"},
    {"1901", "ends early at byte 2"},
    {"1a010203", "ends early"},
    {"1b01020304050607", "ends early"},
    {"38", "ends early"},
    {"58", "ends early"},
    {"f8", "ends early"},
    {"f900", "ends early"},
    {"fa000000", "ends early"},
    {"fb00000000000000", "ends early"},
    {"c0", "ends early"},
    {"d8", "ends early"},
    {"d820", "ends early"},
    {"41", "ends early"},
    {"61", "ends early"},
    {"4401", "ends early"},
    {"5bffffffffffffffff010203", "ends early"}, /* lengths of 2^64 */
    {"7bffffffffffffffff010203", "ends early"},
    {"7b7fffffffffffffff010203", "ends early"},
    {"5affffffff00", "ends early"},
    {"9bffffffffffffffff010203", "ends early"},
    {"bbffffffffffffffff010203", "ends early"},
    {"bb8000000000000000010203", "ends early"}, /* twice it is 2^64 */
    {"bb8000000000000001010203", "ends early"},
    {"9affffffff00", "ends early"},
    {"81", "ends early"},
    {"818181818181818181", "ends early"},
    {"8200", "ends early"},
    {"a1", "ends early"},
    {"a20102", "ends early"},
    {"a100", "ends early"},
    {"a2000000", "ends early"},
    {"9f", "ends early"},
    {"9f0102", "ends early"},
    {"bf", "ends early"},
    {"bf0102", "ends early"},
    {"bf01", "ends early"},
    {"9f80", "ends early"},
    {"5f", "ends early"},
    {"5f4100", "ends early"},
    {"7f6161", "ends early"},
    {"5f41", "ends early"},
    {"0000", NULL},
    {"a000", NULL},
    {"ff00", "break out of place"},
    {"1c", "reserved byte at byte 0"},
    {"1d", "reserved"},
    {"1e", "reserved"},
    {"1f", "reserved"},
    {"3c", "reserved"},
    {"3f", "reserved"},
    {"5c", "reserved"},
    {"5e", "reserved"},
    {"7d", "reserved"},
    {"9c", "reserved"},
    {"be", "reserved"},
    {"dc", "reserved"},
    {"de", "reserved"},
    {"df00", "reserved"},
    {"fc", "reserved"},
    {"fd", "reserved"},
    {"fe", "reserved"},
    {"811c", "reserved byte at byte 1"},
    {"f800", "too long a form at byte 0"},
    {"f817", "too long a form"},
    {"f818", "too long a form"},
    {"f81f", "too long a form"},
    {"5f00ff", "no fitting piece of a string at byte 1"},
    {"5f6161ff", "no fitting piece"},
    {"7f4161ff", "no fitting piece"},
    {"5f21ff", "no fitting piece"},
    {"5f8000ff", "no fitting piece"},
    {"5fa0ff", "no fitting piece"},
    {"5fc000ff", "no fitting piece"},
    {"5fe0ff", "no fitting piece"},
    {"5f5f4100ffff", "no fitting piece"},
    {"7f7f6100ffff", "no fitting piece"},
    {"ff", "break out of place at byte 0"},
    {"81ff", "break out of place at byte 1"},
    {"8200ff", "break out of place"},
    {"a1ff", "ends early"},
    {"a100ff", "break out of place"},
    {"a1ff00", "break out of place"},
    {"9f81ff", "break out of place"},
    {"bf00ff", "break out of place at byte 2"},
    {"bf000000ff", "break out of place"},
    {"bf00009f00ff", "ends early"},
    {"c0ff", "break out of place"},
    {"9fc0ff", "break out of place"},
    {"61ff", "not UTF-8 at byte 1"},
    {"6261c3", "not UTF-8 at byte 2"},
    {"62c080", "not UTF-8"},
    {"63eda080", "not UTF-8"},
    {"7f61c361bcff", "not UTF-8"}, /* a character in two pieces */
    {"a161ff00", "not UTF-8"},
    {"781e6161616161616161616161616161616161616161616161616161616161ff", "not UTF-8"},
};

START_TEST(good_one) {
  struct ed_span item = exact_hex(good[_i]);
  struct ed_fault fault = {.text = ""};
  ck_assert_msg(skip_accepts(ED_CBOR, item, 128, &fault), "skip: %s: %s", good[_i], fault.text);
  ck_assert_msg(reader_accepts(ED_CBOR, item, 128, &fault), "reader: %s: %s", good[_i], fault.text);
  release(item);
}
END_TEST

/* Every cut of a good item is refused: no two items begin alike and end apart. */
START_TEST(every_cut) {
  struct ed_span item = exact_hex(good[_i]);
  for (size_t len = 0; len < item.len; len++) {
    struct ed_span cut = exact(item.at, len);
    ck_assert_msg(!skip_accepts(ED_CBOR, cut, 128, NULL), "skip: %s, %zu", good[_i], len);
    ck_assert_msg(!reader_accepts(ED_CBOR, cut, 128, NULL), "reader: %s, %zu", good[_i], len);
    release(cut);
  }
  release(item);
}
END_TEST

START_TEST(bad_one) {
  struct ed_span item = exact_hex(bad[_i].hex);
  const char *why = bad[_i].why;
  struct ed_fault fault;
  ck_assert_msg(!reader_accepts(ED_CBOR, item, 128, &fault), "reader: %s", bad[_i].hex);
  ck_assert_int_eq(fault.code, ED_FAULT_MALFORMED);
  ck_assert_msg(strstr(fault.text, why ? why : "more follows its end"), "reader: %s: %s", bad[_i].hex, fault.text);
  fault.code = ED_FAULT_NONE;
  ck_assert_msg(!skip_accepts(ED_CBOR, item, 128, &fault), "skip: %s", bad[_i].hex);
  ck_assert_int_eq(fault.code, why ? ED_FAULT_MALFORMED : ED_FAULT_NONE);
  if (why) ck_assert_msg(strstr(fault.text, why), "skip: %s: %s", bad[_i].hex, fault.text);
  release(item);
}
END_TEST

/* Each of the ways of nesting, at the limit and one beyond it. */
START_TEST(depth) {
  static const struct {
    const char *open, *inside, *close;
  } kinds[] = {{"81", "00", ""}, {"9f", "00", "ff"}, {"a100", "00", ""}, {"bf00", "00", "ff"},
               {"c1", "00", ""}, {"a1", "00", "00"}, {"81", "80", ""}};
  const unsigned limits[] = {1, 3, 128, 1024, 5000};
  for (size_t i = 0; i < 7 * 5; i++) {
    unsigned limit = limits[i % 5];
    unsigned most = limit < ED_DEPTH_MAX ? limit : ED_DEPTH_MAX;
    for (unsigned more = 0; more < 2; more++) {
      unsigned count = most + more - (i / 5 == 6); /* the empty array inside is one more */
      struct ed_buf item = {0};
      struct ed_span open = exact_hex(kinds[i / 5].open), inside = exact_hex(kinds[i / 5].inside);
      struct ed_span close = exact_hex(kinds[i / 5].close);
      for (unsigned n = 0; n < count; n++) ed_buf_add_span(&item, open);
      ed_buf_add_span(&item, inside);
      for (unsigned n = 0; n < count; n++) ed_buf_add_span(&item, close);
      struct ed_fault fault = {0};
      ck_assert_msg(skip_accepts(ED_CBOR, ed_buf_span(&item), limit, &fault) == (more == 0), "%zu: %s", i, fault.text);
      ck_assert_int_eq(fault.code, more ? ED_FAULT_TOO_DEEP : ED_FAULT_NONE);
      fault.code = ED_FAULT_NONE;
      ck_assert_msg(reader_accepts(ED_CBOR, ed_buf_span(&item), limit, &fault) == (more == 0), "%zu: %s", i,
                    fault.text);
      ck_assert_int_eq(fault.code, more ? ED_FAULT_TOO_DEEP : ED_FAULT_NONE);
      ed_buf_deinit(&item);
      release(open), release(inside), release(close);
    }
  }
}
END_TEST

START_TEST(million_tags) {
  struct ed_buf item = {0};
  memset(ed_buf_reserve(&item, 1000001), 0xc1, 1000000);
  item.len = 1000000;
  ed_buf_add_byte(&item, 0);
  struct ed_fault fault;
  ck_assert(!skip_accepts(ED_CBOR, ed_buf_span(&item), 128, &fault));
  ck_assert_int_eq(fault.code, ED_FAULT_TOO_DEEP);
  ck_assert(!reader_accepts(ED_CBOR, ed_buf_span(&item), 128, &fault));
  ck_assert_int_eq(fault.code, ED_FAULT_TOO_DEEP);
  ed_buf_deinit(&item);
}
END_TEST

/* All items that begin with any two bytes, and go on with one of each kind: both say the same. */
START_TEST(both_alike) {
  static const uint8_t thirds[] = {0x00, 0x17, 0x18, 0x20, 0x40, 0x41, 0x60, 0x61, 0x80, 0x81, 0x9f,
                                   0xa0, 0xa1, 0xbf, 0xc1, 0xc6, 0xd8, 0xe0, 0xf6, 0xf8, 0xff};
  for (unsigned n = 0; n < 0x10000 * sizeof thirds; n++) {
    uint8_t bytes[3] = {(uint8_t)(n >> 8), (uint8_t)n, thirds[n >> 16]};
    struct ed_cursor c = ed_cursor(ed_span(bytes, 3), 16, NULL);
    bool skips = ed_cbor_skip(&c, 0) == 0;
    size_t len = skips ? (size_t)(c.at - bytes) : 3;
    if (reader_accepts(ED_CBOR, ed_span(bytes, len), 16, NULL) != skips) ck_abort_msg("%s", to_hex(ed_span(bytes, 3)));
  }
}
END_TEST

static const struct {
  uint64_t argument;
  const char *hex;
} heads[] = {
    {0, "00"},
    {23, "17"},
    {24, "1818"},
    {255, "18ff"},
    {256, "190100"},
    {65535, "19ffff"},
    {65536, "1a00010000"},
    {4294967295, "1affffffff"},
    {4294967296, "1b0000000100000000"},
    {UINT64_MAX, "1bffffffffffffffff"},
};

START_TEST(write_head) {
  struct ed_buf out = {0};
  ed_cbor_add_head(&out, ED_CBOR_UINT, heads[_i].argument);
  ck_assert_str_eq(to_hex(ed_buf_span(&out)), heads[_i].hex);
  ck_assert_uint_eq(out.len, ed_cbor_head_len(heads[_i].argument));
  struct ed_cursor c = ed_cursor(ed_buf_span(&out), 0, NULL);
  struct ed_cbor_head head;
  ck_assert_int_eq(ed_cbor_head(&c, &head), 0);
  ck_assert_uint_eq(head.major, ED_CBOR_UINT);
  ck_assert_uint_eq(head.argument, heads[_i].argument);
  uint8_t first = out.at[0];
  out.len = 0;
  ed_cbor_add_head(&out, ED_CBOR_TAG, heads[_i].argument);
  ck_assert_uint_eq(out.at[0], first | 0xc0);
  ed_buf_deinit(&out);
}
END_TEST

static const struct {
  double number;
  const char *hex;
} floats[] = {
    {0.0, "f90000"},
    {-0.0, "f98000"},
    {1.0, "f93c00"},
    {1.5, "f93e00"},
    {-4.0, "f9c400"},
    {65504.0, "f97bff"},
    {65505.0, "fa477fe100"},
    {65536.0, "fa47800000"},
    {0x1p-24, "f90001"},
    {0x3p-24, "f90003"},
    {0x1p-25, "fa33000000"},
    {0x1.8p-24, "fa33c00000"},
    {0x1p-14, "f90400"},
    {0x1.ff8p-15, "f903ff"},
    {0x1.ffcp-15, "fa387fe000"},
    {0x1p-15, "f90200"},
    {1.0009765625, "f93c01"},
    {1.00048828125, "fa3f801000"},
    {100000.0, "fa47c35000"},
    {3.4028234663852886e38, "fa7f7fffff"},
    {0x1p-149, "fa00000001"},
    {0x1p-150, "fb3690000000000000"},
    {0.1, "fb3fb999999999999a"},
    {1.1, "fb3ff199999999999a"},
    {1.0e300, "fb7e37e43c8800759c"},
    {(double)INFINITY, "f97c00"},
    {-(double)INFINITY, "f9fc00"},
    {(double)NAN, "f97e00"},
};

START_TEST(write_float) {
  struct ed_buf out = {0};
  ed_cbor_add_float(&out, floats[_i].number);
  ck_assert_str_eq(to_hex(ed_buf_span(&out)), floats[_i].hex);
  out.len = 0;
  ed_cbor_add_double(&out, floats[_i].number);
  ck_assert_uint_eq(out.len, 9);
  ed_buf_deinit(&out);
}
END_TEST

/* Every half is read by us as libcbor reads it, and written as itself again. */
START_TEST(all_halves) {
  static struct ed_reader reader;
  struct ed_buf out = {0};
  for (unsigned bits = 0; bits < 0x10000; bits++) {
    uint8_t item[3] = {0xf9, (uint8_t)(bits >> 8), (uint8_t)bits};
    struct ed_token token;
    ed_reader_init(&reader, ED_CBOR, ed_span(item, 3), 0);
    ck_assert_int_eq(ed_reader_next(&reader, &token), 0);
    double number = ed_cbor_float(&(struct ed_cbor_head){ED_CBOR_SIMPLE, 25, bits});
    if (isnan(token.number)) {
      ck_assert_double_nan(number);
      continue;
    }
    ck_assert_msg(memcmp(&number, &token.number, sizeof number) == 0, "%04x: %a, not %a", bits, number, token.number);
    out.len = 0;
    ed_cbor_add_float(&out, number);
    if (!ed_span_equal(ed_buf_span(&out), ed_span(item, 3)))
      ck_abort_msg("%04x became %s", bits, to_hex(ed_buf_span(&out)));
  }
  ed_buf_deinit(&out);
}
END_TEST

START_TEST(join) {
  struct ed_buf out = {0};
  struct ed_span whole = exact_hex("7f 6161 60 78026263 ff");
  ed_cbor_join(whole, &out);
  ck_assert(ed_span_equal(ed_buf_span(&out), ED_LIT("abc")));
  ed_buf_deinit(&out);
  release(whole);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static Suite *suite(void) {
  Suite *suite = suite_create("codec/cbor");
  TCase *tests = tcase_create("cbor");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, good_one, 0, COUNT(good));
  tcase_add_loop_test(tests, every_cut, 0, COUNT(good));
  tcase_add_loop_test(tests, bad_one, 0, COUNT(bad));
  tcase_add_test(tests, depth);
  tcase_add_test(tests, million_tags);
  tcase_add_test(tests, both_alike);
  tcase_add_loop_test(tests, write_head, 0, COUNT(heads));
  tcase_add_loop_test(tests, write_float, 0, COUNT(floats));
  tcase_add_test(tests, all_halves);
  tcase_add_test(tests, join);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
