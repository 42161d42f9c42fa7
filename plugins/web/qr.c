#include "qr.h"

#include <arpa/inet.h>
#include <qrencode.h>
#include <stdint.h>
#include <zlib.h>

#define QUIET 4 /* modules of margin that readers need around a code */

/* The quarter of the code that may be lost is enough for a screen that mirrors a lamp. */
static QRcode *encode(const char *text) { return QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M); }

static bool is_dark(const QRcode *code, unsigned x, unsigned y) {
  return code->data[y * (unsigned)code->width + x] & 1;
}

/* ---- SVG ---- */

/* One path; each run of dark modules in a row is a line of it. */
static void draw_row(const QRcode *code, unsigned y, struct text *out) {
  unsigned width = (unsigned)code->width;
  for (unsigned x = 0, end; x < width; x = end + 1) {
    for (end = x; end < width && is_dark(code, end, y);) end++;
    if (end > x) text_printf(out, "M%u %uh%uv1H%uz", x + QUIET, y + QUIET, end - x, x + QUIET);
  }
}

bool qr_svg(const char *text, unsigned size, struct text *out) {
  QRcode *code = encode(text);
  if (!code) return false;
  unsigned all = (unsigned)code->width + 2 * QUIET;
  text_printf(out,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
              "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%uv%uH0z\"/><path d=\"",
              size, size, all, all, all, all);
  for (unsigned y = 0; y < (unsigned)code->width; y++) draw_row(code, y, out);
  text_add_text(out, "\"/></svg>\n");
  QRcode_free(code);
  return true;
}

/* ---- PNG: one bit for a pixel (ISO/IEC 15948) ---- */

static void add_u32(struct text *out, uint32_t number) {
  uint32_t bytes = htonl(number);
  text_add(out, &bytes, 4);
}

static void add_chunk(struct text *out, const char *type, const void *data, size_t len) {
  add_u32(out, (uint32_t)len);
  size_t from = out->len;
  text_add(out, type, 4);
  text_add(out, data, len);
  add_u32(out, (uint32_t)crc32(0, (const Bytef *)out->at + from, (uInt)(len + 4)));
}

/* A row of pixels: the filter's byte (none), then white where nothing is drawn. */
static void fill_row(const QRcode *code, unsigned y, unsigned scale, unsigned margin, unsigned char *row, size_t len) {
  unsigned width = (unsigned)code->width;
  row[0] = 0;
  memset(row + 1, 0xff, len - 1);
  if (y < margin || (y - margin) / scale >= width) return;
  for (unsigned x = 0; x < width * scale; x++) {
    unsigned at = x + margin;
    if (is_dark(code, x / scale, (y - margin) / scale)) row[1 + at / 8] &= (unsigned char)~(0x80u >> at % 8);
  }
}

static bool add_pixels(const QRcode *code, unsigned size, unsigned scale, struct text *out) {
  size_t row_len = 1 + (size_t)(size + 7) / 8;
  unsigned margin = (size - (unsigned)code->width * scale) / 2;
  uLongf packed_len = compressBound((uLong)(row_len * size));
  unsigned char *rows = mem_zalloc(row_len * size), *packed = mem_zalloc(packed_len);
  for (unsigned y = 0; y < size; y++) {
    bool again = y > margin && (y - margin) % scale; /* within a module: as the row above */
    if (again)
      memcpy(rows + y * row_len, rows + (y - 1) * row_len, row_len);
    else
      fill_row(code, y, scale, margin, rows + y * row_len, row_len);
  }
  bool fine = compress2(packed, &packed_len, rows, (uLong)(row_len * size), Z_DEFAULT_COMPRESSION) == Z_OK;
  if (fine) add_chunk(out, "IDAT", packed, packed_len);
  free(rows);
  free(packed);
  return fine;
}

bool qr_png(const char *text, unsigned size, struct text *out) {
  QRcode *code = encode(text);
  if (!code) return false;
  unsigned all = (unsigned)code->width + 2 * QUIET, scale = size / all;
  if (scale == 0) scale = 1, size = all;
  struct text header = {0};
  add_u32(&header, size);
  add_u32(&header, size);
  text_add(&header, "\1\0\0\0\0", 5); /* a bit, grey; deflate; no filters but the usual; not interlaced */
  text_add(out, "\x89PNG\r\n\x1a\n", 8);
  add_chunk(out, "IHDR", header.at, header.len);
  bool fine = add_pixels(code, size, scale, out);
  add_chunk(out, "IEND", "", 0);
  text_free(&header);
  QRcode_free(code);
  return fine;
}
