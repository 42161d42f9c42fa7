/* Clocks, the server's CPU and memory, histograms, the report. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static double seconds_of(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) < 0) broken("the server's clock");
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* What utime + stime of /proc/PID/stat add up to, all threads, those too that have ended, but not rounded to ticks. */
double server_cpu(void) {
  clockid_t clock;
  if (!options.pid) return 0;
  if (clock_getcpuclockid(options.pid, &clock) != 0) fail("process %d is gone", (int)options.pid);
  return seconds_of(clock);
}

double own_cpu(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

uint64_t server_resident(void) {
  char path[64];
  uint64_t pages = 0;
  if (!options.pid) return 0;
  snprintf(path, sizeof path, "/proc/%d/statm", (int)options.pid);
  FILE *file = fopen(path, "re");
  if (!file || fscanf(file, "%*u %" SCNu64, &pages) != 1) fail("process %d is gone", (int)options.pid);
  fclose(file);
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t server_pss(void) {
  char path[64], line[256];
  uint64_t kib = 0;
  if (!options.pid) return 0;
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)options.pid);
  FILE *file = fopen(path, "re");
  if (!file) return server_resident(); /* another user's process, or an old kernel */
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "Pss: %" SCNu64, &kib) == 1) break;
  fclose(file);
  return kib * 1024;
}

void histogram_reset(struct histogram *histogram) { memset(histogram, 0, sizeof *histogram); }

double histogram_us(const struct histogram *histogram, double share) {
  uint64_t rest = (uint64_t)(share * (double)histogram->count);
  if (!histogram->count) return NAN;
  for (size_t i = 0; i < sizeof histogram->buckets / sizeof *histogram->buckets; i++) {
    if (rest < histogram->buckets[i]) {
      size_t shift = i >> (SUB_BITS + 1) ? (i >> SUB_BITS) - 1 : 0;
      return ((double)(i - (shift << SUB_BITS)) + 0.5) * (double)((uint64_t)1 << shift) / 1000;
    }
    rest -= histogram->buckets[i];
  }
  return (double)histogram->max / 1000;
}

static bool first;

static void name_next(const char *name) {
  printf("%s\"%s\": ", first ? "" : ", ", name);
  first = false;
}

void report_begin(void) {
  first = true;
  printf("{");
  name_next("scenario");
  printf("\"%s\"", options.scenario);
}

void report_number(const char *name, double value) {
  name_next(name);
  if (isfinite(value)) {
    printf("%.9g", value);
  } else {
    printf("null");
  }
}

void report_histogram(const char *name, const struct histogram *histogram) {
  name_next(name);
  first = true;
  printf("{");
  report_number("p50", histogram_us(histogram, 0.5));
  report_number("p99", histogram_us(histogram, 0.99));
  report_number("p999", histogram_us(histogram, 0.999));
  report_number("max", (double)histogram->max / 1000);
  report_number("mean", histogram->count ? (double)histogram->total / (double)histogram->count / 1000 : NAN);
  printf("}");
  first = false;
}

void report_end(void) {
  printf("}\n");
  fflush(stdout);
}
