/* plugins/web/request: paths, types, arguments, fields. */
#include "request.h"

#include <string.h>

#include "main.h"

static struct eddy_text text_of(const char *text) { return (struct eddy_text){text, strlen(text)}; }

static const struct {
  const char *asked, *path; /* NULL: none */
} PATHS[] = {
    {"/", "start/index.html"},
    {"/start", "start"},
    {"/start/", "start/index.html"},
    {"/demos/counter/", "demos/counter/index.html"},
    {"/demos/counter/main.js", "demos/counter/main.js"},
    {"/demos/a b", "demos/a b"},
    {"/demos/\xc3\xa9", "demos/\xc3\xa9"},
    {"/demos/a..b", "demos/a..b"},
    {"", NULL},
    {"demos", NULL},
    {"//", NULL},
    {"/demos//x", NULL},
    {"/demos/./x", NULL},
    {"/demos/../x", NULL},
    {"/..", NULL},
    {"/demos/..", NULL},
    {"/demos/.git/config", NULL},
    {"/demos/..\\x", NULL},
    {"/demos/a\\b", NULL},
    {"/demos/a\nb", NULL},
    {"/demos/\x7f", NULL},
};

START_TEST(paths) {
  char path[REQUEST_PATH_MAX];
  bool found = request_path(text_of(PATHS[_i].asked), path);
  ck_assert_msg(found == (PATHS[_i].path != NULL), "%s", PATHS[_i].asked);
  if (found) ck_assert_str_eq(path, PATHS[_i].path);
}
END_TEST

START_TEST(odd_paths) {
  char path[REQUEST_PATH_MAX], asked[REQUEST_PATH_MAX + 2];
  ck_assert(!request_path((struct eddy_text){"/demos/a\0b", 10}, path));
  asked[0] = '/';
  memset(asked + 1, 'x', sizeof asked - 1);
  size_t most = 0;
  for (size_t len = 1; len <= sizeof asked; len++) /* one that fits, with whatever is put behind it */
    if (request_path((struct eddy_text){asked, len}, path)) most = len;
  ck_assert_uint_ge(most, REQUEST_PATH_MAX - 16);
  ck_assert_uint_lt(most, REQUEST_PATH_MAX);
  asked[most - 1] = '/';
  ck_assert(request_path((struct eddy_text){asked, most}, path));
  ck_assert_str_eq(path + most - 2, "/index.html");
}
END_TEST

START_TEST(types) {
  static const char *const cases[][2] = {
      {"a/index.html", "text/html; charset=utf-8"},
      {"a.js", "text/javascript; charset=utf-8"},
      {"a.mjs", "text/javascript; charset=utf-8"},
      {"a.css", "text/css; charset=utf-8"},
      {"a.wasm", "application/wasm"},
      {"a.SVG", "image/svg+xml"},
      {"a.png", "image/png"},
      {"a.json", "application/json"},
      {"a.js.map", "application/json"},
      {"index.d.ts", "text/plain; charset=utf-8"},
      {"README.md", "text/plain; charset=utf-8"},
      {"a", "application/octet-stream"},
      {".js", "application/octet-stream"},
      {"ajs", "application/octet-stream"},
      {"a.js.exe", "application/octet-stream"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) ck_assert_str_eq(request_type(cases[i][0]), cases[i][1]);
}
END_TEST

static const struct {
  const char *query;
  int result; /* of its `url`, of 8 bytes at most */
  const char *value;
} ARGUMENTS[] = {
    {"url=abc", 1, "abc"},
    {"url=", 1, ""},
    {"a=1&url=x&b=2", 1, "x"},
    {"url=x&url=y", 1, "x"},
    {"url=a%26b%3d", 1, "a&b="},
    {"url=a=b?c", 1, "a=b?c"},
    {"url=a+b%2B", 1, "a b+"},
    {"url=%C3%A9", 1, "\xc3\xa9"},
    {"url=12345678", 1, "12345678"},
    {"", 0, NULL},
    {"url", 0, NULL},
    {"urls=1", 0, NULL},
    {"curl=1&&", 0, NULL},
    {"a=url=1", 0, NULL},
    {"url=123456789", -1, NULL},
    {"url=%", -1, NULL},
    {"url=%4", -1, NULL},
    {"url=%4&x", -1, NULL},
    {"url=%g1", -1, NULL},
    {"url=a%00b", -1, NULL},
    {"url=%ff", -1, NULL},
    {"url=%c3", -1, NULL},
    {"url=%c0%80", -1, NULL},
    {"url=%ed%a0%80", -1, NULL},
    {"url=%f4%90%80%80", -1, NULL},
    {"url=%f0%9f%98%80", 1, "\xf0\x9f\x98\x80"},
};

START_TEST(arguments) {
  char value[9];
  int result = request_argument(text_of(ARGUMENTS[_i].query), "url", value, 8);
  ck_assert_msg(result == ARGUMENTS[_i].result, "%s: %d", ARGUMENTS[_i].query, result);
  if (result == 1) ck_assert_str_eq(value, ARGUMENTS[_i].value);
}
END_TEST

START_TEST(tags) {
  static const char *const yes[] = {"\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",\"a\" ", "*", " W/\"b\" , W/\"a\""};
  static const char *const no[] = {"", "a", "\"b\"", "\"a", "\"aa\"", "W/a", ",,", "\"a\"\"a\""};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    ck_assert_msg(request_has_tag(text_of(yes[i]), "\"a\""), "%s", yes[i]);
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    ck_assert_msg(!request_has_tag(text_of(no[i]), "\"a\""), "%s", no[i]);
}
END_TEST

START_TEST(encodings) {
  static const char *const yes[] = {"gzip",       "GZIP",      "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1",
                                    "*",          "gzip ;q=1", "deflate,gzip",      "gzip;q=0.001",
                                    "*;q=0, gzip"};
  static const char *const no[] = {"",      "br",    "identity", "gzip;q=0", "gzip; q=0.000", "gzip;q=0, *",
                                   "*;q=0", "xgzip", "gzipx"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    ck_assert_msg(request_takes_gzip(text_of(yes[i])), "%s", yes[i]);
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) ck_assert_msg(!request_takes_gzip(text_of(no[i])), "%s", no[i]);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("web/request");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, paths, 0, sizeof PATHS / sizeof *PATHS);
  tcase_add_test(tests, odd_paths);
  tcase_add_test(tests, types);
  tcase_add_loop_test(tests, arguments, 0, sizeof ARGUMENTS / sizeof *ARGUMENTS);
  tcase_add_test(tests, tags);
  tcase_add_test(tests, encodings);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
