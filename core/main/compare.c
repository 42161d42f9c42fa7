/* The values of knobs in two configurations. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/units.h"
#include "main/config.h"
#include "main/knobs.h"

static size_t size_of(enum ed_kind kind) {
  switch (kind) {
    case ED_KIND_DURATION:
    case ED_KIND_SIZE:
    case ED_KIND_COUNT: return sizeof(uint64_t);
    case ED_KIND_BOOL: return sizeof(bool);
    case ED_KIND_LEVEL: return sizeof(struct ed_log_levels);
    case ED_KIND_FORMAT: return sizeof(enum ed_log_format);
    case ED_KIND_SLOW: return sizeof(enum ed_slow);
    case ED_KIND_RATE:
    case ED_KIND_BYTE_RATE: return sizeof(struct ed_rate);
    case ED_KIND_ADMIN:
    case ED_KIND_KEY:
    case ED_KIND_NAME:
    case ED_KIND_PATH:
    case ED_KIND_URL: return sizeof(const char *);
    case ED_KIND_ADDRESSES:
    case ED_KIND_ORIGINS:
    case ED_KIND_NETWORKS: return sizeof(struct ed_texts);
  }
  return 0;
}

static void add_list(struct ed_buf *text, const struct ed_texts *texts) {
  for (size_t i = 0; i < texts->len; i++) ed_buf_printf(text, "%s%s", i ? ", " : "", texts->list[i]);
}

static void write_size(uint64_t bytes, bool size, char out[32]) {
  if (size)
    ed_units_size_text(bytes, out);
  else
    snprintf(out, 32, "%" PRIu64, bytes);
}

static void write_rate(const struct ed_rate *rate, bool sizes, char *out, size_t len) {
  char amount[32], burst[32];
  const char *period = rate->period_ms == 1000 ? "s" : rate->period_ms == 60000 ? "m" : "h";
  write_size(rate->amount, sizes, amount);
  write_size(rate->burst, sizes, burst);
  snprintf(out, len, rate->amount ? "%s/%s burst %s" : "off", amount, period, burst);
}

/* The whole of it, NUL-terminated. */
static void write_value(const struct ed_knob *knob, const void *home, struct ed_buf *text) {
  const void *field = (const char *)home + knob->at;
  char words[512] = "";
  switch (knob->kind) {
    case ED_KIND_DURATION: ed_units_duration_text(*(const uint64_t *)field, words); break;
    case ED_KIND_SIZE: ed_units_size_text(*(const uint64_t *)field, words); break;
    case ED_KIND_COUNT: snprintf(words, sizeof words, "%" PRIu64, *(const uint64_t *)field); break;
    case ED_KIND_BOOL: ed_buf_add_text(text, *(const bool *)field ? "true" : "false"); break;
    case ED_KIND_LEVEL: ed_log_levels_text(field, words, sizeof words); break;
    case ED_KIND_FORMAT: ed_buf_add_text(text, ed_log_format_name(*(const enum ed_log_format *)field)); break;
    case ED_KIND_SLOW:
      ed_buf_add_text(text, *(const enum ed_slow *)field == ED_SLOW_CLOSE ? "close" : "conflate");
      break;
    case ED_KIND_RATE:
    case ED_KIND_BYTE_RATE: write_rate(field, knob->kind == ED_KIND_BYTE_RATE, words, sizeof words); break;
    case ED_KIND_NAME:
    case ED_KIND_PATH:
    case ED_KIND_ADMIN:
    case ED_KIND_KEY: /* for comparing; ed_knob_text shows none */
    case ED_KIND_URL: ed_buf_add_text(text, *(const char *const *)field ? *(const char *const *)field : "none"); break;
    case ED_KIND_ADDRESSES:
    case ED_KIND_ORIGINS:
    case ED_KIND_NETWORKS: add_list(text, field); break;
  }
  ed_buf_add_text(text, words);
  if (!text->len) ed_buf_add_text(text, "none");
  ed_buf_add_byte(text, 0);
}

bool ed_knob_same(const struct ed_knob *knob, const void *home, const void *other) {
  struct ed_buf here = {0}, there = {0};
  write_value(knob, home, &here);
  write_value(knob, other, &there);
  bool same = ed_span_equal(ed_buf_span(&here), ed_buf_span(&there));
  ed_buf_deinit(&here);
  ed_buf_deinit(&there);
  return same;
}

void ed_knob_text(const struct ed_knob *knob, const void *home, char out[200]) {
  struct ed_buf text = {0};
  write_value(knob, home, &text);
  bool secret = knob->kind == ED_KIND_KEY && *(const char *const *)((const char *)home + knob->at);
  snprintf(out, 200, "%s", secret ? "(a key)" : (const char *)text.at);
  ed_buf_deinit(&text);
}

void ed_knob_swap(const struct ed_knob *knob, void *home, void *other) {
  unsigned char kept[sizeof(struct ed_log_levels)];
  size_t size = size_of(knob->kind);
  memcpy(kept, (char *)home + knob->at, size);
  memcpy((char *)home + knob->at, (char *)other + knob->at, size);
  memcpy((char *)other + knob->at, kept, size);
}
