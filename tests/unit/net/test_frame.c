#include "net/frame.h"

#include <stdio.h>

#include "main.h"

/* Everything that `at` holds, read in steps of `step` bytes: what came out, as one line of text. */
static const char *read_in_steps(const void *at, size_t len, size_t step) {
  static char line[512];
  uint8_t bytes[256];
  ck_assert_uint_le(len, sizeof bytes);
  memcpy(bytes, at, len);
  struct ed_frames frames = {0};
  size_t written = 0;
  line[0] = '\0';
  for (size_t from = 0; from < len; from += step) {
    uint8_t *next = bytes + from;
    size_t left = len - from < step ? len - from : step;
    struct ed_piece piece;
    enum ed_frames_result result;
    while ((result = ed_frames_next(&frames, &next, &left, &piece)) == ED_FRAMES_PIECE) {
      if (piece.begins)
        written += (size_t)snprintf(line + written, sizeof line - written, "%x%s%llu:", piece.op, piece.fin ? "!" : "-",
                                    (unsigned long long)piece.len);
      written += (size_t)snprintf(line + written, sizeof line - written, "%.*s", (int)piece.bytes.len,
                                  (const char *)piece.bytes.at);
      if (piece.ends) written += (size_t)snprintf(line + written, sizeof line - written, ";");
    }
    if (result == ED_FRAMES_ERROR) {
      snprintf(line + written, sizeof line - written, "error");
      return line;
    }
    ck_assert_uint_eq(left, 0);
  }
  return line;
}

/* The masks are zero but in the first case, so that the payload can be read here. */
#define ZERO "\0\0\0\0"

static const struct {
  const char *bytes;
  size_t len;
  const char *want;
} CASES[] = {
#define CASE(text, want) {text, sizeof text - 1, want}
    CASE("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "1!5:Hello;"), /* RFC 6455, 5.7 */
    CASE("\x82\x80" ZERO, "2!0:;"),
    CASE("\x81\xfe\0\x03" ZERO "abc", "1!3:abc;"),
    CASE("\x81\xff\0\0\0\0\0\0\0\x03" ZERO "abc", "1!3:abc;"),
    CASE("\x01\x83" ZERO "abc\x80\x82" ZERO "de", "1-3:abc;0!2:de;"),
    CASE("\x01\x83" ZERO "abc\x89\x82" ZERO "hi\x00\x80" ZERO "\x80\x82" ZERO "de", "1-3:abc;9!2:hi;0-0:;0!2:de;"),
    CASE("\x88\x82" ZERO "\x03\x68\x8a\x80" ZERO, "8!2:\x03\x68;a!0:;"),
    CASE("\x81\x05hello", "error"),                         /* not masked */
    CASE("\x81\x7e\0\0", "error"),                          /* likewise, in the longer form */
    CASE("\x81\x81" ZERO "a\x81\x01z", "1!1:a;error"),      /* likewise, behind a good one */
    CASE("\xc1\x81" ZERO "a", "error"),                     /* reserved bits */
    CASE("\x91\x81" ZERO "a", "error"),                     /* likewise */
    CASE("\x83\x81" ZERO "a", "error"),                     /* reserved opcodes */
    CASE("\x8b\x81" ZERO "a", "error"),                     /* likewise */
    CASE("\x80\x81" ZERO "a", "error"),                     /* a continuation of nothing */
    CASE("\x81\x81" ZERO "a\x80\x81" ZERO "b", "1!1:a;error"), /* likewise, after a whole message */
    CASE("\x01\x81" ZERO "a\x81\x81" ZERO "b", "1-1:a;error"), /* a message inside a message */
    CASE("\x09\x81" ZERO "a", "error"),                     /* a fragmented control frame */
    CASE("\x89\xfe\0\x01" ZERO "a", "error"),               /* a control frame of the longer form */
    CASE("\x82\xff\x80\0\0\0\0\0\0\0" ZERO, "error"),       /* 2^63 bytes */
    CASE("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" ZERO "a", "2!9223372036854775807:a"),
};

START_TEST(reads_frames) {
  for (size_t step = 1; step <= 64; step++)
    ck_assert_str_eq(read_in_steps(CASES[_i].bytes, CASES[_i].len, step), CASES[_i].want);
}
END_TEST

START_TEST(unmasks_at_every_offset) {
  for (size_t len = 0; len < 100; len++) {
    for (size_t step = 1; step < 20; step++) {
      uint8_t bytes[106] = {0x82, (uint8_t)(0x80 | len), 1, 2, 3, 4};
      for (size_t i = 0; i < len; i++) bytes[6 + i] = (uint8_t)(i ^ ((i & 3) + 1));
      struct ed_frames frames = {0};
      size_t seen = 0;
      for (size_t from = 0; from < 6 + len; from += step) {
        uint8_t *next = bytes + from;
        size_t left = 6 + len - from < step ? 6 + len - from : step;
        struct ed_piece piece;
        while (ed_frames_next(&frames, &next, &left, &piece) == ED_FRAMES_PIECE)
          for (size_t i = 0; i < piece.bytes.len; i++) ck_assert_uint_eq(piece.bytes.at[i], seen++);
      }
      ck_assert_uint_eq(seen, len);
    }
  }
}
END_TEST

START_TEST(cuts_between_frames) {
  static const char bytes[] = "\x81\x02hi\x81\x7e\x00\x03" "abc\x82\x00\x81\x04last"; /* 4, 7, 2 and 6 bytes */
  struct ed_span all = ed_span(bytes, sizeof bytes - 1);
  static const struct {
    size_t most, want;
  } cases[] = {{0, 4}, {3, 4}, {4, 4}, {10, 4}, {11, 11}, {12, 11}, {13, 13}, {18, 13}, {19, 19}, {99, 19}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_uint_eq(ed_frames_cut(all, cases[i].most), cases[i].want);
}
END_TEST

START_TEST(what_is_left_of_a_frame) {
  uint8_t bytes[4 + 300 + 2 + 10 + 70000] = {0x82, 126, 300 >> 8, 300 & 255};
  memcpy(bytes + 304, "\x81\x00", 2);
  memcpy(bytes + 306, "\x82\x7f\0\0\0\0\0\x01\x11\x70", 10); /* 70,000 */
  static const struct {
    size_t sent, left;
  } cases[] = {{0, 0}, {1, 303}, {4, 300}, {303, 1}, {304, 0}, {305, 1}, {306, 0}, {307, 70009}, {316, 70000}, {70315, 1},
               {70316, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_uint_eq(ed_frames_left(ed_span(bytes, sizeof bytes), cases[i].sent), cases[i].left);
}
END_TEST

START_TEST(makes_close_frames) {
  uint8_t out[2 + ED_FRAME_CONTROL_MAX];
  ck_assert_uint_eq(ed_frame_close(0, "unused", out), 2);
  ck_assert_mem_eq(out, "\x88\x00", 2);
  ck_assert_uint_eq(ed_frame_close(1001, "bye", out), 7);
  ck_assert_mem_eq(out, "\x88\x05\x03\xe9" "bye", 7);
  char why[124 + 1]; /* one more than fits */
  memset(why, 'w', sizeof why);
  why[sizeof why - 1] = '\0';
  ck_assert_uint_eq(ed_frame_close(1008, why, out), sizeof out);
  ck_assert_uint_eq(out[1], ED_FRAME_CONTROL_MAX);
}
END_TEST

static unsigned answer(unsigned code) {
  uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
  return ed_frame_close_answer(ed_span(payload, 2));
}

START_TEST(answers_closes) {
  ck_assert_uint_eq(ed_frame_close_answer(ed_span(NULL, 0)), 0);
  ck_assert_uint_eq(ed_frame_close_answer(ED_LIT("x")), 1002);
  static const unsigned good[] = {1000, 1001, 1003, 1007, 1011, 1013, 3000, 4999};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) ck_assert_uint_eq(answer(good[i]), good[i]);
  static const unsigned bad[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) ck_assert_uint_eq(answer(bad[i]), 1002);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("net/frame");
  TCase *tcase = tcase_create("all");
  tcase_add_loop_test(tcase, reads_frames, 0, sizeof CASES / sizeof *CASES);
  tcase_add_test(tcase, unmasks_at_every_offset);
  tcase_add_test(tcase, cuts_between_frames);
  tcase_add_test(tcase, what_is_left_of_a_frame);
  tcase_add_test(tcase, makes_close_frames);
  tcase_add_test(tcase, answers_closes);
  suite_add_tcase(suite, tcase);
  return suite;
}

ED_TEST_MAIN(suite)
