/* core/base/buf: bytes go in and come out the same, whatever growing does to the memory below. */
#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>

#include "main.h"

START_TEST(zero_is_empty) {
  struct ed_buf buf = {0};
  ck_assert_uint_eq(ed_buf_span(&buf).len, 0);
  ed_buf_add(&buf, NULL, 0); /* nothing from nowhere is fine, and takes no memory */
  ed_buf_add_span(&buf, (struct ed_span){0});
  ck_assert_ptr_null(buf.at);
  ed_buf_deinit(&buf);
  ed_buf_deinit(&buf);
  ck_assert_uint_eq(buf.cap, 0);
}
END_TEST

START_TEST(adds_in_order) {
  struct ed_buf buf = {0};
  ed_buf_add(&buf, "a\0b", 3);
  ed_buf_add_byte(&buf, 0xff);
  ed_buf_add_text(&buf, "text");
  ed_buf_add_span(&buf, ED_LIT("lit"));
  ed_buf_printf(&buf, "%s%d", "f", -7);
  ed_buf_printf(&buf, "%s", "");
  ck_assert(ed_span_equal(ed_buf_span(&buf), ED_LIT("a\0b\xfftextlitf-7")));
  ed_buf_deinit(&buf);
}
END_TEST

START_TEST(u64_is_decimal) {
  static const uint64_t numbers[] = {0, 1, 9, 10, 99, 100, 1234567890, UINT64_MAX - 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct ed_buf buf = {0};
    char want[32];
    snprintf(want, sizeof want, "%" PRIu64, numbers[i]);
    ed_buf_add_u64(&buf, numbers[i]);
    ck_assert(ed_span_equal(ed_buf_span(&buf), ed_span_text(want)));
    ed_buf_deinit(&buf);
  }
}
END_TEST

/* Every length over several doublings, byte by byte and in one go. */
START_TEST(grows) {
  struct ed_buf bytes = {0};
  size_t moves = 0;
  for (size_t i = 0; i < 5000; i++) {
    size_t cap = bytes.cap;
    ck_assert_uint_eq(bytes.len, i);
    ck_assert_uint_ge(cap, bytes.len);
    ed_buf_add_byte(&bytes, (uint8_t)(i * 7));
    moves += bytes.cap != cap;
  }
  ck_assert_uint_le(moves, 8); /* 64 * 2^7 > 5,000 */
  for (size_t i = 0; i < 5000; i++) ck_assert_uint_eq(bytes.at[i], (uint8_t)(i * 7));

  struct ed_buf whole = {0};
  ed_buf_add_text(&whole, "x");
  ed_buf_add_span(&whole, ed_buf_span(&bytes)); /* more than twice what there is */
  ck_assert_uint_eq(whole.len, 5001);
  ck_assert(ed_span_equal(ed_span(whole.at + 1, 5000), ed_buf_span(&bytes)));
  ed_buf_deinit(&whole);
  ed_buf_deinit(&bytes);
}
END_TEST

START_TEST(reserve_gives_space) {
  struct ed_buf buf = {0};
  ed_buf_add_text(&buf, "abc");
  uint8_t *space = ed_buf_reserve(&buf, 1000);
  ck_assert_ptr_eq(space, buf.at + 3);
  ck_assert_uint_ge(buf.cap - buf.len, 1000);
  memset(space, 'z', 1000); /* ASan sees a lie */
  ck_assert_uint_eq(buf.len, 3);
  ck_assert_ptr_eq(ed_buf_reserve(&buf, 1000), space); /* it is still there: nothing moves */
  ed_buf_deinit(&buf);
}
END_TEST

START_TEST(printf_of_any_length) {
  for (int len = 0; len < 300; len++) { /* over the NUL that vsnprintf needs besides */
    struct ed_buf buf = {0};
    ed_buf_printf(&buf, "%0*d", len, 0);
    ck_assert_uint_eq(buf.len, len ? (size_t)len : 1);
    for (size_t i = 0; i < buf.len; i++) ck_assert_uint_eq(buf.at[i], '0');
    ed_buf_deinit(&buf);
  }
}
END_TEST

START_TEST(spans_compare) {
  ck_assert(ed_span_equal(ed_span(NULL, 0), ED_LIT("")));
  ck_assert(ed_span_equal(ED_LIT("a\0b"), ed_span("a\0b", 3)));
  ck_assert(!ed_span_equal(ED_LIT("a\0b"), ED_LIT("a\0c")));
  ck_assert(!ed_span_equal(ED_LIT("ab"), ED_LIT("a")));
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("base/buf");
  TCase *tests = tcase_create("buf");
  tcase_add_test(tests, zero_is_empty);
  tcase_add_test(tests, adds_in_order);
  tcase_add_test(tests, u64_is_decimal);
  tcase_add_test(tests, grows);
  tcase_add_test(tests, reserve_gives_space);
  tcase_add_test(tests, printf_of_any_length);
  tcase_add_test(tests, spans_compare);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
