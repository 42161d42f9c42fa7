/* Finished frames: header, payload, and both read back. */
#include "bytes.h"
#include "codec/wire.h"

static struct ed_buf out;

static void setup(void) { ed_buf_add_text(&out, "<before>"); }
static void teardown(void) { ed_buf_deinit(&out); }

/* What was added; its header must be right, and its payload valid. */
static struct ed_span payload(enum ed_encoding encoding) {
  ck_assert_mem_eq(out.at, "<before>", 8);
  struct ed_span frame = ed_span(out.at + 8, out.len - 8);
  struct ed_span inside = ed_wire_payload(frame);
  ck_assert_uint_eq(frame.at[0], encoding == ED_JSON ? 0x81 : 0x82);
  size_t header = inside.len < 126 ? 2 : inside.len < 65536 ? 4 : 10;
  ck_assert_uint_eq(frame.len, header + inside.len);
  uint64_t said = 0;
  for (size_t i = header == 2 ? 1 : 2; i < header; i++) said = said << 8 | frame.at[i];
  ck_assert_uint_eq(said, inside.len);
  if (header != 2) ck_assert_uint_eq(frame.at[1], header == 4 ? 126 : 127);
  ck_assert(skip_accepts(encoding, inside, 16, NULL));
  return inside;
}

static void expect_json(const char *text) {
  struct ed_span inside = payload(ED_JSON);
  ck_assert_msg(ed_span_equal(inside, ed_span_text(text)), "%.*s", (int)inside.len, (const char *)inside.at);
}

/* CBOR is compared through its JSON, and by its bytes where they matter. */
static void expect_cbor(const char *text) {
  struct ed_buf json = {0};
  ed_wire_transcode(ED_CBOR, payload(ED_CBOR), &json);
  ck_assert_msg(ed_span_equal(ed_buf_span(&json), ed_span_text(text)), "%.*s", (int)json.len, (const char *)json.at);
  ed_buf_deinit(&json);
}

START_TEST(push_json) {
  ed_wire_push(&out, ED_JSON, ED_LIT("k"), ED_LIT("[1.50, 2]"), 7);
  expect_json("{\"type\":\"push\",\"key\":\"k\",\"value\":[1.50, 2],\"seq\":7}");
}
END_TEST

START_TEST(push_odd_key) {
  ed_wire_push(&out, ED_JSON, ED_LIT("a\"\\\n\x01\xc3\xa4"), ED_LIT("null"), UINT64_MAX);
  expect_json(
      "{\"type\":\"push\",\"key\":\"a\\\"\\\\\\n\\u0001\xc3\xa4\",\"value\":null,\"seq\":18446744073709551615}");
}
END_TEST

START_TEST(push_empty_key) {
  ed_wire_push(&out, ED_JSON, ed_span(NULL, 0), ED_LIT("0"), 0);
  expect_json("{\"type\":\"push\",\"key\":\"\",\"value\":0,\"seq\":0}");
}
END_TEST

START_TEST(push_cbor) {
  ed_wire_push(&out, ED_CBOR, ED_LIT("k"), ED_LIT("\xd8\x40\x41\x05"), 300);
  ck_assert_str_eq(to_hex(payload(ED_CBOR)),
                   "a4"
                   "6474797065"
                   "6470757368"
                   "636b6579"
                   "616b"
                   "6576616c7565"
                   "d8404105"
                   "63736571"
                   "19012c");
}
END_TEST

START_TEST(push_cbor_long_key) {
  ed_wire_push(&out, ED_CBOR, ED_LIT("0123456789012345678901234"), ED_LIT("\xf6"), UINT64_MAX);
  expect_cbor("{\"type\":\"push\",\"key\":\"0123456789012345678901234\",\"value\":null,\"seq\":18446744073709551615}");
}
END_TEST

/* Payloads around the places where the header grows: pushes (made in one go) and errors (moved into place). */
START_TEST(header_edges) {
  static const size_t edges[] = {100, 125, 126, 127, 128, 65535, 65536, 65537, 70000};
  static char text[70001];
  for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
    size_t len = edges[i] - strlen("{\"type\":\"push\",\"key\":\"k\",\"value\":\"\",\"seq\":1}");
    text[0] = '"';
    memset(text + 1, 'v', len);
    text[len + 1] = '"';
    out.len = 8;
    ed_wire_push(&out, ED_JSON, ED_LIT("k"), ed_span(text, len + 2), 1);
    ck_assert_uint_eq(payload(ED_JSON).len, edges[i]);
    text[len + 1] = 0;
    text[0] = 'v';
    out.len = 8;
    ed_wire_error(&out, ED_JSON, text);
    ck_assert_uint_eq(payload(ED_JSON).len, len + 1 + strlen("{\"type\":\"error\",\"message\":\"\"}"));
    out.len = 8;
    ed_wire_error(&out, ED_CBOR, text);
    payload(ED_CBOR);
    out.len = 8;
    ed_wire_push(&out, ED_CBOR, ed_span(text, len), ED_LIT("\xf6"), 1);
    payload(ED_CBOR);
  }
}
END_TEST

START_TEST(stream_size) {
  ed_wire_stream_size(&out, ED_JSON, ED_LIT("k\n"), 12);
  expect_json("{\"type\":\"stream_size\",\"key\":\"k\\n\",\"size\":12}");
  out.len = 8;
  ed_wire_stream_size(&out, ED_CBOR, ED_LIT("k\n"), 12);
  expect_cbor("{\"type\":\"stream_size\",\"key\":\"k\\n\",\"size\":12}");
}
END_TEST

START_TEST(pong) {
  ed_wire_pong(&out, ED_JSON, true, 0);
  expect_json("{\"type\":\"pong\",\"nonce\":0}");
  out.len = 8;
  ed_wire_pong(&out, ED_JSON, false, 5);
  expect_json("{\"type\":\"pong\",\"nonce\":null}");
  out.len = 8;
  ed_wire_pong(&out, ED_CBOR, true, UINT64_MAX);
  expect_cbor("{\"type\":\"pong\",\"nonce\":18446744073709551615}");
  out.len = 8;
  ed_wire_pong(&out, ED_CBOR, false, 5);
  expect_cbor("{\"type\":\"pong\",\"nonce\":null}");
}
END_TEST

START_TEST(error) {
  ed_wire_error(&out, ED_JSON, "\"key\" must be a string");
  expect_json("{\"type\":\"error\",\"message\":\"\\\"key\\\" must be a string\"}");
  out.len = 8;
  ed_wire_error(&out, ED_CBOR, "\"key\" must be a string");
  expect_cbor("{\"type\":\"error\",\"message\":\"\\\"key\\\" must be a string\"}");
}
END_TEST

START_TEST(init_of) {
  const size_t count = (size_t)_i;
  struct ed_wire_init init;
  struct ed_buf expected = {0};
  ed_buf_add_text(&expected, "{\"type\":\"init\",\"key\":\"k\\t\",\"data\":[");
  for (size_t i = 0; i < count; i++) ed_buf_printf(&expected, "%s{\"value\":[],\"seq\":%zu}", i ? "," : "", i * 100);
  ed_buf_add(&expected, "]}", 3);
  for (enum ed_encoding encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    out.len = 8;
    ed_wire_init_begin(&init, &out, encoding, ED_LIT("k\t"), count);
    for (size_t i = 0; i < count; i++) {
      ed_wire_init_item(&init, encoding == ED_JSON ? ED_LIT("[]") : ED_LIT("\x80"), i * 100);
    }
    ed_wire_init_end(&init);
    (encoding == ED_JSON ? expect_json : expect_cbor)((char *)expected.at);
  }
  ed_buf_deinit(&expected);
}
END_TEST

/* Frames one behind the other stay apart. */
START_TEST(frames_in_a_row) {
  ed_wire_pong(&out, ED_JSON, true, 1);
  size_t first = out.len;
  ed_wire_push(&out, ED_JSON, ED_LIT("k"), ED_LIT("1"), 1);
  size_t second = out.len;
  ed_wire_stream_size(&out, ED_JSON, ED_LIT("k"), 2);
  struct ed_span last = ed_wire_payload(ed_span(out.at + second, out.len - second));
  ck_assert(ed_span_equal(last, ED_LIT("{\"type\":\"stream_size\",\"key\":\"k\",\"size\":2}")));
  ck_assert(ed_span_equal(ed_wire_payload(ed_span(out.at + 8, first - 8)), ED_LIT("{\"type\":\"pong\",\"nonce\":1}")));
  ck_assert(ed_span_equal(ed_wire_payload(ed_span(out.at + first, second - first)),
                          ED_LIT("{\"type\":\"push\",\"key\":\"k\",\"value\":1,\"seq\":1}")));
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("codec/wire_frame");
  TCase *tests = tcase_create("frame");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, push_json);
  tcase_add_test(tests, push_odd_key);
  tcase_add_test(tests, push_empty_key);
  tcase_add_test(tests, push_cbor);
  tcase_add_test(tests, push_cbor_long_key);
  tcase_add_test(tests, header_edges);
  tcase_add_test(tests, stream_size);
  tcase_add_test(tests, pong);
  tcase_add_test(tests, error);
  tcase_add_loop_test(tests, init_of, 0, 30);
  tcase_add_test(tests, frames_in_a_row);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
