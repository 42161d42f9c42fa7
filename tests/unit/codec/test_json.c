/* What is JSON and what is not, by the one-pass check and by the reader; strings and numbers, read and written. */
#include "codec/json.h"

#include <math.h>

#include "bytes.h"

static const char *const good[] = {"null",
                                   "true",
                                   "false",
                                   "0",
                                   "-0",
                                   "1",
                                   "-1",
                                   "10",
                                   "1234567890",
                                   "0.5",
                                   "-0.5e10",
                                   "1E5",
                                   "1e+5",
                                   "1e-5",
                                   "1e400",
                                   "-1e400",
                                   "1e-400",
                                   "0e0",
                                   "123456789012345678901234567890123456789012345678901234567890",
                                   "\"\"",
                                   "\"a\"",
                                   "[]",
                                   "{}",
                                   "[1]",
                                   "[1,2,3]",
                                   "{\"a\":1}",
                                   "{\"a\":1,\"b\":2}",
                                   "{\"a\":1,\"a\":2}",
                                   "{\"\":null}",
                                   " \t\r\n[ 1 , 2 ] \t\r\n",
                                   " { \"a\" : [ ] , \"b\" : { } } ",
                                   "[[],[[]],{}]",
                                   "[{\"a\":[{\"b\":[]}]}]",
                                   "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                                   "\"\\u0000\\u001f\\u007F\\uFFFF\\ud7ff\\ue000\"",
                                   "\"\\ud83d\\ude00\"",
                                   "\"\\uD800\\uDC00 \\uDBFF\\uDFFF\"",
                                   "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
                                   "\"\x7f\"",
                                   "\"12345678\"",
                                   "\"1234567\xc3\xa4\"",
                                   "\"1234567\\n89\"",
                                   "\"/\"",
                                   "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""};

static const struct {
  const char *text;
  const char *why; /* part of what is said */
} bad[] = {
    {"", "the text ends early"},
    {" ", "the text ends early"},
    {"nul", "a value is missing"},
    {"nulL", "a value is missing"},
    {"True", "a value is missing"},
    {"tru", "a value is missing"},
    {"fals", "a value is missing"},
    {"nullx", NULL},
    {"truefalse", NULL},
    {"+1", "a value is missing"},
    {"-", "a digit is missing at byte 1"},
    {"-a", "a digit is missing at byte 1"},
    {"01", NULL},
    {"-01", NULL},
    {"1.", "a digit is missing at byte 2"},
    {".5", "a value is missing"},
    {"1.e5", "a digit is missing at byte 2"},
    {"1e", "a digit is missing at byte 2"},
    {"1e+", "a digit is missing at byte 3"},
    {"1ee5", "a digit is missing"},
    {"0x10", NULL},
    {"1_0", NULL},
    {"NaN", "a value is missing"},
    {"Infinity", "a value is missing"},
    {"-Infinity", "a digit is missing"},
    {"[", "the text ends early"},
    {"[1", "a comma or the end"},
    {"[1,", "the text ends early"},
    {"[1,]", "a value is missing at byte 3"},
    {"[,1]", "a value is missing at byte 1"},
    {"[1 2]", "a comma or the end of what is open is missing at byte 3"},
    {"[1}", "a comma or the end"},
    {"{\"a\":1]", "a comma or the end"},
    {"]", "a value is missing"},
    {"[]]", NULL},
    {"{", "a key in quotes is missing"},
    {"{\"a\"", "a colon is missing"},
    {"{\"a\":", "the text ends early"},
    {"{\"a\":1", "a comma or the end"},
    {"{\"a\":1,", "a key in quotes"},
    {"{\"a\":1,}", "a key in quotes is missing at byte 7"},
    {"{\"a\" 1}", "a colon is missing at byte 5"},
    {"{\"a\",1}", "a colon is missing"},
    {"{1:2}", "a key in quotes is missing at byte 1"},
    {"{a:1}", "a key in quotes"},
    {"{'a':1}", "a key in quotes"},
    {"{,}", "a key in quotes"},
    {"{\"a\":}", "a value is missing"},
    {"\"", "a string does not end at byte 1"},
    {"\"a", "a string does not end"},
    {"\"\\", "a string does not end"},
    {"\"\\\"", "a string does not end"},
    {"\"\\x\"", "an unknown escape at byte 1"},
    {"\"\\'\"", "an unknown escape"},
    {"\"\\U0041\"", "an unknown escape"},
    {"\"\\u\"", "escape"},
    {"\"\\u12\"", "escape"},
    {"\"\\u12g4\"", "escape"},
    {"\"\\u123", "escape"},
    {"\"\\ud800\"", "escape"},
    {"\"\\ud800x\"", "escape"},
    {"\"\\ud800\\n\"", "escape"},
    {"\"\\ud800\\u0041\"", "escape"},
    {"\"\\ud800\\ud800\"", "escape"},
    {"\"\\ud800\\u", "escape"},
    {"\"\\udc00\"", "escape needs four hex digits, a surrogate its other half, at byte 1"},
    {"\"\\udc00\\ud800\"", "escape"},
    {"\"\n\"", "a control character in a string at byte 1"},
    {"\"12345678\t\"", "a control character in a string at byte 9"},
    {"\"\x1f\"", "a control character"},
    {"\"\xff\"", "not UTF-8 at byte 1"},
    {"\"abc\xc3\"", "not UTF-8 at byte 4"},
    {"\"\xc0\x80\"", "not UTF-8"},
    {"\"\xed\xa0\x80\"", "not UTF-8"},
    {"\"\xf4\x90\x80\x80\"", "not UTF-8"},
    {"{\"\xff\":1}", "not UTF-8"},
    {"{\"\\ud800\":1}", "escape"},
    {"1 2", NULL}, /* NULL: it is the end that is not there, which the reader alone looks at */
    {"[] x", NULL},
    {"{} {}", NULL},
    {"//c\n1", "a value is missing"},
    {"[1,/**/2]", "a value is missing"},
    {"\xef\xbb\xbf"
     "1",
     "a value is missing at byte 0"},
    {"\x0c"
     "1",
     "a value is missing"},
};

START_TEST(good_one) {
  struct ed_span text = exact_text(good[_i]);
  struct ed_fault fault = {.text = ""};
  ck_assert_msg(skip_accepts(ED_JSON, text, 128, &fault), "skip: %s: %s", good[_i], fault.text);
  ck_assert_msg(reader_accepts(ED_JSON, text, 128, &fault), "reader: %s: %s", good[_i], fault.text);
  release(text);
}
END_TEST

START_TEST(bad_one) {
  struct ed_span text = exact_text(bad[_i].text);
  const char *why = bad[_i].why;
  struct ed_fault fault;
  ck_assert_msg(!reader_accepts(ED_JSON, text, 128, &fault), "reader: %s", bad[_i].text);
  ck_assert_int_eq(fault.code, ED_FAULT_MALFORMED);
  ck_assert_msg(strstr(fault.text, why ? why : "more follows its end"), "reader: %s: %s", bad[_i].text, fault.text);
  fault.code = ED_FAULT_NONE;
  ck_assert_msg(!skip_accepts(ED_JSON, text, 128, &fault), "skip: %s", bad[_i].text);
  ck_assert_int_eq(fault.code, why ? ED_FAULT_MALFORMED : ED_FAULT_NONE);
  if (why) ck_assert_msg(strstr(fault.text, why), "skip: %s: %s", bad[_i].text, fault.text);
  release(text);
}
END_TEST

/* A NUL is no white space and no part of anything. */
START_TEST(nul_bytes) {
  static const char texts[][4] = {"1\0", "\0001", "[\0]", "\"\0\""};
  static const size_t lens[] = {2, 2, 3, 3};
  for (size_t i = 0; i < 4; i++) {
    struct ed_span text = exact(texts[i], lens[i]);
    ck_assert_msg(!skip_accepts(ED_JSON, text, 128, NULL), "%zu", i);
    ck_assert_msg(!reader_accepts(ED_JSON, text, 128, NULL), "%zu", i);
    release(text);
  }
}
END_TEST

/* Every cut of a text that ends with its last byte is refused, and nothing behind the cut is looked at. */
START_TEST(every_cut) {
  const char *text = " [{\"k\\u00e9\\ud83d\\ude00\": [-12.5e+10, true, false, null, \"\xe2\x82\xac 123456789\"]}]";
  for (size_t len = 0; len <= strlen(text); len++) {
    struct ed_span cut = exact(text, len);
    ck_assert_msg(skip_accepts(ED_JSON, cut, 128, NULL) == (len == strlen(text)), "skip, %zu", len);
    ck_assert_msg(reader_accepts(ED_JSON, cut, 128, NULL) == (len == strlen(text)), "reader, %zu", len);
    release(cut);
  }
}
END_TEST

START_TEST(depth) {
  static const struct {
    const char *open;
    const char *close;
  } kinds[] = {{"[", "]"}, {"{\"a\":", "}"}, {"[{\"a\":", "}]"}};
  const unsigned limits[] = {2, 4, 128, 1024, 5000};
  for (size_t i = 0; i < 3 * 5; i++) {
    unsigned limit = limits[i % 5];
    unsigned most = limit < ED_DEPTH_MAX ? limit : ED_DEPTH_MAX; /* 5,000 must not reach beyond the stacks */
    unsigned per = i / 5 == 2 ? 2 : 1;
    for (unsigned more = 0; more < 2; more++) {
      struct ed_buf text = {0};
      for (unsigned n = 0; n < most / per + more; n++) ed_buf_add_text(&text, kinds[i / 5].open);
      ed_buf_add_text(&text, "0");
      for (unsigned n = 0; n < most / per + more; n++) ed_buf_add_text(&text, kinds[i / 5].close);
      struct ed_fault fault = {0};
      ck_assert_int_eq(skip_accepts(ED_JSON, ed_buf_span(&text), limit, &fault), more == 0);
      ck_assert_int_eq(fault.code, more ? ED_FAULT_TOO_DEEP : ED_FAULT_NONE);
      fault.code = ED_FAULT_NONE;
      ck_assert_int_eq(reader_accepts(ED_JSON, ed_buf_span(&text), limit, &fault), more == 0);
      ck_assert_int_eq(fault.code, more ? ED_FAULT_TOO_DEEP : ED_FAULT_NONE);
      if (more) ck_assert_ptr_nonnull(strstr(fault.text, "limits.depth"));
      ed_buf_deinit(&text);
    }
  }
}
END_TEST

/* A million brackets, and a limit of nothing. */
START_TEST(depth_extremes) {
  struct ed_buf text = {0};
  memset(ed_buf_reserve(&text, 1000000), '[', 1000000);
  text.len = 1000000;
  struct ed_fault fault;
  ck_assert(!skip_accepts(ED_JSON, ed_buf_span(&text), 128, &fault));
  ck_assert_int_eq(fault.code, ED_FAULT_TOO_DEEP);
  ed_buf_deinit(&text);
  ck_assert(!skip_accepts(ED_JSON, ED_LIT("[]"), 0, NULL));
  ck_assert(skip_accepts(ED_JSON, ED_LIT("7"), 0, NULL));
  ck_assert(!reader_accepts(ED_JSON, ED_LIT("{}"), 0, NULL));
}
END_TEST

/* Every byte at every place of a word of plain text is found, and nothing else is. */
START_TEST(odd_bytes) {
  for (unsigned byte = 0; byte < 256; byte++) {
    bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
    for (unsigned at = 1; at < 20; at++) {
      char text[24];
      memset(text, 'a', sizeof text);
      text[0] = text[21] = '"';
      text[at] = (char)byte;
      text[at + 1] = (char)(byte == '\\' ? 'n' : 'a');
      text[21] = '"';
      struct ed_span span = exact(text, 22);
      /* an odd byte alone is wrong, but a quote (more follows) and the escape above */
      bool fine = plain || byte == '\\';
      ck_assert_msg(skip_accepts(ED_JSON, span, 1, NULL) == fine, "byte %02x at %u", byte, at);
      release(span);
    }
  }
}
END_TEST

static const struct {
  const char *raw, *text;
} unescapes[] = {
    {"", ""},
    {"plain", "plain"},
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
    {"a\\u0041b", "aAb"},
    {"\\u00e4\\u20AC\\ud83d\\ude00", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
    {"\\uffff\\udbff\\udfff", "\xef\xbf\xbf\xf4\x8f\xbf\xbf"},
    {"\xc3\xa4\\n\xc3\xa4", "\xc3\xa4\n\xc3\xa4"},
    {"\\\\u0041", "\\u0041"},
    {"tail\\n", "tail\n"},
};

START_TEST(unescape) {
  struct ed_span raw = exact_text(unescapes[_i].raw);
  struct ed_buf out = {0};
  ed_buf_add_text(&out, "<");
  ed_json_unescape(raw, &out);
  ck_assert_uint_eq(out.len, strlen(unescapes[_i].text) + 1);
  ck_assert_mem_eq(out.at + 1, unescapes[_i].text, out.len - 1);
  ed_buf_deinit(&out);
  release(raw);
}
END_TEST

START_TEST(unescape_nul) {
  struct ed_buf out = {0};
  ed_json_unescape(ED_LIT("a\\u0000b"), &out);
  ck_assert(ed_span_equal(ed_buf_span(&out), ED_LIT("a\0b")));
  ed_buf_deinit(&out);
}
END_TEST

/* Every byte below 0x80, alone and behind eight plain ones, written, is a string that reads back as it. */
START_TEST(write_string) {
  for (unsigned byte = 0; byte < 0x80; byte++) {
    for (size_t before = 0; before < 10; before++) {
      char text[16] = "abcdefghi";
      text[before] = (char)byte;
      struct ed_span span = ed_span(text, before + 1);
      struct ed_buf out = {0}, pieces = {0}, back = {0};
      ed_json_add_string(&out, span);
      ck_assert_uint_eq(out.len, ed_json_string_len(span));
      ck_assert(skip_accepts(ED_JSON, ed_buf_span(&out), 0, NULL));
      ed_json_unescape(ed_span(out.at + 1, out.len - 2), &back);
      ck_assert(ed_span_equal(ed_buf_span(&back), span));
      ed_json_add_escaped(&pieces, span);
      ck_assert(ed_span_equal(ed_buf_span(&pieces), ed_span(out.at + 1, out.len - 2)));
      ed_buf_deinit(&out);
      ed_buf_deinit(&pieces);
      ed_buf_deinit(&back);
    }
  }
}
END_TEST

START_TEST(write_exactly) {
  struct ed_buf out = {0};
  ed_json_add_string(&out, ED_LIT("\"\\/\b\t\n\f\r\x01\x1f\x7f\xc3\xa4"));
  ck_assert(ed_span_equal(ed_buf_span(&out), ED_LIT("\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\xc3\xa4\"")));
  out.len = 0;
  ed_buf_add_text(&out, "x{\"a\":\"\\\\\"}");
  ed_json_quote_tail(&out, 1);
  ck_assert(ed_span_equal(ed_buf_span(&out), ED_LIT("x\"{\\\"a\\\":\\\"\\\\\\\\\\\"}\"")));
  ed_json_quote_tail(&out, out.len);
  ck_assert(ed_span_equal(ed_span(out.at + out.len - 3, 3), ED_LIT("\"\"\"")));
  ed_buf_deinit(&out);
}
END_TEST

static const struct {
  const char *text;
  enum ed_number kind;
  uint64_t uint;
  double number;
} numbers[] = {
    {"0", ED_NUMBER_UINT, 0, 0},
    {"18446744073709551615", ED_NUMBER_UINT, UINT64_MAX, 0},
    {"18446744073709551616", ED_NUMBER_BIG, 0, 0x1p64},
    {"99999999999999999999", ED_NUMBER_BIG, 0, 1e20},
    {"-1", ED_NUMBER_NINT, 0, 0},
    {"-9223372036854775808", ED_NUMBER_NINT, INT64_MAX, 0},
    {"-18446744073709551615", ED_NUMBER_NINT, UINT64_MAX - 1, 0},
    {"-18446744073709551616", ED_NUMBER_NINT, UINT64_MAX, 0},
    {"-18446744073709551617", ED_NUMBER_BIG, 0, -0x1p64},
    {"-0", ED_NUMBER_DOUBLE, 0, -0.0},
    {"-0.0", ED_NUMBER_DOUBLE, 0, -0.0},
    {"0.0", ED_NUMBER_DOUBLE, 0, 0},
    {"1.0", ED_NUMBER_DOUBLE, 0, 1},
    {"1e3", ED_NUMBER_DOUBLE, 0, 1000},
    {"1E+3", ED_NUMBER_DOUBLE, 0, 1000},
    {"0.1", ED_NUMBER_DOUBLE, 0, 0.1},
    {"-12.5e-1", ED_NUMBER_DOUBLE, 0, -1.25},
    {"9007199254740993.0", ED_NUMBER_DOUBLE, 0, 9007199254740992.0},
    {"1e22", ED_NUMBER_DOUBLE, 0, 1e22},
    {"1e23", ED_NUMBER_DOUBLE, 0, 1e23},
    {"8.41e21", ED_NUMBER_DOUBLE, 0, 8.41e21},
    {"2.2250738585072011e-308", ED_NUMBER_DOUBLE, 0, 2.2250738585072011e-308},
    {"5e-324", ED_NUMBER_DOUBLE, 0, 5e-324},
    {"1.7976931348623157e308", ED_NUMBER_DOUBLE, 0, 1.7976931348623157e308},
    {"1e400", ED_NUMBER_DOUBLE, 0, (double)INFINITY},
    {"-1e400", ED_NUMBER_DOUBLE, 0, -(double)INFINITY},
    {"1e-400", ED_NUMBER_DOUBLE, 0, 0},
    {"1e99999999999999999999", ED_NUMBER_DOUBLE, 0, (double)INFINITY},
    {"0e99999", ED_NUMBER_DOUBLE, 0, 0},
    {"0.00000000000000000000000000000000000000000000000000000000000000000000000001", ED_NUMBER_DOUBLE, 0, 1e-74},
};

START_TEST(parse_number) {
  struct ed_span text = exact_text(numbers[_i].text);
  uint64_t uint = 0;
  double number = 0;
  ck_assert_int_eq(ed_json_parse_number(text, &uint, &number), numbers[_i].kind);
  if (numbers[_i].kind == ED_NUMBER_UINT || numbers[_i].kind == ED_NUMBER_NINT)
    ck_assert_uint_eq(uint, numbers[_i].uint);
  else
    ck_assert_msg(memcmp(&number, &numbers[_i].number, sizeof number) == 0, "%s: %a", numbers[_i].text, number);
  release(text);
}
END_TEST

static const struct {
  double number;
  const char *text;
} doubles[] = {
    {0.0, "0"},
    {-0.0, "-0.0"},
    {1, "1"},
    {-5, "-5"},
    {0.1, "0.1"},
    {0.5, "0.5"},
    {-1.25, "-1.25"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {100, "100"},
    {9007199254740991.0, "9007199254740991"},
    {9007199254740992.0, "9007199254740992"},
    {1e20, "100000000000000000000"},
    {123456789012345680000.0, "123456789012345680000"},
    {1e21, "1e21"},
    {-1.5e300, "-1.5e300"},
    {1e-6, "0.000001"},
    {1e-7, "1e-7"},
    {1.5e-7, "1.5e-7"},
    {0.00001234, "0.00001234"},
    {1234.5678, "1234.5678"},
    {5e-324, "5e-324"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {1.7976931348623157e308, "1.7976931348623157e308"},
    {(double)3.14f, "3.140000104904175"},
    {(double)INFINITY, "null"},
    {-(double)INFINITY, "null"},
    {(double)NAN, "null"},
};

START_TEST(write_double) {
  struct ed_buf out = {0};
  ed_json_add_double(&out, doubles[_i].number);
  ed_buf_add_byte(&out, 0);
  ck_assert_str_eq((char *)out.at, doubles[_i].text);
  ed_buf_deinit(&out);
}
END_TEST

/* Doubles of random bits: what is written is a number, and reads back as the very same. */
START_TEST(double_there_and_back) {
  uint64_t state = 88172645463325252u;
  for (int i = 0; i < 200000; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    double number, back;
    memcpy(&number, &state, sizeof number);
    if (i % 2)
      number = (double)(state >> 40) / (double[]){1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7}[state & 7]; /* few digits */
    if (!isfinite(number)) continue;
    struct ed_buf out = {0};
    ed_json_add_double(&out, number);
    struct ed_span text = ed_buf_span(&out);
    if (!skip_accepts(ED_JSON, text, 0, NULL)) ck_abort_msg("%a became %.*s", number, (int)text.len, text.at);
    uint64_t uint;
    switch (ed_json_parse_number(text, &uint, &back)) {
      case ED_NUMBER_UINT: back = (double)uint; break;
      case ED_NUMBER_NINT: back = -(double)(uint + 1); break;
      default: break;
    }
    if (memcmp(&number, &back, sizeof back) != 0) ck_abort_msg("%a became %.*s", number, (int)text.len, text.at);
    ed_buf_deinit(&out);
  }
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static Suite *suite(void) {
  Suite *suite = suite_create("codec/json");
  TCase *tests = tcase_create("json");
  tcase_set_timeout(tests, 30);
  tcase_add_loop_test(tests, good_one, 0, COUNT(good));
  tcase_add_loop_test(tests, bad_one, 0, COUNT(bad));
  tcase_add_test(tests, nul_bytes);
  tcase_add_test(tests, every_cut);
  tcase_add_test(tests, depth);
  tcase_add_test(tests, depth_extremes);
  tcase_add_test(tests, odd_bytes);
  tcase_add_loop_test(tests, unescape, 0, COUNT(unescapes));
  tcase_add_test(tests, unescape_nul);
  tcase_add_test(tests, write_string);
  tcase_add_test(tests, write_exactly);
  tcase_add_loop_test(tests, parse_number, 0, COUNT(numbers));
  tcase_add_loop_test(tests, write_double, 0, COUNT(doubles));
  tcase_add_test(tests, double_there_and_back);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
