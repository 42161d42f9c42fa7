/* Rooms that survive: the plugin's table, its options, and how its two threads come together. README.md says what it
 * promises. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"
#include "mem.h"
#include "transfer.h"

#define WHOLE_PATH 1024
#define PATIENCE_MS 5000u /* for a disk that fails while the daemon is told to end */

#define LAST_ID_UNKNOWN (INT64_C(1) << 62)

struct plugin {
  struct keeper keeper; /* first */
  char path[WHOLE_PATH];
  int lock; /* descriptor */
};

static const struct eddy_option OPTIONS[] = {
    {.name = "path", .kind = EDDY_OPTION_TEXT, .standard = "eddy.db", .help = "The database's file."},
    {.name = "durability",
     .kind = EDDY_OPTION_TEXT,
     .standard = "batch",
     .one_of = "sync batch snapshot",
     .help = "sync: nobody hears what a crash could take back; batch: the last moment may be lost; snapshot: seconds."},
    {.name = "interval",
     .kind = EDDY_OPTION_DURATION,
     .standard = "0s",
     .help = "How often batch and snapshot write; 0: 200ms for batch, 5s for snapshot.",
     .max = 3600000},
    {.name = "queue",
     .kind = EDDY_OPTION_SIZE,
     .standard = "64MiB",
     .help = "How much may wait to be written before pushes are refused.",
     .min = 65536},
    {.name = "sweep",
     .kind = EDDY_OPTION_DURATION,
     .standard = "60s",
     .help = "How often rooms are looked for whose idle time has passed while they were not in memory.",
     .min = 100},
    {.name = "max_rooms",
     .kind = EDDY_OPTION_COUNT,
     .standard = "1000000",
     .help = "How many rooms are kept; beyond it no new one is made. 0: any number."},
    {.name = "max_bytes",
     .kind = EDDY_OPTION_SIZE,
     .standard = "0B",
     .help = "How much the database may hold for new rooms to be made. 0: any."},
    {.name = "min_free",
     .kind = EDDY_OPTION_SIZE,
     .standard = "256MiB",
     .help = "How much must be free on the disk for new rooms to be made. 0: any."},
    {.name = NULL},
};

/* ---- from the writer's thread to the loop's ---- */

enum letter_kind { WRITTEN, FAILED, WORKS, BROKE };

struct letter {
  struct keeper *keeper;
  enum letter_kind what;
  struct writer_report report; /* of what was written */
  char why[DB_WHY];            /* it FAILED or BROKE */
};

static void deliver(void *arg) {
  struct letter *letter = arg;
  switch (letter->what) {
    case WRITTEN: keeper_written(letter->keeper, &letter->report); break;
    case FAILED: keeper_failed(letter->keeper, letter->why); break;
    case WORKS: keeper_failed(letter->keeper, NULL); break;
    case BROKE: keeper_broke(letter->keeper, letter->why); break;
  }
  free(letter);
}

/* Where the daemon is about to end nobody waits for it any more. */
static void send_letter(struct letter *letter) {
  struct keeper *keeper = letter->keeper;
  if (keeper->host->post(keeper->core, deliver, letter) == 0) return;
  batch_free(letter->report.batches);
  free(letter);
}

static struct letter *letter_new(struct keeper *keeper, enum letter_kind what, const char *why) {
  struct letter *letter = mem_zalloc(sizeof *letter);
  letter->keeper = keeper;
  letter->what = what;
  if (why) snprintf(letter->why, sizeof letter->why, "%s", why);
  return letter;
}

static void written(void *arg, const struct writer_report *report) {
  struct letter *letter = letter_new(arg, WRITTEN, NULL);
  letter->report = *report;
  send_letter(letter);
}

static void broke(void *arg, const char *why) { send_letter(letter_new(arg, BROKE, why)); }
static void failed(void *arg, const char *why) { send_letter(letter_new(arg, why ? FAILED : WORKS, why)); }

/* ---- load and unload ---- */

static void make_meters(struct keeper *keeper) {
  static const double seconds[] = {.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  const struct eddy_host *host = keeper->host;
  struct eddy_core *core = keeper->core;
  struct keeper_meters *meters = &keeper->meters;
  meters->commits = host->counter(core, EDDY_COUNTER, "eddy_sqlite_commits_total", NULL, "Transactions committed.");
  meters->changes = host->counter(core, EDDY_COUNTER, "eddy_sqlite_changes_total", NULL, "Changes of rooms written.");
  meters->errors =
      host->counter(core, EDDY_COUNTER, "eddy_sqlite_errors_total", NULL, "Writes and loads that went wrong.");
  meters->refused =
      host->counter(core, EDDY_COUNTER, "eddy_sqlite_refused_total", NULL, "Pushes refused as they could not be kept.");
  meters->queued_bytes =
      host->counter(core, EDDY_GAUGE, "eddy_sqlite_queued_bytes", NULL, "Bytes waiting to be written.");
  meters->queued_changes =
      host->counter(core, EDDY_GAUGE, "eddy_sqlite_queued_changes", NULL, "Changes waiting to be written.");
  meters->failing = host->counter(core, EDDY_GAUGE, "eddy_sqlite_failing", NULL, "1 while writing fails.");
  size_t len = sizeof seconds / sizeof *seconds;
  meters->commit_s = host->histogram(core, "eddy_sqlite_commit_seconds", NULL, "Time of a transaction.", seconds, len);
  meters->lag_s =
      host->histogram(core, "eddy_sqlite_lag_seconds", NULL, "From a change's turn to its commit.", seconds, len);
  meters->load_s = host->histogram(core, "eddy_sqlite_load_seconds", NULL, "Time of loading a room.", seconds, len);
}

static int open_shelf(struct keeper *keeper, const char *path, char why[DB_WHY]) {
  sqlite3 *db;
  int rc = db_open(&db, path, NULL, DB_READ, why);
  if (rc == 0) rc = shelf_init(&keeper->shelf, db, why);
  if (rc) return rc;
  keeper->last_id = shelf_last_id(&keeper->shelf);
  if (keeper->last_id >= 0) return 0;
  /* A new room would go onto the page that was looked at, so it will be set aside whatever its id; the others go on. */
  keeper->host->log(keeper->core, EDDY_LOG_ERROR, "the database is damaged: no new room can be kept");
  keeper->last_id = LAST_ID_UNKNOWN;
  return 0;
}

static int open_writer(struct keeper *keeper, const char *path, char why[DB_WHY]) {
  const char *durability = keeper->host->option_text(keeper->core, "durability");
  uint64_t interval_ms = keeper->host->option_number(keeper->core, "interval");
  keeper->sync = strcmp(durability, "sync") == 0;
  if (!interval_ms) interval_ms = strcmp(durability, "snapshot") == 0 ? 5000 : 200;
  const struct writer_options options = {.interval_ms = keeper->sync ? 0 : interval_ms,
                                         .full = keeper->sync,
                                         .patience_ms = PATIENCE_MS,
                                         .written = written,
                                         .broke = broke,
                                         .failed = failed,
                                         .arg = keeper};
  sqlite3 *db;
  struct store store;
  int rc = db_open(&db, path, NULL, DB_WRITE, why);
  if (rc == 0) rc = store_init(&store, db, why);
  if (rc == 0 && (rc = open_shelf(keeper, path, why)) != 0) store_deinit(&store);
  if (rc == 0 && (rc = writer_new(&keeper->writer, &store, &options)) != 0) {
    snprintf(why, DB_WHY, "no thread for it: %s", strerror(-rc));
    shelf_deinit(&keeper->shelf);
  }
  return rc;
}

/* The file as it can be found from anywhere. */
static void whole_path(const char *path, char whole[WHOLE_PATH]) {
  if (path[0] == '/' || !getcwd(whole, WHOLE_PATH)) whole[0] = 0;
  size_t len = strlen(whole);
  snprintf(whole + len, WHOLE_PATH - len, "%s%s", len > 1 ? "/" : "", path);
}

static void sweep(void *arg) { keeper_sweep(arg); }

static int load(const struct eddy_host *host, struct eddy_core *core, void **self) {
  if (!EDDY_HAS(host, counters_each)) return -ENOSYS;
  struct plugin *plugin = mem_zalloc(sizeof *plugin);
  struct keeper *keeper = &plugin->keeper;
  const char *path = host->option_text(core, "path");
  char why[DB_WHY] = "", whole[WHOLE_PATH], text[DB_WHY + WHOLE_PATH + 64];
  whole_path(path, whole);
  keeper->host = host;
  keeper->core = core;
  keeper->queue_max = host->option_number(core, "queue");
  keeper->clock_ms = host->time_ms(core) - (int64_t)host->now_ms(core);
  int rc = plugin->lock = db_lock(path, why);
  if (rc >= 0 && (rc = open_writer(keeper, path, why)) < 0) close(plugin->lock);
  if (rc < 0) {
    snprintf(text, sizeof text, "rooms cannot be kept in %s (plugins.sqlite.path): %s", whole, why);
    host->log(core, EDDY_LOG_ERROR, text);
    free(plugin);
    return rc;
  }
  make_meters(keeper);
  memcpy(plugin->path, whole, sizeof plugin->path);
  keeper->place = (struct place){.rooms_max = host->option_number(core, "max_rooms"),
                                 .bytes_max = host->option_number(core, "max_bytes"),
                                 .free_min = host->option_number(core, "min_free")};
  place_init(&keeper->place, &keeper->shelf, plugin->path);
  host->timer_start(core, host->option_number(core, "sweep"), 1, sweep, keeper);
  snprintf(text, sizeof text, "keeps rooms in %s, durability %s", whole, host->option_text(core, "durability"));
  host->log(core, EDDY_LOG_INFO, text);
  *self = plugin;
  return 0;
}

static void unload(void *self) {
  struct plugin *plugin = self;
  struct keeper *keeper = &plugin->keeper;
  keeper_turn(keeper);
  uint64_t lost = writer_free(keeper->writer);
  char text[128];
  snprintf(text, sizeof text, "%llu changes could not be written and are lost", (unsigned long long)lost);
  if (lost) keeper->host->log(keeper->core, EDDY_LOG_ERROR, text);
  shelf_deinit(&keeper->shelf);
  keeper_deinit(keeper);
  close(plugin->lock);
  free(plugin);
}

/* ---- export and import ---- */

/* A descriptor of its own for a stream of its own: closing that leaves the daemon's open. */
static FILE *stream_of(const struct eddy_transfer *transfer) {
  int fd = fcntl(transfer->fd, F_DUPFD_CLOEXEC, 0);
  FILE *stream = fd < 0 ? NULL : fdopen(fd, transfer->imports ? "r" : "w");
  if (!stream && fd >= 0) close(fd);
  return stream;
}

static int transfer(const struct eddy_host *host, struct eddy_core *core, struct eddy_transfer *transfer) {
  const char *path = host->option_text(core, "path");
  char why[DB_WHY] = "";
  struct transfer_count count = {0};
  FILE *stream = stream_of(transfer);
  int rc = stream ? 0 : -errno;
  if (!stream) {
    snprintf(why, sizeof why, "%s", strerror(errno));
  } else if (transfer->imports) {
    const struct transfer_in in = {.in = stream, .force = transfer->force != 0, .check = transfer->check, .core = core};
    rc = transfer_import(path, &in, &count, why);
  } else {
    rc = transfer_export(path, transfer->room, stream, &count, why);
  }
  if (stream) fclose(stream);
  transfer->rooms = count.rooms;
  transfer->messages = count.messages;
  /* What is wrong with a line is so wherever it was to go. */
  bool of_line = rc == -EBADMSG || rc == -EEXIST;
  snprintf(transfer->why, sizeof transfer->why, "%.200s%s%.300s", of_line ? "" : path, of_line ? "" : ": ", why);
  return rc;
}

/* ---- the table ---- */

static int room_load(void *self, struct eddy_room *room, struct eddy_text name) {
  return keeper_load(self, room, name);
}
static int room_open(void *self, struct eddy_room *room, int is_new) { return keeper_opened(self, room, is_new); }
static void room_close(void *self, struct eddy_room *room, int for_good) { keeper_closed(self, room, for_good); }
static void room_change(void *self, struct eddy_room *room, const struct eddy_change *change) {
  keeper_change(self, room, change);
}
static int room_number(void *self, struct eddy_room *room, uint64_t seq) { return keeper_number(self, room, seq); }
static void turn(void *self) { keeper_turn(self); }

const struct eddy_plugin eddy_plugin = {
    .abi = EDDY_ABI,
    .size = sizeof eddy_plugin,
    .name = "sqlite",
    .options = OPTIONS,
    .load = load,
    .unload = unload,
    .room_load = room_load,
    .room_open = room_open,
    .room_close = room_close,
    .room_change = room_change,
    .room_number = room_number,
    .turn = turn,
    .transfer = transfer,
};
