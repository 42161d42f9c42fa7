#include <time.h>

#include "codec/utf8.h"
#include "main/ctl/ctl.h"
#include "main/ctl/view.h"

/* Bytes of the character at `at`: valid UTF-8, or else single bytes. Whoever answers need not be eddyd. */
static size_t char_len(const uint8_t *at, size_t left) {
  size_t len = *at < 0xc0 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
  return len <= left && !ed_utf8_check(ed_span(at, len)) ? len : 1;
}

/* What a terminal would take for a command: C0, DEL, C1, in one byte or in two. */
static bool is_control(const uint8_t *at, size_t len) {
  if (len == 1) return *at < 0x20 || *at >= 0x7f;
  return len == 2 && at[0] == 0xc2 && at[1] < 0xa0;
}

static size_t chars(struct ed_span text) {
  size_t count = 0;
  for (size_t i = 0; i < text.len; i += char_len(text.at + i, text.len - i)) count++;
  return count;
}

void ed_ctl_put(FILE *out, struct ed_span text, int width) {
  size_t most = width < 0 ? (size_t)-width : width > 0 ? (size_t)width : SIZE_MAX, count = chars(text), put = 0;
  bool cut = count > most;
  size_t whole = cut && most > 3 ? most - 3 : most;
  for (size_t i = 0, len; i < text.len && put < whole; i += len, put++) {
    len = char_len(text.at + i, text.len - i);
    if (is_control(text.at + i, len))
      fputc(text.at[i] == '\n' || text.at[i] == '\t' || text.at[i] == '\r' ? ' ' : '?', out);
    else
      fwrite(text.at + i, 1, len, out);
  }
  if (cut && most > 3) fputs("...", out), put += 3;
  for (; width < 0 && put < most; put++) fputc(' ', out);
}

void ed_ctl_put_value(FILE *out, struct ed_span json, int width) {
  struct ed_buf text = {0};
  ed_view_text(&text, json);
  ed_ctl_put(out, ed_buf_span(&text), width);
  ed_buf_deinit(&text);
}

void ed_ctl_put_lines(FILE *out, struct ed_span json) {
  struct ed_buf text = {0};
  ed_view_text(&text, json);
  struct ed_span rest = ed_buf_span(&text);
  for (const uint8_t *end; rest.len && (end = memchr(rest.at, '\n', rest.len));) {
    size_t len = (size_t)(end - rest.at);
    ed_ctl_put(out, ed_span(rest.at, len), 0);
    fputc('\n', out);
    rest = ed_span(end + 1, rest.len - len - 1);
  }
  ed_ctl_put(out, rest, 0);
  ed_buf_deinit(&text);
}

static void short_text(double number, double step, const char *unit_less, char out[16]) {
  static const char units[] = " kMGT";
  size_t unit = 0;
  while (number >= step && unit < 4) number /= step, unit++;
  if (!unit)
    snprintf(out, 16, "%.0f%s", number, unit_less);
  else
    snprintf(out, 16, number < 9.95 ? "%.1f%c" : "%.0f%c", number, units[unit]);
}

void ed_ctl_count_text(double number, char out[16]) { short_text(number, 1000, "", out); }

void ed_ctl_size_text(double bytes, char out[16]) { short_text(bytes, 1024, "B", out); }

void ed_ctl_span_text(double ms, char out[16]) {
  unsigned long s = ms > 0 && ms < 1e18 ? (unsigned long)(ms / 1000) : 0;
  if (s < 120)
    snprintf(out, 16, "%lus", s);
  else if (s < 7200)
    snprintf(out, 16, "%lum %lus", s / 60, s % 60);
  else if (s < 2 * 86400)
    snprintf(out, 16, "%luh %lum", s / 3600, s / 60 % 60);
  else
    snprintf(out, 16, "%lud %luh", s / 86400 % 100000, s / 3600 % 24);
}

void ed_ctl_clock_text(double unix_ms, bool day, char out[32]) {
  bool sensible = unix_ms >= 0 && unix_ms < 253402300800000.0; /* the year 10000 */
  time_t seconds = sensible ? (time_t)(unix_ms / 1000) : 0;
  struct tm local;
  char text[24];
  if (!sensible) unix_ms = 0;
  localtime_r(&seconds, &local);
  strftime(text, sizeof text, day ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &local);
  snprintf(out, 32, "%s.%03d", text, (int)(unix_ms - (double)seconds * 1000));
}
