/* Values between wire and Lua: the table of value.h, both ways, and every refusal. */
#include "codec/json.h"
#include "host/value.h"
#include "main.h"
#include "sandbox.h"

static struct ed_vm *vm;
static struct ed_buf out;

static int set_library(lua_State *L) {
  ed_value_library(L);
  ed_vm_set_global(L, "eddy");
  return 0;
}

static void setup(void) {
  struct ed_script_error error;
  vm = sandbox_open();
  vm->limits.call_ms = 60000;
  ck_assert_int_eq(ed_vm_run(vm, set_library, NULL, &error), 0);
}

static void teardown(void) {
  ed_vm_close(vm);
  ed_buf_deinit(&out);
}

/* A value comes in, a script looks at it (and returns what is to go out), and it goes out. */
struct trip {
  enum ed_encoding in;
  struct ed_span value;
  const char *script; /* of v */
  enum ed_encoding wanted, got;
};

static int make_trip(lua_State *L) {
  struct trip *trip = lua_touserdata(L, 1);
  struct ed_buf text = {0};
  ed_buf_printf(&text, "return function(v) %s end", trip->script);
  ed_vm_load(L, ed_buf_span(&text), "@trip.lua");
  ed_buf_deinit(&text);
  lua_call(L, 0, 1);
  ed_value_push(L, trip->in, trip->value);
  lua_call(L, 1, 1);
  out.len = 0;
  trip->got = ed_value_read(L, -1, trip->wanted, &out);
  return 0;
}

static const char *run(struct trip *trip) {
  static struct ed_script_error error;
  if (ed_vm_run(vm, make_trip, trip, &error) < 0) {
    error.text[strcspn(error.text, "\n")] = 0;
    return error.text;
  }
  return NULL;
}

/* "82 01 f6" */
static struct ed_span from_hex(const char *hex, uint8_t *bytes) {
  size_t len = 0;
  unsigned byte;
  for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
    bytes[len++] = (uint8_t)byte;
    while (hex[2] == ' ') hex++;
  }
  return ed_span(bytes, len);
}

static const char *to_hex(struct ed_span bytes) {
  static char text[1024];
  text[0] = 0;
  for (size_t i = 0; i < bytes.len && i < 300; i++) sprintf(text + 2 * i, "%02x", bytes.at[i]);
  return text;
}

struct row {
  const char *in, *script, *out; /* `out` is what goes out, or what was said */
};

static const struct row JSON[] = {
    {"null", "assert(v == eddy.null) return v", "null"},
    {"true", "assert(v == true) return v", "true"},
    {"false", "assert(v == false) return v", "false"},
    {"0", "return v", "0"},
    {"-0", "assert(1 / v < 0) return v", "-0.0"},
    {"-5", "return v", "-5"},
    {"1.5", "return v", "1.5"},
    {"1.0", "return v", "1"},
    {"1e2", "return v", "100"},
    {"0.1", "return v", "0.1"},
    {"1e300", "return v", "1e300"},
    {"9007199254740992", "assert(type(v) == 'number') return v", "9007199254740992"},
    {"-9007199254740992", "assert(type(v) == 'number') return v", "-9007199254740992"},
    {"9007199254740993", "assert(eddy.is_integer(v) and tostring(v) == '9007199254740993') return v",
     "9007199254740993"},
    {"-9007199254740993", "assert(eddy.is_integer(v)) return v", "-9007199254740993"},
    {"18446744073709551615", "return v", "18446744073709551615"},
    {"-18446744073709551616", "return v", "-18446744073709551616"},
    {"123456789012345678901234567890", "return v", "123456789012345678901234567890"},
    {"1e400", "assert(type(v) == 'userdata') return v", "1e400"},
    {"[18446744073709551615,18446744073709551615]", "assert(v[1] == v[2]) return v",
     "[18446744073709551615,18446744073709551615]"},
    {"\"\"", "assert(v == '') return v", "\"\""},
    {"\"a\\u0041\\n\\\"\\ud83d\\ude00\"", "assert(v == 'aA\\n\"\\240\\159\\152\\128') return v",
     "\"aA\\n\\\"\xf0\x9f\x98\x80\""},
    {"\"\\u0000\"", "assert(v == '\\0') return v", "\"\\u0000\""},
    {"[]", "assert(eddy.is_array(v) and #v == 0) return v", "[]"},
    {"{}", "assert(not eddy.is_array(v) and next(v) == nil) return v", "{}"},
    {"[1,[2,[]],{}]", "return v", "[1,[2,[]],{}]"},
    {"[null,null]", "assert(#v == 2) return v", "[null,null]"},
    {"[1,2]", "v[1], v[2] = nil return v", "[]"},
    {"[1,2]", "table.remove(v) table.insert(v, 'x') return v", "[1,\"x\"]"},
    {"{\"a\":1}", "v.a = nil return v", "{}"},
    {"{\"a\":{\"b\":[true]}}", "assert(v.a.b[1] == true) return v", "{\"a\":{\"b\":[true]}}"},
    {"{\"a\":1,\"a\":2}", "assert(v.a == 2) return v", "{\"a\":2}"},
    {"{\"\":1}", "assert(v[''] == 1) return v", "{\"\":1}"},
    {"{\"\\u0061\":\"\\u0062\"}", "assert(v.a == 'b') return v", "{\"a\":\"b\"}"},
    {" [ 1 , 2 ] ", "return v", "[1,2]"},
    {"1", "return { 1, 2, 3 }", "[1,2,3]"},
    {"1", "return {}", "{}"},
    {"1", "return eddy.array {}", "[]"},
    {"1", "return eddy.array { 1 }", "[1]"},
    {"1", "local t = {} t[3] = 3 t[2] = 2 t[1] = 1 return t", "[1,2,3]"},
    {"1", "return setmetatable({ a = 1 }, { __index = { b = 2 } })", "{\"a\":1}"},
    {"1", "return 2^53 + 2", "9007199254740994"},
    {"1", "return 2^64", "18446744073709552000"}, /* as ECMAScript prints it */
    {"1", "return 1e21", "1e21"},
    {"1", "return eddy.integer('12')", "12"},
    {"1", "return eddy.integer('-9007199254740993')", "-9007199254740993"},
    {"1", "return { a = eddy.null }", "{\"a\":null}"},
    /* what cannot be sent, and where it is */
    {"1", "return nil", "cannot send nil (use eddy.null)"},
    {"1", "return type", "cannot send a function"},
    {"1", "return { shape = { fn = type } }", "cannot send a function (at .shape.fn)"},
    {"1", "return { { 1, { x = type } } }", "cannot send a function (at [1][2].x)"},
    {"1", "return 0 / 0", "cannot send NaN"},
    {"1", "return { 1, 1 / 0 }", "cannot send an infinite number (at [2])"},
    {"1", "return '\\255'", "cannot send a text that is not UTF-8 (eddy.bytes makes a byte string of it)"},
    {"1", "return { a = 'x\\237\\160\\128' }",
     "cannot send a text that is not UTF-8 (eddy.bytes makes a byte string of it) (at .a)"},
    {"1", "return { ['\\255'] = 1 }",
     "cannot send a text that is not UTF-8 (eddy.bytes makes a byte string of it) (at .?)"},
    {"1", "return { 1, nil, 3 }", "cannot send an array with a hole in it"},
    {"1", "return { [2] = 1 }", "cannot send an array with a hole in it"},
    {"1", "return { 1, [0] = 0 }", "cannot send an array with a hole in it"},
    {"1", "return { 1, [1.5] = 0 }", "cannot send an array with a hole in it"},
    {"1", "return { 1, a = 2 }", "cannot send a table with both an array's and a map's keys"},
    {"1", "local t = { b = 1, a = 2 } t[1] = 3 return { t }",
     "cannot send a table with both an array's and a map's keys (at [1])"},
    {"[1]", "v.a = 1 return v", "cannot send a table with both an array's and a map's keys"},
    {"1", "return { [true] = 1 }", "cannot send a table with keys that are no texts"},
    {"1", "return string", "cannot send a library"},
    {"1", "local t = {} t.t = t return t",
     "cannot send a table nested more than 64 deep, or in itself (at .t.t.t.t.t.t.t.t...)"},
    {"1", "local t = {} t[1] = t return t",
     "cannot send a table nested more than 64 deep, or in itself (at [1][1][1][1][1][1][1][1]...)"},
    {"1", "local t = {} for i = 1, 63 do t = { t } end return #t", "1"},
    {"1", "local t = 1 for i = 1, 64 do t = { t } end return t",
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
     "]]]]]]]]]]]]]]]]"},
    {"1", "local t = 1 for i = 1, 65 do t = { t } end return t",
     "cannot send a table nested more than 64 deep, or in itself (at [1][1][1][1][1][1][1][1]...)"},
    {"1", "local s = ('x'):rep(1e6) return { s, s }", "cannot send a value as long as this (at [2])"},
    {"1", "local t = {} for i = 1, 40 do t = { t, t } end return t",
     "cannot send a value as long as this (at [1][1][1][1][1][1][1][1]...)"},
    /* the library's own */
    {"1", "eddy.array(5)", "trip.lua:1: bad argument #1 to 'array' (table expected, got number)"},
    {"1", "eddy.array(string)", "trip.lua:1: bad argument #1 to 'array' (this table has a metatable)"},
    {"1", "local x = eddy.integer('1.5')",
     "trip.lua:1: bad argument #1 to 'integer' (an integer is written in decimal digits)"},
    {"1", "local x = eddy.integer('')",
     "trip.lua:1: bad argument #1 to 'integer' (an integer is written in decimal digits)"},
    {"1", "local x = eddy.integer('01')",
     "trip.lua:1: bad argument #1 to 'integer' (an integer is written in decimal digits)"},
    {"1", "local x = eddy.integer('-0')",
     "trip.lua:1: bad argument #1 to 'integer' (an integer is written in decimal digits)"},
    {"1", "return getmetatable(eddy.array {}) == false and getmetatable(eddy.bytes 'x') == false", "true"},
    {"1", "return tostring(eddy.null)", "\"userdata: NULL\""},
    {"1", "return #eddy.bytes 'abc' + #tostring(eddy.bytes 'abc')", "6"},
    {"1", "return eddy.bytes 'abc' == eddy.bytes 'abc' and eddy.bytes 'abc' ~= eddy.bytes 'abd'", "true"},
    {"1", "return eddy.bytes '12' == eddy.integer '12345678901234567890'", "false"},
    {"1", "return eddy.is_bytes(eddy.bytes '') and not eddy.is_bytes('') and not eddy.is_integer(5)", "true"},
    {"1", "eddy.bytes('x').y = 1", "trip.lua:1: attempt to index a userdata value"},
};

START_TEST(test_json) {
  const struct row *row = &JSON[_i];
  struct trip trip = {ED_JSON, ed_span_text(row->in), row->script, ED_JSON, ED_CBOR};
  const char *said = run(&trip);
  ed_buf_add_byte(&out, 0);
  ck_assert_str_eq(said ? said : (char *)out.at, row->out);
  if (!said) ck_assert_int_eq(trip.got, ED_JSON);
}
END_TEST

static const struct row CBOR[] = {
    {"f6", "assert(v == eddy.null) return v", "f6"},
    {"f7", "assert(v == eddy.null) return v", "f6"},
    {"f4", "return v", "f4"},
    {"17", "assert(v == 23) return v", "17"},
    {"1903e8", "assert(v == 1000) return v", "1903e8"},
    {"3903e7", "assert(v == -1000) return v", "3903e7"},
    {"1b0020000000000000", "assert(v == 2^53) return v", "1b0020000000000000"},
    {"3b001fffffffffffff", "assert(v == -2^53) return v", "3b001fffffffffffff"},
    {"1b0020000000000001", "assert(tostring(v) == '9007199254740993') return v", "1b0020000000000001"},
    {"3b0020000000000000", "assert(tostring(v) == '-9007199254740993') return v", "3b0020000000000000"},
    {"1bffffffffffffffff", "return v", "1bffffffffffffffff"},
    {"3bffffffffffffffff", "assert(tostring(v) == '-18446744073709551616') return v", "3bffffffffffffffff"},
    {"f93e00", "assert(v == 1.5) return v", "f93e00"},
    {"fb3ff199999999999a", "assert(v == 1.1) return v", "fb3ff199999999999a"},
    {"f97e00", "assert(v ~= v) return v", "f97e00"},
    {"f97c00", "assert(v == 1 / 0) return v", "f97c00"},
    {"f98000", "assert(1 / v < 0) return v", "f98000"},
    {"63616263", "assert(v == 'abc') return v", "63616263"},
    {"7f616161626163ff", "assert(v == 'abc') return v", "63616263"},
    {"43616263", "assert(tostring(v) == 'abc' and #v == 3) return v", "43616263"},
    {"5f41614262 63ff", "assert(tostring(v) == 'abc') return v", "43616263"},
    {"40", "assert(#v == 0) return v", "40"},
    {"80", "assert(eddy.is_array(v)) return v", "80"},
    {"a0", "return v", "a0"},
    {"9fff", "return v", "80"},
    {"9f0102ff", "return v", "820102"},
    {"bfff", "return v", "a0"},
    {"a16161820102", "return v", "a16161820102"},
    {"bf61610161 6102ff", "assert(v.a == 2) return v", "a1616102"},
    {"bf7f6161ff01ff", "assert(v.a == 1) return v", "a1616101"},
    {"d84043010203", "return v", "43010203"},
    {"c11a514b67b0", "return v", "1a514b67b0"},
    {"82d84041ffc074", "return 1", "this value cannot be shown to a script: invalid CBOR: it ends early at byte 7"},
    {"a10102", "return v", "this value cannot be shown to a script: it has a key that is no text"},
    {"a1410102", "return v", "this value cannot be shown to a script: it has a key that is no text"},
    {"a1800102", "return v", "this value cannot be shown to a script: it has a key that is no text"},
    {"01", "local t = {} for i = 1, 24 do t['k' .. i] = i end return 1", "01"},
    {"01", "return eddy.bytes '\\255\\0'", "42ff00"},
    {"01", "return { a = eddy.null }", "a16161f6"},
    {"01", "return 1 / 0", "f97c00"},
    {"01", "return -1", "20"},
};

START_TEST(test_cbor) {
  const struct row *row = &CBOR[_i];
  uint8_t bytes[64];
  struct trip trip = {ED_CBOR, from_hex(row->in, bytes), row->script, ED_CBOR, ED_JSON};
  const char *said = run(&trip);
  ck_assert_str_eq(said ? said : to_hex(ed_buf_span(&out)), row->out);
  if (!said) ck_assert_int_eq(trip.got, ED_CBOR);
}
END_TEST

/* From one encoding to the other: JSON to CBOR, or CBOR that was to become JSON. `out` begins with what it became. */
static const struct row ACROSS[] = {
    {"{\"a\":[1,-1,1.5,null,true,\"x\"]}", "return v", "cbor a161618601 20f93e00f6f56178"},
    {"[18446744073709551615]", "return v", "cbor 811bffffffffffffffff"},
    {"[123456789012345678901234567890]", "return v", "cbor 81fb45f8ee90ff6c373e"},
    {"[1e400]", "return v", "cbor 81fb7ff0000000000000"},
    {"hex a161618201f6", "return v", "json {\"a\":[1,null]}"},
    {"hex 1bffffffffffffffff", "return v", "json 18446744073709551615"},
    {"hex f97e00", "return v", "cannot send NaN"},
    {"hex 43010203", "return v", "cbor 43010203"},
    {"hex 82014101", "return v", "cbor 82014101"},
    {"hex 82014101", "return { v[1], 'x', v[2], 0 / 0 }", "cannot send NaN (at [4])"},
    {"hex 82014101", "return { 0.1, v }", "cbor 82fb3fb999999999999a82014101"},
};

START_TEST(test_across) {
  const struct row *row = &ACROSS[_i];
  uint8_t bytes[64];
  bool hex = strncmp(row->in, "hex ", 4) == 0;
  struct trip trip = {.in = hex ? ED_CBOR : ED_JSON, .script = row->script, .wanted = hex ? ED_JSON : ED_CBOR};
  trip.value = hex ? from_hex(row->in + 4, bytes) : ed_span_text(row->in);
  const char *said = run(&trip);
  if (said) {
    ck_assert_str_eq(said, row->out);
  } else if (trip.got == ED_CBOR) {
    ck_assert_str_eq(to_hex(ed_buf_span(&out)), to_hex(from_hex(row->out + 5, bytes)));
    ck_assert(strncmp(row->out, "cbor", 4) == 0);
  } else {
    ed_buf_add_byte(&out, 0);
    ck_assert_str_eq((char *)out.at, row->out + 5);
    ck_assert(strncmp(row->out, "json", 4) == 0);
  }
}
END_TEST

/* A map of any size, at both sides of where its head changes. */
START_TEST(test_map_sizes) {
  for (int n = 22; n < 27; n++) {
    char script[128];
    snprintf(script, sizeof script, "local t = {} for i = 1, %d do t['k' .. i] = i end return t", n);
    struct trip first = {ED_CBOR, ED_LIT("\x01"), script, ED_CBOR, ED_JSON};
    ck_assert_ptr_null(run(&first));
    ck_assert_int_eq(out.at[0], n < 24 ? 0xa0 + n : 0xbf);
    struct ed_buf copy = {0};
    ed_buf_add_span(&copy, ed_buf_span(&out));
    snprintf(script, sizeof script, "local n = 0 for k, i in pairs(v) do n = n + 1 assert(k == 'k' .. i) end return n");
    struct trip second = {ED_CBOR, ed_buf_span(&copy), script, ED_JSON, ED_CBOR};
    ck_assert_ptr_null(run(&second));
    ck_assert_int_eq(atoi((char *)out.at), n);
    ed_buf_deinit(&copy);
  }
}
END_TEST

/* ---- opaque values ---- */

struct raw {
  enum ed_encoding in;
  struct ed_span value;
  const char *script;
  enum ed_encoding wanted, got;
};

static int make_raw(lua_State *L) {
  struct raw *raw = lua_touserdata(L, 1);
  struct ed_buf text = {0};
  ed_buf_printf(&text, "return function(v) %s end", raw->script);
  ed_vm_load(L, ed_buf_span(&text), "@raw.lua");
  ed_buf_deinit(&text);
  lua_call(L, 0, 1);
  ed_value_push_raw(L, raw->in, raw->value);
  lua_call(L, 1, 1);
  out.len = 0;
  raw->got = ed_value_read(L, -1, raw->wanted, &out);
  return 0;
}

static void check_raw(struct raw raw, enum ed_encoding got, struct ed_span wanted) {
  struct ed_script_error error;
  ck_assert_msg(ed_vm_run(vm, make_raw, &raw, &error) == 0, "%s", error.text);
  ck_assert_int_eq(raw.got, got);
  ck_assert_msg(ed_span_equal(ed_buf_span(&out), wanted), "%.*s", (int)out.len, (char *)out.at);
}

START_TEST(test_raw) {
  struct ed_span json = ED_LIT("{ \"a\" : 1.00, \"b\":1e2 }");
  check_raw((struct raw){ED_JSON, json, "return v", ED_JSON, 0}, ED_JSON, json);
  check_raw((struct raw){ED_JSON, json, "return v", ED_CBOR, 0}, ED_JSON, json);
  check_raw((struct raw){ED_JSON, json, "return { x = v }", ED_JSON, 0}, ED_JSON,
            ED_LIT("{\"x\":{ \"a\" : 1.00, \"b\":1e2 }}"));
  check_raw((struct raw){ED_JSON, ED_LIT("[1,\"x\"]"), "return { v }", ED_CBOR, 0}, ED_CBOR,
            ED_LIT("\x81\x82\x01\x61x"));
  struct ed_span cbor = ED_LIT("\xd8\x40\x43\x01\x02\x03");
  check_raw((struct raw){ED_CBOR, cbor, "return v", ED_JSON, 0}, ED_CBOR, cbor);
  check_raw((struct raw){ED_CBOR, cbor, "return { v }", ED_JSON, 0}, ED_CBOR, ED_LIT("\x81\xd8\x40\x43\x01\x02\x03"));
  check_raw((struct raw){ED_CBOR, cbor, "return tostring(v)", ED_JSON, 0}, ED_JSON, ED_LIT("\"opaque value\""));
  check_raw((struct raw){ED_CBOR, cbor, "return v == v and getmetatable(v) == false", ED_JSON, 0}, ED_JSON,
            ED_LIT("true"));
}
END_TEST

static struct ed_buf grown;

/* Put into itself again and again, it must not get deeper than what can be read. */
START_TEST(test_raw_depth) {
  struct ed_script_error error = {0};
  ed_buf_add_text(&grown, "1");
  int rounds = 0, result;
  do {
    struct raw raw = {ED_JSON, ed_buf_span(&grown), "return { { { { { { { { { { v } } } } } } } } } }", ED_JSON, 0};
    result = ed_vm_run(vm, make_raw, &raw, &error);
    if (result == 0) {
      grown.len = 0;
      ed_buf_add_span(&grown, ed_buf_span(&out));
    }
  } while (result == 0 && ++rounds < 100);
  ck_assert_int_eq(rounds, 12); /* 10 more each; 128 are allowed */
  ck_assert(strncmp(error.text, "cannot send values nested so deeply (at [1][1][1]", 49) == 0);
  struct ed_cursor cursor = ed_cursor(ed_buf_span(&grown), 128, NULL);
  ck_assert_int_eq(ed_json_skip(&cursor, 0), 0);
  ed_buf_deinit(&grown);
}
END_TEST

/* ---- depth, and what it costs ---- */

START_TEST(test_deep_input) {
  char json[300] = {0};
  for (int depth = 63; depth < 67; depth++) {
    memset(json, '[', (size_t)depth);
    memset(json + depth, ']', (size_t)depth);
    json[2 * depth] = 0;
    struct trip trip = {ED_JSON, ed_span_text(json), "return v", ED_JSON, ED_CBOR};
    const char *said = run(&trip);
    if (depth <= ED_VALUE_DEPTH_MAX)
      ck_assert_msg(!said && ed_span_equal(ed_buf_span(&out), ed_span_text(json)), "%d: %s", depth,
                    said ? said : "differs");
    else
      ck_assert_str_eq(said, "this value cannot be shown to a script: it is nested too deeply");
  }
}
END_TEST

struct many {
  struct ed_span value;
  int times;
};

static int push_many(lua_State *L) {
  const struct many *many = lua_touserdata(L, 1);
  for (int i = 0; i < many->times; i++) {
    ed_value_push(L, ED_JSON, many->value);
    lua_settop(L, 1);
  }
  return 0;
}

/* Reading values counts against the budget, in time as well. */
START_TEST(test_counted) {
  struct ed_buf json = {0};
  struct ed_script_error error;
  ed_buf_add_byte(&json, '[');
  for (int i = 0; i < 50000; i++) ed_buf_printf(&json, "%s%d", i ? "," : "", i);
  ed_buf_add_byte(&json, ']');
  struct many many = {ed_buf_span(&json), 1};
  ck_assert_int_eq(ed_vm_run(vm, push_many, &many, &error), 0);
  ck_assert_uint_gt(vm->used, 100000);
  many.times = 1000;
  ck_assert_int_eq(ed_vm_run(vm, push_many, &many, &error), -1);
  ck_assert_int_eq(error.kind, ED_SCRIPT_BUDGET);
  vm->limits.call_ms = 1;
  vm->limits.instructions = UINT64_MAX;
  ck_assert_int_eq(ed_vm_run(vm, push_many, &many, &error), -1);
  ck_assert_str_eq(error.text, "this takes more than 1 ms");
  ed_buf_deinit(&json);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("value");
  TCase *tcase = tcase_create("value");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, test_json, 0, (int)(sizeof JSON / sizeof *JSON));
  tcase_add_loop_test(tcase, test_cbor, 0, (int)(sizeof CBOR / sizeof *CBOR));
  tcase_add_loop_test(tcase, test_across, 0, (int)(sizeof ACROSS / sizeof *ACROSS));
  tcase_add_test(tcase, test_map_sizes);
  tcase_add_test(tcase, test_raw);
  tcase_add_test(tcase, test_raw_depth);
  tcase_add_test(tcase, test_deep_input);
  tcase_add_test(tcase, test_counted);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
