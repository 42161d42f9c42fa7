/* eddy_load SCENARIO --port PORT [OPTION VALUE]...: see help(). */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "load.h"

struct options options = {.action = "relay",
                          .prefix = "",
                          .seconds = 3,
                          .warmup = 0.5,
                          .rooms = 1,
                          .members = 100,
                          .publishers = 1,
                          .window = 16,
                          .size = 64,
                          .keys = 1,
                          .inflight = 256,
                          .retained = 10000};

static const struct {
  const char *name;
  void (*run)(void);
  const char *what;
} SCENARIOS[] = {
    {"flow", flow, "pushes and deliveries, each one checked"},
    {"connects", connects, "opens --idle connections, in rooms of --members, as fast as it can"},
    {"idle", idle, "what --idle connections cost in memory, each subscribed to a key"},
    {"close", closing, "--idle connections are closed at once: how long another room waits"},
    {"newcomer", newcomer, "gets of --retained messages: how long another room waits"},
};

enum value { TEXT, NUMBER, FRACTION };
static const struct {
  const char *name;
  enum value value;
  void *at;
  unsigned least, most;
  const char *what;
} OPTIONS[] = {
    {"pid", NUMBER, &options.pid, 1, 1U << 30, "the server's process, for CPU and memory"},
    {"prefix", TEXT, &options.prefix, 0, 0, "of the API's paths, such as /db/chat"},
    {"seconds", FRACTION, &options.seconds, 0, 600, "how long is measured (3)"},
    {"warmup", FRACTION, &options.warmup, 0, 60, "how long before that (0.5)"},
    {"rooms", NUMBER, &options.rooms, 1, 10000, "(1)"},
    {"members", NUMBER, &options.members, 1, 10000, "of each room (100)"},
    {"publishers", NUMBER, &options.publishers, 1, 10000, "of each room's members (1)"},
    {"window", NUMBER, &options.window, 1, 4096, "most messages of a publisher that not all have heard (16)"},
    {"rate", FRACTION, &options.rate, 0, 10000000, "open loop: messages a second, of all publishers together"},
    {"size", NUMBER, &options.size, SIZE_MIN, 60000, "bytes of a value (64)"},
    {"action", TEXT, &options.action, 0, 0, "relay, append or replace (relay)"},
    {"keys", NUMBER, &options.keys, 1, KEYS_MAX, "that publishers go through in turn (1)"},
    {"subscribe", NUMBER, &options.subscribe, 1, KEYS_MAX, "keys of each member (all)"},
    {"cbor", NUMBER, &options.cbor, 0, 100, "percent of the members that speak CBOR (0)"},
    {"idle", NUMBER, &options.idle, 0, 100000, "connections besides, in rooms of their own (0)"},
    {"stalled", NUMBER, &options.stalled, 0, 1000, "more members, who never read (0)"},
    {"fold", NUMBER, &options.fold, 0, 1000000, "compact a stream that has grown beyond this (0: never)"},
    {"inflight", NUMBER, &options.inflight, 1, 4096, "connections that are being opened at once (256)"},
    {"sleep", NUMBER, &options.sleep, 0, 1, "1: sleeps while nothing comes, rather than to look again and again (0)"},
    {"retained", NUMBER, &options.retained, 1, 50000, "messages of the newcomer's room (10000)"},
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static _Noreturn void end(int status, const char *what, const char *format, va_list args) {
  fprintf(stderr, "eddy_load: %s", what);
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  exit(status);
}

void wrong(const char *format, ...) {
  va_list args;
  va_start(args, format);
  end(1, "wrong: ", format, args);
}

void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  end(2, "", format, args);
}

void broken(const char *call) { fail("%s: %s", call, strerror(errno)); }

void *grab(size_t count, size_t len) {
  void *memory = calloc(count ? count : 1, len ? len : 1);
  if (!memory) fail("out of memory");
  return memory;
}

static _Noreturn void help(void) {
  printf(
      "Usage: eddy_load SCENARIO --port PORT [--OPTION VALUE]...\n"
      "Prints one JSON object. Exit status: 0, 1 where the server is wrong (lost, doubled, another order), 2 where\n"
      "nothing could be measured.\n\n");
  for (size_t i = 0; i < COUNT(SCENARIOS); i++) printf("  %-12s %s\n", SCENARIOS[i].name, SCENARIOS[i].what);
  printf("\n");
  for (size_t i = 0; i < COUNT(OPTIONS); i++) printf("  --%-12s %s\n", OPTIONS[i].name, OPTIONS[i].what);
  exit(0);
}

static void set(const char *name, const char *value) {
  for (size_t i = 0; i < COUNT(OPTIONS); i++) {
    char *rest;
    if (strcmp(OPTIONS[i].name, name) != 0) continue;
    double number = strtod(value, &rest);
    if (OPTIONS[i].value == TEXT) {
      *(const char **)OPTIONS[i].at = value;
      return;
    }
    if (rest == value || *rest || number < OPTIONS[i].least || number > OPTIONS[i].most) {
      fail("--%s: a number from %u to %u", name, OPTIONS[i].least, OPTIONS[i].most);
    }
    if (OPTIONS[i].value == NUMBER) *(unsigned *)OPTIONS[i].at = (unsigned)number;
    if (OPTIONS[i].value == FRACTION) *(double *)OPTIONS[i].at = number;
    return;
  }
  fail("no option --%s: see eddy_load --help", name);
}

static void parse(int argc, char **argv) {
  if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) help();
  options.scenario = argv[1];
  for (int i = 2; i < argc; i += 2) {
    if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc) fail("%s: not --OPTION VALUE", argv[i]);
    if (!strcmp(argv[i], "--port")) {
      options.port = (uint16_t)atoi(argv[i + 1]);
    } else {
      set(argv[i] + 2, argv[i + 1]);
    }
  }
  if (!options.port) fail("--port is missing");
  if (!options.subscribe || options.subscribe > options.keys) options.subscribe = options.keys;
  if (options.publishers > options.members) fail("more publishers than members");
}

static void more_files(void) {
  struct rlimit limit;
  unsigned long needed = (unsigned long)options.rooms * options.members + options.idle + options.stalled + 200;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < needed)
    fail("it takes %lu open files, and %lu are allowed (ulimit -Hn)", needed, (unsigned long)limit.rlim_cur);
}

int main(int argc, char **argv) {
  parse(argc, argv);
  more_files();
  prctl(PR_SET_TIMERSLACK, 1);
  poller_make();
  for (size_t i = 0; i < COUNT(SCENARIOS); i++) {
    if (!strcmp(SCENARIOS[i].name, options.scenario)) {
      SCENARIOS[i].run();
      return 0;
    }
  }
  fail("no scenario %s: see eddy_load --help", options.scenario);
}
