/* core/base/log: one call is one line, whatever is in the message. */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/repeats.h"
#include "main.h"

/* What a call writes, in memory that the caller frees. */
static char *written(enum ed_log_level most, enum ed_log_level level, const char *message) {
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);
  struct ed_log log = {.out = out, .level = most};
  ed_log(&log, level, "net", "%s", message);
  fclose(out);
  ck_assert_uint_eq(strlen(text), len); /* no NUL inside */
  return text;
}

/* The part behind the time stamp, which has a fixed width. */
static void expect(const char *message, const char *want) {
  char *text = written(ED_LOG_DEBUG, ED_LOG_WARN, message);
  unsigned year, month, day, hour, minute, second, ms;
  int end = 0;
  ck_assert_int_eq(sscanf(text, "time=%4u-%2u-%2uT%2u:%2u:%2u.%3uZ %n", &year, &month, &day, &hour, &minute, &second,
                          &ms, &end), 7);
  ck_assert_int_eq(end, (int)strlen("time=2024-01-01T00:00:00.000Z "));
  ck_assert(year >= 2024 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60);
  ck_assert_str_eq(text + end, want);
  free(text);
}

START_TEST(a_line) { expect("it listens", "level=warn part=net msg=\"it listens\"\n"); }
END_TEST

START_TEST(a_message_cannot_forge_a_line) {
  expect("x\"\ntime=2024 level=error part=main msg=\"pwned",
         "level=warn part=net msg=\"x\\\"\\ntime=2024 level=error part=main msg=\\\"pwned\"\n");
  expect("\\\" \r\t\x1b[2J\x7f", "level=warn part=net msg=\"\\\\\\\" \\x0d\\x09\\x1b[2J\\x7f\"\n");
  expect("%s%n", "level=warn part=net msg=\"%s%n\"\n");
  expect("h\xc3\xa9", "level=warn part=net msg=\"h\xc3\xa9\"\n"); /* other text stays readable */
}
END_TEST

/* Every byte there is: one newline, and that at the end; inside of the quotes no bare quote. */
START_TEST(any_byte) {
  char message[256];
  for (int i = 1; i < 256; i++) message[i - 1] = (char)i;
  message[255] = 0;
  char *text = written(ED_LOG_DEBUG, ED_LOG_ERROR, message);
  ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
  const char *inside = strstr(text, "msg=\"") + 5;
  for (const char *p = inside; p < text + strlen(text) - 2; p++) {
    ck_assert_uint_ge((unsigned char)*p, 0x20);
    ck_assert_int_ne(*p, '"' * (p == inside || p[-1] != '\\'));
  }
  free(text);
}
END_TEST

START_TEST(long_messages_are_cut) {
  char message[5000];
  memset(message, '\n', sizeof message - 1);
  message[sizeof message - 1] = 0;
  char *text = written(ED_LOG_DEBUG, ED_LOG_ERROR, message);
  ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
  ck_assert_uint_gt(strlen(text), 1000);
  ck_assert_uint_lt(strlen(text), 5000);
  free(text);
}
END_TEST

START_TEST(levels) {
  for (int most = ED_LOG_ERROR; most <= ED_LOG_DEBUG; most++)
    for (int level = ED_LOG_ERROR; level <= ED_LOG_DEBUG; level++) {
      char *text = written((enum ed_log_level)most, (enum ed_log_level)level, "x");
      ck_assert_int_eq(text[0] != 0, level <= most);
      free(text);
    }
  enum ed_log_level level;
  ck_assert_int_eq(ed_log_level_parse("error", &level), 0);
  ck_assert_int_eq(level, ED_LOG_ERROR);
  ck_assert_int_eq(ed_log_level_parse("debug", &level), 0);
  ck_assert_int_eq(level, ED_LOG_DEBUG);
  ck_assert_int_eq(ed_log_level_parse("", &level), -EINVAL);
  ck_assert_int_eq(ed_log_level_parse("Debug", &level), -EINVAL);
  ck_assert_int_eq(ed_log_level_parse("debugger", &level), -EINVAL);
}
END_TEST

/* ---- JSON ---- */

static void expect_json(const char *message, const char *want) {
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);
  struct ed_log log = {.out = out, .level = ED_LOG_DEBUG, .format = ED_LOG_JSON};
  ed_log(&log, ED_LOG_INFO, "net", "%s", message);
  fclose(out);
  const char *rest = strstr(text, "Z\",");
  ck_assert(strncmp(text, "{\"time\":\"2", 10) == 0 && rest);
  ck_assert_str_eq(rest + 3, want);
  free(text);
}

START_TEST(json) {
  expect_json("x\"\n\t\x1b[2J\x7f\\", "\"level\":\"info\",\"part\":\"net\",\"msg\":\"x\\\"\\n\\u0009\\u001b[2J\\u007f\\\\\"}\n");
  expect_json("h\xc3\xa9 \xf0\x9f\x98\x80", "\"level\":\"info\",\"part\":\"net\",\"msg\":\"h\xc3\xa9 \xf0\x9f\x98\x80\"}\n");
  /* what is no UTF-8: cut short, a surrogate, overlong, beyond the last code point, a lone tail */
  expect_json("\xc3", "\"level\":\"info\",\"part\":\"net\",\"msg\":\"\\ufffd\"}\n");
  expect_json("\xed\xa0\x80", "\"level\":\"info\",\"part\":\"net\",\"msg\":\"\\ufffd\\ufffd\\ufffd\"}\n");
  expect_json("\xc0\xaf\xf5", "\"level\":\"info\",\"part\":\"net\",\"msg\":\"\\ufffd\\ufffd\\ufffd\"}\n");
}
END_TEST

/* A terminal takes C1 for controls, and turns the line round at U+202E. */
START_TEST(harmful_text) {
  expect("\xc2\x9b" "2J\xe2\x80\xae\xe2\x80\xa8\xff", "level=warn part=net msg=\"\\x9b2J\\u202e\\u2028\\xff\"\n");
}
END_TEST

/* ---- levels of parts ---- */

START_TEST(levels_of_parts) {
  struct ed_log_levels levels;
  char again[200];
  ck_assert_int_eq(ed_log_levels_parse("warn,net=debug,sqlite=error", &levels), 0);
  ed_log_levels_text(&levels, again, sizeof again);
  ck_assert_str_eq(again, "warn,net=debug,sqlite=error");
  static const struct {
    const char *part;
    enum ed_log_level level;
    bool said;
  } cases[] = {{"net", ED_LOG_DEBUG, true},   {"main", ED_LOG_WARN, true},     {"main", ED_LOG_INFO, false},
               {"sqlite", ED_LOG_WARN, false}, {"sqlite", ED_LOG_ERROR, true}, {"ne", ED_LOG_INFO, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct ed_log log = {.out = out, .level = levels.all, .parts = levels.parts, .parts_len = levels.parts_len};
    ed_log(&log, cases[i].level, cases[i].part, "x");
    fclose(out);
    ck_assert_int_eq(len > 0, cases[i].said);
    free(text);
  }
  ck_assert_int_eq(ed_log_levels_parse("net=debug", &levels), 0);
  ck_assert_int_eq(levels.all, ED_LOG_INFO);
  static const char *const wrong[] = {"", "loud", "info,", "net=", "=info", "net=loud", "NET=info", "net=info=x",
                                      "a2345678901234567890123456789012345=info"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    ck_assert_int_eq(ed_log_levels_parse(wrong[i], &levels), -EINVAL);
  ck_assert_uint_eq(levels.parts_len, 1); /* as it was */
}
END_TEST

/* ---- repetitions ---- */

START_TEST(repetitions) {
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);
  struct ed_log log = {.out = out, .level = ED_LOG_INFO, .repeats = ed_repeats_new()};
  for (int i = 0; i < 100; i++) ed_log(&log, ED_LOG_WARN, "net", "again");
  ed_log(&log, ED_LOG_WARN, "net", "other");
  ed_log(&log, ED_LOG_WARN, "room", "again"); /* another line: of another part */
  ed_log_tick(&log, true);
  fclose(out);
  ed_repeats_free(log.repeats);
  unsigned lines = 0;
  for (const char *at = text; (at = strchr(at, '\n')); at++) lines++;
  ck_assert_uint_eq(lines, 4);
  ck_assert_ptr_nonnull(strstr(text, "part=net msg=\"again\" repeated=99\n"));
  free(text);
}
END_TEST

START_TEST(silence) {
  ed_log(NULL, ED_LOG_ERROR, "net", "nobody hears %d", 1);
  struct ed_log log = {0};
  ed_log(&log, ED_LOG_ERROR, "net", "nobody hears %d", 2);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("base/log");
  TCase *tests = tcase_create("log");
  tcase_add_test(tests, a_line);
  tcase_add_test(tests, a_message_cannot_forge_a_line);
  tcase_add_test(tests, any_byte);
  tcase_add_test(tests, long_messages_are_cut);
  tcase_add_test(tests, levels);
  tcase_add_test(tests, silence);
  tcase_add_test(tests, json);
  tcase_add_test(tests, harmful_text);
  tcase_add_test(tests, levels_of_parts);
  tcase_add_test(tests, repetitions);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
