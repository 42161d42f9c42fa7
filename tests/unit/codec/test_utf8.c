#include "codec/utf8.h"

#include "bytes.h"

/* Table 3-7 of the Unicode standard at its edges; `wrong` is the offset of the first bad byte, -1 where there is none.
 */
static const struct {
  const char *hex;
  int wrong;
} rows[] = {
    {"", -1},
    {"00 7f", -1},
    {"c280 dfbf", -1},
    {"e0a080 e0bfbf e18080 ecbfbf ed8080 ed9fbf ee8080 efbfbf", -1},
    {"f0908080 f0bfbfbf f1808080 f3bfbfbf f4808080 f48fbfbf", -1},
    {"61626364656667 c3a4 6162636465666768 e282ac", -1},
    {"80", 0},
    {"bf", 0},
    {"c080", 0}, /* overlong */
    {"c1bf", 0},
    {"e08080", 0},
    {"e09fbf", 0},
    {"f0808080", 0},
    {"f08fbfbf", 0},
    {"eda080", 0}, /* surrogates */
    {"edbfbf", 0},
    {"f4908080", 0}, /* beyond U+10FFFF */
    {"f5808080", 0},
    {"ff", 0},
    {"fe", 0},
    {"c3", 0}, /* cut off */
    {"e282", 0},
    {"f09f98", 0},
    {"c3 61", 0},
    {"e28261", 0},
    {"f09f9861", 0},
    {"6162636465666768 80", 8},
    {"c3a4 61626364656667 c3", 9},
    {"e282ac c3a4 ff", 5},
};

START_TEST(table) {
  struct ed_span text = exact_hex(rows[_i].hex);
  const uint8_t *wrong = ed_utf8_check(text);
  ck_assert_int_eq(wrong ? (int)(wrong - text.at) : -1, rows[_i].wrong);
  release(text);
}
END_TEST

/* Every character there is, written and checked; every surrogate refused. */
START_TEST(all_characters) {
  for (uint32_t character = 0; character <= 0x110000; character++) {
    uint8_t bytes[4];
    size_t len = (size_t)(ed_utf8_put(bytes, character) - bytes);
    size_t expected = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    bool fine = character <= 0x10ffff && (character & 0xfff800) != 0xd800;
    bool passed = ed_utf8_check(ed_span(bytes, len)) == NULL;
    if (len != expected || passed != fine) ck_abort_msg("U+%04X", character); /* an assertion each would take seconds */
  }
}
END_TEST

/* One byte that is not ASCII, at every place of texts of every short length. */
START_TEST(ascii) {
  for (size_t len = 0; len <= 40; len++) {
    uint8_t bytes[40];
    memset(bytes, 0x7f, sizeof bytes);
    ck_assert(ed_utf8_ascii(ed_span(bytes, len)));
    for (size_t at = 0; at < len; at++) {
      bytes[at] = 0x80;
      ck_assert_msg(!ed_utf8_ascii(ed_span(bytes, len)), "%zu of %zu", at, len);
      bytes[at] = 0x7f;
    }
  }
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("codec/utf8");
  TCase *tests = tcase_create("utf8");
  tcase_add_loop_test(tests, table, 0, sizeof rows / sizeof *rows);
  tcase_add_test(tests, all_characters);
  tcase_add_test(tests, ascii);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
