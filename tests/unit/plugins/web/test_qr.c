/* plugins/web/qr: both pictures, read back module by module and compared with each other and with libqrencode's code.
 * Readers are asked in tests/webd. */
#include "qr.h"

#include <arpa/inet.h>
#include <qrencode.h>
#include <zlib.h>

#include "main.h"

#define SIDE_MAX 200 /* modules, with the margin */

static char modules[SIDE_MAX][SIDE_MAX];
static unsigned side;
static struct text out;

static void end(void) { text_free(&out); }

static uint32_t u32_at(size_t at) {
  uint32_t number;
  memcpy(&number, out.at + at, 4);
  return ntohl(number);
}

/* The pixels of a PNG, one bit each, with the filters' bytes: to be freed. Checks all that is around them. */
static unsigned char *read_png(unsigned *width) {
  ck_assert_int_eq(memcmp(out.at, "\x89PNG\r\n\x1a\n", 8), 0);
  size_t at = 8, data = 0, data_len = 0;
  for (int i = 0; i < 3; i++) {
    static const char *const types[] = {"IHDR", "IDAT", "IEND"};
    size_t len = u32_at(at);
    ck_assert_uint_le(at + 12 + len, out.len);
    ck_assert_int_eq(memcmp(out.at + at + 4, types[i], 4), 0);
    ck_assert_uint_eq(crc32(0, (Bytef *)out.at + at + 4, (uInt)len + 4), u32_at(at + 8 + len));
    if (i == 1) data = at + 8, data_len = len;
    at += 12 + len;
  }
  ck_assert_uint_eq(at, out.len);
  *width = u32_at(16);
  ck_assert_uint_eq(u32_at(20), *width);
  ck_assert_int_eq(memcmp(out.at + 24, "\1\0\0\0\0", 5), 0);
  uLongf len = (1 + (*width + 7) / 8) * *width;
  unsigned char *rows = malloc(len + 1);
  uLongf got = len + 1;
  ck_assert_int_eq(uncompress(rows, &got, (Bytef *)out.at + data, data_len), Z_OK);
  ck_assert_uint_eq(got, len);
  return rows;
}

static bool is_black(const unsigned char *rows, unsigned width, unsigned x, unsigned y) {
  return !(rows[y * (1 + (width + 7) / 8) + 1 + x / 8] & (0x80 >> x % 8));
}

/* Whether a module is where it belongs: each of its pixels. */
static void check_png(const QRcode *code, unsigned size) {
  unsigned width, all = (unsigned)code->width + 8, scale = size / all ? size / all : 1;
  unsigned char *rows = read_png(&width);
  ck_assert_uint_eq(width, size < all ? all : size);
  unsigned margin = (width - (unsigned)code->width * scale) / 2;
  for (unsigned y = 0; y < width; y++)
    for (unsigned x = 0; x < width; x++) {
      int cx = ((int)x - (int)margin) / (int)scale, cy = ((int)y - (int)margin) / (int)scale;
      bool inside = x >= margin && y >= margin && cx < code->width && cy < code->width;
      bool dark = inside && code->data[cy * code->width + cx] & 1;
      ck_assert_msg(is_black(rows, width, x, y) == dark, "%u of %u: pixel %u, %u", size, all, x, y);
    }
  free(rows);
}

/* Fills `modules` by the lines of the path. */
static void read_svg(void) {
  unsigned width;
  memset(modules, 0, sizeof modules);
  text_add(&out, "", 1);
  ck_assert_int_eq(sscanf(strstr(out.at, "viewBox="), "viewBox=\"0 0 %u %u\"", &side, &width), 2);
  ck_assert_uint_eq(side, width);
  const char *at = strrchr(out.at, 'd') + 3;
  unsigned x, y, len, back;
  int used = 0;
  for (; sscanf(at, "M%u %uh%uv1H%uz%n", &x, &y, &len, &back, &used) == 4; at += used) {
    ck_assert_uint_eq(x, back);
    ck_assert_uint_le(x + len, side);
    for (unsigned i = 0; i < len; i++) modules[y][x + i] = 1;
  }
  ck_assert_str_eq(at, "\"/></svg>\n");
}

static void check_svg(const QRcode *code) {
  read_svg();
  ck_assert_uint_eq(side, (unsigned)code->width + 8);
  for (int y = 0; y < (int)side; y++)
    for (int x = 0; x < (int)side; x++) {
      bool inside = x >= 4 && y >= 4 && x < code->width + 4 && y < code->width + 4;
      ck_assert_int_eq(modules[y][x], inside ? code->data[(y - 4) * code->width + x - 4] & 1 : 0);
    }
}

static void check(const char *text) {
  static const unsigned sizes[] = {QR_SIZE_MIN, 65, 100, 256, 333, 1000};
  QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
  ck_assert_ptr_nonnull(code);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ck_assert(qr_png(text, sizes[i], &out));
    check_png(code, sizes[i]);
    text_free(&out);
  }
  ck_assert(qr_svg(text, 300, &out));
  check_svg(code);
  ck_assert_ptr_nonnull(strstr(out.at, "width=\"300\" height=\"300\""));
  text_free(&out);
  QRcode_free(code);
}

START_TEST(pictures) {
  check("x");
  check("http://localhost:8080/demos/counter/?room=ykSgqDd3nIlsLbu2k7x9Pdb1");
  check("sch\xc3\xb6n \xf0\x9f\x98\x80 <&\">");
}
END_TEST

START_TEST(longest) {
  char text[QR_TEXT_MAX + 1];
  memset(text, '~', QR_TEXT_MAX);
  text[QR_TEXT_MAX] = 0;
  check(text);
  ck_assert(qr_png(text, QR_SIZE_MAX, &out));
  text_free(&out);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("web/qr");
  TCase *tests = tcase_create("all");
  tcase_add_checked_fixture(tests, NULL, end);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, pictures);
  tcase_add_test(tests, longest);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
