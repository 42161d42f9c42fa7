#include "host/counters.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"

#define LABELS_MAX 512 /* bytes of a sample's labels, as text */

struct eddy_counter {
  const void *owner;
  char *labels;
  double value;     /* of a histogram: the sum */
  double *bounds;   /* of a histogram; owned */
  uint64_t *counts; /* observations at or below each bound and above the one before; the last: above all. Owned */
  size_t bounds_len;
  struct eddy_counter *next, *prev;
};

struct family {
  enum eddy_counter_kind kind;
  char *name, *help;
  struct eddy_counter *counters;
  struct family *next, *prev;
};

struct sampler {
  ed_sampler_fn *fn;
  void *arg;
  struct sampler *next;
};

struct ed_counters {
  struct family *families;
  struct sampler *samplers;
};

struct ed_sink {
  void (*fn)(void *arg, const struct eddy_sample *sample);
  void *arg;
  struct eddy_sample sample;
};

struct ed_counters *ed_counters_new(void) {
  return ed_zalloc(sizeof(struct ed_counters));
}

static void counter_free(struct eddy_counter *counter) {
  free(counter->labels);
  free(counter->bounds);
  free(counter->counts);
  free(counter);
}

static void family_settle(struct ed_counters *counters, struct family *family) {
  if (family->counters) return;
  DL_DELETE(counters->families, family);
  free(family->name);
  free(family->help);
  free(family);
}

static void drop(struct ed_counters *counters, const void *owner, bool all) {
  struct family *family, *family_next;
  struct eddy_counter *counter, *next;
  DL_FOREACH_SAFE(counters->families, family, family_next) {
    DL_FOREACH_SAFE(family->counters, counter, next) {
      if (!all && counter->owner != owner) continue;
      DL_DELETE(family->counters, counter);
      counter_free(counter);
    }
    family_settle(counters, family);
  }
}

void ed_counters_drop(struct ed_counters *counters, const void *owner) { drop(counters, owner, false); }

void ed_counters_free(struct ed_counters *counters) {
  struct sampler *sampler, *next;
  drop(counters, NULL, true);
  LL_FOREACH_SAFE(counters->samplers, sampler, next) free(sampler);
  free(counters);
}

/* ---- registering ---- */

/* [a-zA-Z_:][a-zA-Z0-9_:]*, of a label's name without the colon. Its length, or 0. */
static size_t name_len(const char *text, bool colon) {
  const char *c = text;
  for (; *c; c++) {
    bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || (colon && *c == ':');
    if (!letter && !(c > text && *c >= '0' && *c <= '9')) break;
  }
  return (size_t)(c - text);
}

/* NAME="VALUE",...: in a value only \\, \" and \n are escaped, and nothing stands bare that should be. */
static bool labels_valid(const char *labels) {
  if (!*labels) return true;
  if (strlen(labels) >= LABELS_MAX) return false;
  for (const char *c = labels;; c++) {
    c += name_len(c, false);
    if (c == labels || c[-1] == ',' || *c++ != '=' || *c++ != '"') return false;
    for (; *c != '"'; c++) {
      if (*c == 0 || *c == '\n') return false;
      if (*c == '\\' && !strchr("\\\"n", *++c)) return false;
      if (*c == 0) return false;
    }
    if (!*++c) return true;
    if (*c != ',') return false;
  }
}

static struct family *family_made(struct ed_counters *counters, enum eddy_counter_kind kind, const char *name,
                                  const char *help) {
  struct family *family;
  DL_FOREACH(counters->families, family)
  if (strcmp(family->name, name) == 0) return family->kind == kind ? family : NULL;
  if (!*name || name[name_len(name, true)]) return NULL;
  family = ed_zalloc(sizeof *family);
  family->kind = kind;
  family->name = ed_strdup(name);
  family->help = ed_strdup(help ? help : "");
  DL_APPEND(counters->families, family);
  return family;
}

/* The counter of these labels, or a new one. */
static struct eddy_counter *counter_made(struct family *family, const void *owner, const char *labels) {
  struct eddy_counter *counter;
  DL_FOREACH(family->counters, counter) if (strcmp(counter->labels, labels) == 0) return counter;
  counter = ed_zalloc(sizeof *counter);
  counter->owner = owner;
  counter->labels = ed_strdup(labels);
  DL_APPEND(family->counters, counter);
  return counter;
}

struct eddy_counter *ed_counters_add(struct ed_counters *counters, const void *owner, enum eddy_counter_kind kind,
                                     const char *name, const char *labels, const char *help) {
  if ((unsigned)kind > EDDY_HISTOGRAM || !labels_valid(labels ? labels : "")) return NULL;
  struct family *family = family_made(counters, kind, name, help);
  return family ? counter_made(family, owner, labels ? labels : "") : NULL;
}

struct eddy_counter *ed_counters_add_histogram(struct ed_counters *counters, const void *owner, const char *name,
                                               const char *labels, const char *help, const double *bounds,
                                               size_t bounds_len) {
  for (size_t i = 1; i < bounds_len; i++)
    if (!(bounds[i - 1] < bounds[i])) return NULL;
  struct eddy_counter *counter = ed_counters_add(counters, owner, EDDY_HISTOGRAM, name, labels, help);
  if (!counter || counter->counts) return counter;
  counter->bounds = ed_alloc((bounds_len + 1) * sizeof *bounds);
  if (bounds_len) memcpy(counter->bounds, bounds, bounds_len * sizeof *bounds);
  counter->bounds_len = bounds_len;
  counter->counts = ed_zalloc((bounds_len + 1) * sizeof *counter->counts);
  return counter;
}

void ed_counter_add(struct eddy_counter *counter, double more) {
  counter->value += more;
  if (!counter->counts) return;
  size_t i = 0;
  while (i < counter->bounds_len && !(more <= counter->bounds[i])) i++;
  counter->counts[i]++;
}

void ed_counter_set(struct eddy_counter *counter, double value) {
  if (!counter->counts) counter->value = value;
}

/* ---- asking ---- */

void ed_counters_sampler(struct ed_counters *counters, ed_sampler_fn *fn, void *arg) {
  struct sampler *sampler = ed_alloc(sizeof *sampler);
  *sampler = (struct sampler){.fn = fn, .arg = arg};
  LL_APPEND(counters->samplers, sampler);
}

void ed_sink_family(struct ed_sink *sink, enum eddy_counter_kind kind, const char *name, const char *help) {
  sink->sample = (struct eddy_sample){
      .size = sizeof sink->sample, .kind = kind, .name = name, .help = help, .suffix = "", .labels = ""};
}

static void emit(struct ed_sink *sink, const char *suffix, const char *labels, double value) {
  sink->sample.suffix = suffix;
  sink->sample.labels = labels;
  sink->sample.value = value;
  sink->fn(sink->arg, &sink->sample);
}

void ed_sink_add(struct ed_sink *sink, double value, const char *labels, ...) {
  char text[LABELS_MAX];
  va_list args;
  va_start(args, labels);
  vsnprintf(text, sizeof text, labels, args);
  va_end(args);
  emit(sink, "", text, value);
}

void ed_sink_add_histogram(struct ed_sink *sink, const char *labels, const double *bounds, const uint64_t *counts,
                           size_t bounds_len, double sum) {
  char bound[LABELS_MAX + 48];
  const char *comma = *labels ? "," : "";
  uint64_t count = 0;
  for (size_t i = 0; i <= bounds_len; i++) {
    count += counts[i];
    if (i < bounds_len)
      snprintf(bound, sizeof bound, "%s%sle=\"%.15g\"", labels, comma, bounds[i]);
    else
      snprintf(bound, sizeof bound, "%s%sle=\"+Inf\"", labels, comma);
    emit(sink, "_bucket", bound, (double)count);
  }
  emit(sink, "_sum", labels, sum);
  emit(sink, "_count", labels, (double)count);
}

void ed_counters_each(struct ed_counters *counters, void (*fn)(void *arg, const struct eddy_sample *sample),
                      void *arg) {
  struct ed_sink sink = {.fn = fn, .arg = arg};
  const struct sampler *sampler;
  const struct family *family;
  const struct eddy_counter *counter;
  LL_FOREACH(counters->samplers, sampler) sampler->fn(sampler->arg, &sink);
  DL_FOREACH(counters->families, family) {
    ed_sink_family(&sink, family->kind, family->name, family->help);
    DL_FOREACH(family->counters, counter) {
      if (counter->counts)
        ed_sink_add_histogram(&sink, counter->labels, counter->bounds, counter->counts, counter->bounds_len,
                              counter->value);
      else
        emit(&sink, "", counter->labels, counter->value);
    }
  }
}
