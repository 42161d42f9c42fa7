/* QR codes as pictures. */
#ifndef WEB_QR_H
#define WEB_QR_H

#include <stdbool.h>

#include "mem.h"

#define QR_TEXT_MAX 1024 /* bytes */
#define QR_SIZE_MIN 64
#define QR_SIZE_MAX 2048
#define QR_SIZE 256

/* Of `text` (not empty, QR_TEXT_MAX at most), `size` pixels wide and high, as SVG; as PNG, where a module is a whole
 * number of pixels: the rest is margin, and where `size` is too small for that it is larger. False where there is no
 * memory. */
bool qr_svg(const char *text, unsigned size, struct text *out);
bool qr_png(const char *text, unsigned size, struct text *out);

#endif
