/* The tokens of a value, as a line of text: what comes, where it stands. */
#include "codec/reader.h"

#include "bytes.h"

static const struct {
  enum ed_encoding encoding;
  const char *input; /* JSON, or the hex of CBOR */
  const char *tokens;
} rows[] = {
    {ED_JSON, "null", "null"},
    {ED_JSON, " true ", "true"},
    {ED_JSON, "false", "false"},
    {ED_JSON, "7", "7(7)"},
    {ED_JSON, "18446744073709551615", "18446744073709551615(18446744073709551615)"},
    {ED_JSON, "-1", "-1-0(-1)"},
    {ED_JSON, "-18446744073709551616", "-1-18446744073709551615(-18446744073709551616)"},
    {ED_JSON, "18446744073709551616", "d1.84467e+19big(18446744073709551616)"},
    {ED_JSON, "1e400", "dinf(1e400)"},
    {ED_JSON, "-0", "d-0(-0)"},
    {ED_JSON, "1.50", "d1.5(1.50)"},
    {ED_JSON, "\"a\"", "'a'"},
    {ED_JSON, "\"\"", "''"},
    {ED_JSON, "\"\\n\"", "'\\n'escaped"},
    {ED_JSON, "[]", "[ ]"},
    {ED_JSON, "{}", "{ }"},
    {ED_JSON, "[1,[2],{\"a\":[],\"b\\t\":{\"c\":3}},4]",
     "[ *e:1(1) e:[ *e:2(2) ] e:{ *k:'a' v:[ ] k:'b\\t'escaped v:{ *k:'c' v:3(3) } } e:4(4) ]"},
    {ED_CBOR, "00", "0"},
    {ED_CBOR, "1bffffffffffffffff", "18446744073709551615"},
    {ED_CBOR, "3bffffffffffffffff", "-1-18446744073709551615"},
    {ED_CBOR, "1903e8", "1000"},
    {ED_CBOR, "1a000f4240", "1000000"},
    {ED_CBOR, "3903e7", "-1-999"},
    {ED_CBOR, "f4", "false"},
    {ED_CBOR, "f5", "true"},
    {ED_CBOR, "f6", "null"},
    {ED_CBOR, "f7", "undefined"},
    {ED_CBOR, "e5", "undefined"},
    {ED_CBOR, "f8ff", "undefined"},
    {ED_CBOR, "f93e00", "d1.5"},
    {ED_CBOR, "fa47c35000", "d100000"},
    {ED_CBOR, "fb3ff8000000000000", "d1.5"},
    {ED_CBOR, "6161", "'a'"},
    {ED_CBOR, "60", "''"},
    {ED_CBOR, "426162", "bytes'ab'"},
    {ED_CBOR, "7fff", "''"},
    {ED_CBOR, "5fff", "bytes''"},
    {ED_CBOR, "7f616160626263ff", "'a'+ ''+ 'bc'"},
    {ED_CBOR, "5f4161ff", "bytes'a'"},
    {ED_CBOR, "c6d840c100", "tag6 tag64 tag1 0"},
    {ED_CBOR, "dbffffffffffffffff00", "tag18446744073709551615 0"},
    {ED_CBOR, "80", "[ ]"},
    {ED_CBOR, "a0", "{ }"},
    {ED_CBOR, "9fff", "[ ]"},
    {ED_CBOR, "bfff", "{ }"},
    {ED_CBOR, "8301820203a26161f661628101", "[ *e:1 e:[ *e:2 e:3 ] e:{ *k:'a' v:null k:'b' v:[ *e:1 ] } ]"},
    {ED_CBOR, "9f01bf01020304ff9fffff", "[ *e:1 e:{ *k:1 v:2 k:3 v:4 } e:[ ] ]"},
    {ED_CBOR, "82c1c10281c300", "[ *e:tag1 *e:tag1 *e:2 e:[ *e:tag3 *e:0 ] ]"},
    {ED_CBOR, "a2c1616101c28000d840417f", NULL},
    {ED_CBOR, "a2c1616101c280d840417f", "{ *k:tag1 *k:'a' v:1 k:tag2 k:[ ] v:tag64 v:bytes'\x7f' }"},
    {ED_CBOR, "a17f61616162ff7f6163ff", "{ *k:'a'+ *k:'b' v:'c' }"},
    {ED_CBOR, "9fc180c19fffff", "[ *e:tag1 *e:[ ] e:tag1 e:[ ] ]"},
    {ED_CBOR, "a1a1000102", "{ *k:{ *k:0 v:1 } v:2 }"},
};

static void add_token(struct ed_buf *line, const struct ed_token *token) {
  static const char *const names[] = {[ED_TOKEN_NULL] = "null",   [ED_TOKEN_UNDEFINED] = "undefined",
                                      [ED_TOKEN_FALSE] = "false", [ED_TOKEN_TRUE] = "true",
                                      [ED_TOKEN_ARRAY] = "[",     [ED_TOKEN_ARRAY_END] = "]",
                                      [ED_TOKEN_MAP] = "{",       [ED_TOKEN_MAP_END] = "}"};
  static const char *const places[] = {"", "e:", "k:", "v:"};
  if (line->len) ed_buf_add_byte(line, ' ');
  bool end = token->kind == ED_TOKEN_ARRAY_END || token->kind == ED_TOKEN_MAP_END;
  if (!end) ed_buf_printf(line, "%s%s", token->first ? "*" : "", places[token->place]);
  switch (token->kind) {
    case ED_TOKEN_UINT: ed_buf_printf(line, "%llu", (unsigned long long)token->uint); break;
    case ED_TOKEN_NINT: ed_buf_printf(line, "-1-%llu", (unsigned long long)token->uint); break;
    case ED_TOKEN_TAG: ed_buf_printf(line, "tag%llu", (unsigned long long)token->uint); break;
    case ED_TOKEN_DOUBLE: ed_buf_printf(line, "d%g%s", token->number, token->big ? "big" : ""); break;
    case ED_TOKEN_TEXT:
    case ED_TOKEN_BYTES:
      ed_buf_printf(line, "%s'%.*s'%s%s", token->kind == ED_TOKEN_BYTES ? "bytes" : "", (int)token->text.len,
                    token->text.at ? (const char *)token->text.at : "", token->escaped ? "escaped" : "",
                    token->more ? "+" : "");
      return;
    default: ed_buf_add_text(line, names[token->kind]); return;
  }
  if (token->text.len) ed_buf_printf(line, "(%.*s)", (int)token->text.len, (const char *)token->text.at);
}

START_TEST(row) {
  static struct ed_reader reader;
  struct ed_span input = rows[_i].encoding == ED_JSON ? exact_text(rows[_i].input) : exact_hex(rows[_i].input);
  struct ed_buf line = {0};
  struct ed_token token;
  int result;
  ed_reader_init(&reader, rows[_i].encoding, input, 16);
  while ((result = ed_reader_next(&reader, &token)) == 0 && token.kind != ED_TOKEN_END) add_token(&line, &token);
  if (rows[_i].tokens) {
    ck_assert_msg(result == 0, "%s: %s", rows[_i].input, reader.fault.text);
    ed_buf_add_byte(&line, 0);
    ck_assert_str_eq((char *)line.at, rows[_i].tokens);
    ck_assert_int_eq(ed_reader_next(&reader, &token), 0); /* the end stays the end */
    ck_assert_int_eq(token.kind, ED_TOKEN_END);
    ck_assert_uint_eq(reader.level, 0);
  } else {
    ck_assert_int_eq(result, -1);
  }
  ed_buf_deinit(&line);
  release(input);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("codec/reader");
  TCase *tests = tcase_create("reader");
  tcase_add_loop_test(tests, row, 0, sizeof rows / sizeof *rows);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
