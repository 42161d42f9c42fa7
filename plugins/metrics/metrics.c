/* GET /metrics: every counter of the daemon and its plugins in the Prometheus text format, version 0.0.4. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allow.h"

struct metrics {
  const struct eddy_host *host;
  struct eddy_core *core;
  struct allow allow;
  char *text; /* of the last answer; kept for the next */
  size_t len, cap;
  int failed;         /* no memory for the answer at hand */
  const char *family; /* of the last sample */
};

static const struct eddy_option OPTIONS[] = {
    {.name = "allow",
     .kind = EDDY_OPTION_TEXT,
     .standard = "127.0.0.0/8 ::1",
     .help = "Who may read: addresses and ranges, or \"unix\" for who comes by a unix socket; others get 403."},
    {.name = NULL},
};

static int load(const struct eddy_host *host, struct eddy_core *core, void **self) {
  char why[160];
  if (!EDDY_HAS(host, counters_each)) return -ENOSYS;
  struct metrics *metrics = calloc(1, sizeof *metrics);
  if (!metrics) return -ENOMEM;
  metrics->host = host;
  metrics->core = core;
  if (allow_parse(&metrics->allow, host->option_text(core, "allow"), why) != 0) {
    host->log(core, EDDY_LOG_ERROR, why);
    free(metrics);
    return -EINVAL;
  }
  *self = metrics;
  return 0;
}

static void unload(void *self) {
  struct metrics *metrics = self;
  free(metrics->text);
  free(metrics);
}

static void add(struct metrics *metrics, const char *bytes, size_t len) {
  if (metrics->failed) return;
  if (metrics->len + len > metrics->cap) {
    size_t cap = (metrics->len + len) * 2;
    char *text = realloc(metrics->text, cap);
    metrics->failed = !text;
    if (!text) return;
    metrics->text = text;
    metrics->cap = cap;
  }
  memcpy(metrics->text + metrics->len, bytes, len);
  metrics->len += len;
}

static void add_text(struct metrics *metrics, const char *text) { add(metrics, text, strlen(text)); }

/* Of a help text only \ and line ends are escaped. */
static void add_help(struct metrics *metrics, const char *text) {
  for (; *text; text++) {
    if (*text == '\\')
      add_text(metrics, "\\\\");
    else if (*text == '\n')
      add_text(metrics, "\\n");
    else
      add(metrics, text, 1);
  }
}

static void add_value(struct metrics *metrics, double value) {
  char text[64];
  if (isnan(value))
    snprintf(text, sizeof text, "NaN");
  else if (isinf(value))
    snprintf(text, sizeof text, "%sInf", value > 0 ? "+" : "-");
  else if (fabs(value) < 9e15 && value == floor(value))
    snprintf(text, sizeof text, "%.0f", value);
  else if (snprintf(text, sizeof text, "%.15g", value), strtod(text, NULL) != value) /* the shortest that reads back */
    snprintf(text, sizeof text, "%.17g", value);
  add_text(metrics, text);
}

static void add_family(struct metrics *metrics, const struct eddy_sample *sample) {
  static const char *const kinds[] = {"counter", "gauge", "histogram"};
  add_text(metrics, "# HELP ");
  add_text(metrics, sample->name);
  add_text(metrics, " ");
  add_help(metrics, sample->help);
  add_text(metrics, "\n# TYPE ");
  add_text(metrics, sample->name);
  add_text(metrics, " ");
  add_text(metrics, (unsigned)sample->kind <= EDDY_HISTOGRAM ? kinds[sample->kind] : "untyped");
  add_text(metrics, "\n");
}

static void add_sample(void *arg, const struct eddy_sample *sample) {
  struct metrics *metrics = arg;
  if (!metrics->family || strcmp(metrics->family, sample->name) != 0) add_family(metrics, sample);
  metrics->family = sample->name;
  add_text(metrics, sample->name);
  add_text(metrics, sample->suffix);
  if (*sample->labels) {
    add_text(metrics, "{");
    add_text(metrics, sample->labels);
    add_text(metrics, "}");
  }
  add_text(metrics, " ");
  add_value(metrics, sample->value);
  add_text(metrics, "\n");
}

/* A daemon that does not say who asks is older than this plugin: then nobody is let in. */
static int allowed(const struct metrics *metrics, const struct eddy_http_request *request) {
  return EDDY_HAS(request, peer) && allow_has(&metrics->allow, request->peer);
}

static void answer_error(struct eddy_http_answer *answer, int status, const char *json) {
  answer->status = status;
  answer->body = (struct eddy_text){json, strlen(json)};
}

static void http(void *self, const struct eddy_http_request *request, struct eddy_http_answer *answer) {
  static const char type[] = "text/plain; version=0.0.4; charset=utf-8";
  struct metrics *metrics = self;
  if (!allowed(metrics, request)) {
    answer_error(answer, 403, "{\"error\":\"plugins.metrics.allow does not have the address that you come from\"}");
    return;
  }
  if (request->path.len) {
    answer_error(answer, 404, "{\"error\":\"there is only /metrics\"}");
    return;
  }
  metrics->len = 0;
  metrics->failed = 0;
  metrics->family = NULL;
  metrics->host->counters_each(metrics->core, add_sample, metrics);
  metrics->family = NULL; /* it is the counters' text */
  if (metrics->failed) {
    answer_error(answer, 503, "{\"error\":\"out of memory\"}");
    return;
  }
  answer->content_type = (struct eddy_text){type, sizeof type - 1};
  answer->body = (struct eddy_text){metrics->text, metrics->len};
}

const struct eddy_plugin eddy_plugin = {
    .abi = EDDY_ABI,
    .size = sizeof eddy_plugin,
    .name = "metrics",
    .options = OPTIONS,
    .load = load,
    .unload = unload,
    .http = http,
};
