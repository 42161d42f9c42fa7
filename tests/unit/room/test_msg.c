/* core/room/msg: a copy of the value, and its other encoding made once. */
#include "room/msg.h"

#include "main.h"

START_TEST(the_value_is_a_copy) {
  char value[] = "[1,2]";
  struct ed_msg *msg = ed_msg_new(7, ED_JSON, ed_span_text(value));
  memset(value, '?', sizeof value);
  ck_assert(ed_span_equal(ed_msg_value(msg, ED_JSON), ED_LIT("[1,2]")));
  ck_assert_uint_eq(msg->seq, 7);
  ck_assert_uint_eq(msg->refs, 1);
  ck_assert_uint_eq(msg->other.cap, 0); /* nobody asked */
  ed_msg_unref(msg);
}
END_TEST

START_TEST(the_other_encoding_is_made_once) {
  struct ed_msg *msg = ed_msg_new(1, ED_JSON, ED_LIT("[1,2]"));
  struct ed_span cbor = ed_msg_value(msg, ED_CBOR);
  ck_assert(ed_span_equal(cbor, ED_LIT("\x82\x01\x02")) || ed_span_equal(cbor, ED_LIT("\x9f\x01\x02\xff")));
  struct ed_span again = ed_msg_value(msg, ED_CBOR);
  ck_assert(again.at == cbor.at && again.len == cbor.len);
  ck_assert(ed_span_equal(ed_msg_value(msg, ED_JSON), ED_LIT("[1,2]")));
  ed_msg_unref(msg);

  msg = ed_msg_new(2, ED_CBOR, ED_LIT("\x82\x01\xf6"));
  ck_assert(ed_span_equal(ed_msg_value(msg, ED_JSON), ED_LIT("[1,null]")));
  ck_assert(ed_span_equal(ed_msg_value(msg, ED_CBOR), ED_LIT("\x82\x01\xf6")));
  ed_msg_unref(msg);
}
END_TEST

START_TEST(references) {
  struct ed_msg *msg = ed_msg_new(1, ED_CBOR, ED_LIT("\xf6"));
  ck_assert_ptr_eq(ed_msg_ref(msg), msg);
  ed_msg_unref(msg);
  ck_assert_uint_eq(msg->refs, 1);
  ck_assert(ed_span_equal(ed_msg_value(msg, ED_JSON), ED_LIT("null")));
  ed_msg_unref(msg); /* ASan sees what is left */
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/msg");
  TCase *tests = tcase_create("msg");
  tcase_add_test(tests, the_value_is_a_copy);
  tcase_add_test(tests, the_other_encoding_is_made_once);
  tcase_add_test(tests, references);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
