/* What is measured, in the shape of Prometheus' exposition format: families of a name, a kind and a help text, each
 * with samples that differ in their labels. Plugins register theirs; the daemon's own are not kept anywhere but
 * sampled, from plain numbers where they are counted, when somebody asks. */
#ifndef ED_HOST_COUNTERS_H
#define ED_HOST_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "eddy/plugin.h"

struct ed_counters;

struct ed_counters *ed_counters_new(void);
void ed_counters_free(struct ed_counters *counters);

/* A counter of the owner's; the same one again where it has this name and these labels already. NULL where name or
 * labels are malformed, or the name is of another kind. All is copied. */
struct eddy_counter *ed_counters_add(struct ed_counters *counters, const void *owner, enum eddy_counter_kind kind,
                                     const char *name, const char *labels, const char *help);
struct eddy_counter *ed_counters_add_histogram(struct ed_counters *counters, const void *owner, const char *name,
                                               const char *labels, const char *help, const double *bounds,
                                               size_t bounds_len);
void ed_counters_drop(struct ed_counters *counters, const void *owner); /* all of the owner's */

void ed_counter_add(struct eddy_counter *counter, double more); /* of a histogram: an observation */
void ed_counter_set(struct eddy_counter *counter, double value);

/* ---- samplers ---- */

struct ed_sink; /* where a sampler says what it finds */
typedef void ed_sampler_fn(void *arg, struct ed_sink *sink);

/* `sampler` is called whenever somebody asks, until ed_counters_free. */
void ed_counters_sampler(struct ed_counters *counters, ed_sampler_fn *sampler, void *arg);

/* Begins a family; then its samples. Texts must live until the next family begins. */
void ed_sink_family(struct ed_sink *sink, enum eddy_counter_kind kind, const char *name, const char *help);
void ed_sink_add(struct ed_sink *sink, double value, const char *labels, ...) __attribute__((format(printf, 3, 4)));
/* One histogram of the family: `counts` of each bound and above the one before, the last above all. */
void ed_sink_add_histogram(struct ed_sink *sink, const char *labels, const double *bounds, const uint64_t *counts,
                           size_t bounds_len, double sum);

/* Every sample, the daemon's first, families whole. */
void ed_counters_each(struct ed_counters *counters, void (*fn)(void *arg, const struct eddy_sample *sample), void *arg);

#endif
