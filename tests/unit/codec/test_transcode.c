/* Values in the other encoding. */
#include <math.h>

#include "bytes.h"
#include "codec/wire.h"

static const struct {
  const char *json, *hex;
} to_cbor[] = {
    {"null", "f6"},
    {"true", "f5"},
    {"false", "f4"},
    {"0", "00"},
    {"23", "17"},
    {"24", "1818"},
    {"255", "18ff"},
    {"65535", "19ffff"},
    {"4294967295", "1affffffff"},
    {"18446744073709551615", "1bffffffffffffffff"},
    {"-1", "20"},
    {"-256", "38ff"},
    {"-18446744073709551616", "3bffffffffffffffff"},
    {"18446744073709551616", "fb43f0000000000000"}, /* beyond 64 bits: a double */
    {"-18446744073709551617", "fbc3f0000000000000"},
    {"-0", "f98000"},
    {"-0.0", "f98000"},
    {"1.0", "f93c00"},
    {"1e3", "f963d0"},
    {"1.5", "f93e00"},
    {"100000.0", "fa47c35000"},
    {"0.1", "fb3fb999999999999a"},
    {"1e400", "f97c00"},
    {"-1e400", "f9fc00"},
    {"1e-400", "f90000"},
    {"5e-324", "fb0000000000000001"},
    {"\"\"", "60"},
    {"\"a\"", "6161"},
    {"\"\\u00fc\\n\"", "63c3bc0a"},
    {"\"\\ud83d\\ude00\"", "64f09f9880"},
    {"\"\\u0000\"", "6100"},
    {"\"aaaaaaaaaaaaaaaaaaaaaaaa\"", "7818616161616161616161616161616161616161616161616161"},
    {"\"\\taaaaaaaaaaaaaaaaaaaaaaa\"", "7818096161616161616161616161616161616161616161616161"},
    {"[]", "80"},
    {"{}", "a0"},
    {"[1, [2, 3], {\"a\": []}]", "8301820203a1616180"},
    {" { \"a\" : 1 , \"b\\n\" : { } } ", "a261610162620aa0"},
    {"{\"a\":1,\"a\":2}", "a2616101616102"},
    {"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", "970000000000000000000000000000000000000000000000"},
    {"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", "9f000000000000000000000000000000000000000000000000ff"},
};

START_TEST(json_to_cbor) {
  struct ed_span json = exact_text(to_cbor[_i].json);
  struct ed_buf out = {0};
  ed_buf_add_byte(&out, 0x99); /* what is there stays */
  ed_wire_transcode(ED_JSON, json, &out);
  ck_assert_uint_eq(out.at[0], 0x99);
  struct ed_span cbor = ed_span(out.at + 1, out.len - 1);
  ck_assert_str_eq(to_hex(cbor), to_cbor[_i].hex);
  ck_assert(skip_accepts(ED_CBOR, cbor, 16, NULL));
  ed_buf_deinit(&out);
  release(json);
}
END_TEST

static const struct {
  const char *hex, *json;
} to_json[] = {
    {"00", "0"},
    {"1bffffffffffffffff", "18446744073709551615"},
    {"20", "-1"},
    {"3b7fffffffffffffff", "-9223372036854775808"},
    {"3bfffffffffffffffe", "-18446744073709551615"},
    {"3bffffffffffffffff", "-18446744073709551616"},
    {"f6", "null"},
    {"f7", "null"},
    {"e5", "null"},
    {"f820", "null"},
    {"f4", "false"},
    {"f5", "true"},
    {"f97c00", "null"}, /* infinities, NaN */
    {"f9fc00", "null"},
    {"fa7f800000", "null"},
    {"fb7ff8000000000000", "null"},
    {"f98000", "-0.0"},
    {"f93c00", "1"},
    {"fb4000000000000000", "2"},
    {"fb42374876e8000000", "100000000000"}, /* cbor-x: an integer over 32 bits as a double */
    {"fb3fb999999999999a", "0.1"},
    {"fa3dcccccd", "0.10000000149011612"},
    {"f90001", "5.9604644775390625e-8"},
    {"fb444b1ae4d6e2ef50", "1e21"},
    {"40", "[]"},
    {"430001ff", "[0,1,255]"},
    {"4509636463c8", "[9,99,100,99,200]"},
    {"5f420001404102ff", "[0,1,2]"},
    {"5f404105ff", "[5]"},
    {"5fff", "[]"},
    {"d84043010203", "[1,2,3]"}, /* cbor-web: Uint8Array, Date */
    {"c1fb41d452d9ec200000", "1363896240.5"},
    {"c249010000000000000000", "[1,0,0,0,0,0,0,0,0]"},
    {"d9d9f7c1c100", "0"},
    {"60", "\"\""},
    {"6161", "\"a\""},
    {"65225c0a0100", "\"\\\"\\\\\\n\\u0001\\u0000\""},
    {"64f09f9880", "\"\xf0\x9f\x98\x80\""},
    {"7f616160615c6162ff", "\"a\\\\b\""},
    {"7fff", "\"\""},
    {"80", "[]"},
    {"9fff", "[]"},
    {"a0", "{}"},
    {"83018202038100", "[1,[2,3],[0]]"},
    {"828080", "[[],[]]"},
    {"82c1c1018101", "[1,[1]]"},
    {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
    {"a2616101616102", "{\"a\":1,\"a\":2}"},
    {"b900016161a0", "{\"a\":{}}"}, /* cbor-x: map headers in 16-bit form */
    {"bf6161a1616200616300ff", "{\"a\":{\"b\":0},\"c\":0}"},
    {"a17f61616162ff7f6163ff", "{\"ab\":\"c\"}"},
    {"a1c0616100", "{\"a\":0}"},
    /* keys that are no text: their JSON text, as a string */
    {"a5010220f6f5f4f603f93e0004", "{\"1\":2,\"-1\":null,\"true\":false,\"null\":3,\"1.5\":4}"},
    {"a142010203", "{\"[1,2]\":3}"},
    {"a15f4101404102ff03", "{\"[1,2]\":3}"},
    {"a1820161610a", "{\"[1,\\\"a\\\"]\":10}"},
    {"a1a161615f4102ff03", "{\"{\\\"a\\\":[2]}\":3}"},
    {"a1a1010203", "{\"{\\\"1\\\":2}\":3}"},
    {"a1a143010203f603", "{\"{\\\"[1,2,3]\\\":null}\":3}"},
    {"a28061618000", "{\"[]\":\"a\",\"[]\":0}"},
    {"a1a0a180a0", "{\"{}\":{\"[]\":{}}}"},
    {"a18162225c00", "{\"[\\\"\\\\\\\"\\\\\\\\\\\"]\":0}"},
    {"a18181818101a10203", "{\"[[[[1]]]]\":{\"2\":3}}"},
    {"a1a2a161610000c1010203", "{\"{\\\"{}\\\":0,\\\"1\\\":2}\":3}"}, /* a container as a key in a key is left empty */
    {"a1a18201a1020300820405", "{\"{\\\"[]\\\":0}\":[4,5]}"},
};

START_TEST(cbor_to_json) {
  struct ed_span cbor = exact_hex(to_json[_i].hex);
  ck_assert_msg(skip_accepts(ED_CBOR, cbor, 16, NULL), "%s", to_json[_i].hex);
  struct ed_buf out = {0};
  ed_wire_transcode(ED_CBOR, cbor, &out);
  ck_assert(skip_accepts(ED_JSON, ed_buf_span(&out), 16, NULL));
  ed_buf_add_byte(&out, 0);
  ck_assert_str_eq((char *)out.at, to_json[_i].json);
  ed_buf_deinit(&out);
  release(cbor);
}
END_TEST

/* The longest that there is to write for a half, as a key, in a key, as a value: ten times, and 16 bytes. */
START_TEST(never_too_long) {
  struct ed_buf out = {0};
  for (unsigned bits = 0; bits < 0x10000; bits++) {
    uint8_t high = (uint8_t)(bits >> 8), low = (uint8_t)bits;
    uint8_t entries[23 * 6 + 3];
    size_t len = 0;
    entries[len++] = 0xa1;
    entries[len++] = 0xa0 | 20;
    for (int i = 0; i < 20; i++) {
      uint8_t entry[6] = {0xf9, high, low, 0xf9, high, low};
      memcpy(entries + len, entry, 6);
      len += 6;
    }
    entries[len++] = 0;
    out.len = 0;
    ed_wire_transcode(ED_CBOR, ed_span(entries, len), &out);
    ck_assert_msg(out.len <= 10 * len + 16, "%04x: %zu became %zu", bits, len, out.len);
  }
  ed_buf_deinit(&out);
}
END_TEST

/* Nesting as deep as the reader goes, keys in keys too, takes no more than its share. */
START_TEST(deep) {
  struct ed_buf item = {0}, out = {0}, back = {0};
  /* {{{...{0: 0}: 0}...: 0}: 0} */
  for (int i = 0; i < ED_DEPTH_MAX; i++) ed_buf_add_byte(&item, 0xa1);
  for (int i = 0; i <= ED_DEPTH_MAX; i++) ed_buf_add_byte(&item, 0x00);
  ck_assert(skip_accepts(ED_CBOR, ed_buf_span(&item), ED_DEPTH_MAX, NULL));
  ed_wire_transcode(ED_CBOR, ed_buf_span(&item), &out);
  ck_assert(skip_accepts(ED_JSON, ed_buf_span(&out), ED_DEPTH_MAX, NULL));
  ck_assert_uint_le(out.len, 10 * item.len + 16);

  item.len = out.len = 0;
  for (int i = 0; i < ED_DEPTH_MAX; i++) ed_buf_add_byte(&item, '[');
  for (int i = 0; i < ED_DEPTH_MAX; i++) ed_buf_add_byte(&item, ']');
  ed_wire_transcode(ED_JSON, ed_buf_span(&item), &out);
  ck_assert_uint_eq(out.len, ED_DEPTH_MAX);
  ed_wire_transcode(ED_CBOR, ed_buf_span(&out), &back);
  ck_assert(ed_span_equal(ed_buf_span(&back), ed_buf_span(&item)));
  ed_buf_deinit(&item), ed_buf_deinit(&out), ed_buf_deinit(&back);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static Suite *suite(void) {
  Suite *suite = suite_create("codec/transcode");
  TCase *tests = tcase_create("transcode");
  tcase_set_timeout(tests, 30);
  tcase_add_loop_test(tests, json_to_cbor, 0, COUNT(to_cbor));
  tcase_add_loop_test(tests, cbor_to_json, 0, COUNT(to_json));
  tcase_add_test(tests, never_too_long);
  tcase_add_test(tests, deep);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
