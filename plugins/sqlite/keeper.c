#include "keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <utlist.h>

#include "lost.h"
#include "mem.h"

#define WARN_EVERY_MS 10000u
#define WAIT_MS 2000u          /* for a room that was closed a moment ago to be written */
#define SWEEP_MAX 500          /* rooms deleted at once */
#define SPARE_MAX (4u << 20)   /* bytes of memory for batches to come */
#define EXPIRES_SLACK_MS 60000 /* what is on disk may be behind by so much, or by a tenth */
#define JUMP_MS 3600000        /* a clock that was put forward by more than this */
#define DOUBT_MS 3600000u      /* deletes nothing for so long: if it was a mistake, that can be mended */

/* ---- lines in the log ---- */

static bool warning_due(struct keeper *keeper, enum keeper_warning kind) {
  uint64_t now_ms = keeper->host->now_ms(keeper->core), *warned_ms = &keeper->warned_ms[kind];
  if (*warned_ms && now_ms - *warned_ms < WARN_EVERY_MS) return false;
  *warned_ms = now_ms ? now_ms : 1;
  return true;
}

/* False where the last one of the kind is too near for another. */
__attribute__((format(printf, 3, 4))) static bool warn(struct keeper *keeper, enum keeper_warning kind,
                                                       const char *format, ...) {
  char text[DB_WHY + 256];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args); /* NOLINT(clang-analyzer-valist.Uninitialized) */
  va_end(args);
  bool due = warning_due(keeper, kind);
  if (due) keeper->host->log(keeper->core, EDDY_LOG_WARN, text);
  return due;
}

/* ---- rooms by name ---- */

static struct kept *kept_of(struct keeper *keeper, const struct eddy_room *room) {
  return keeper->host->room_data(keeper->core, room);
}

static struct kept *kept_find(struct keeper *keeper, struct eddy_text name) {
  struct kept *kept;
  HASH_FIND(hh, keeper->names, name.at, name.len, kept);
  return kept;
}

static void unname(struct keeper *keeper, struct kept *kept) {
  if (kept->named) HASH_DEL(keeper->names, kept); /* NOLINT(clang-analyzer-*): uthash */
  kept->named = false;
}

static struct kept *kept_new(struct keeper *keeper, struct eddy_text name, int64_t id) {
  struct kept *before = kept_find(keeper, name);
  if (before) unname(keeper, before);
  struct kept *kept = mem_zalloc(sizeof *kept + name.len + 1);
  kept->id = id;
  kept->block = KEEPER_BLOCK_MIN / KEEPER_BLOCK_GROWTH;
  kept->name_len = name.len;
  memcpy(kept->name, name.at, name.len);
  kept->named = true;
  HASH_ADD_KEYPTR(hh, keeper->names, kept->name, kept->name_len, kept);
  DL_APPEND(keeper->all, kept);
  return kept;
}

static void kept_free(struct keeper *keeper, struct kept *kept) {
  unname(keeper, kept);
  DL_DELETE(keeper->all, kept);
  free(kept);
}

/* One that is broken is remembered: what is on disk of it is older than what was heard. */
static void let_go(struct keeper *keeper, struct kept *kept) {
  if (!kept->room && !kept->unwritten && !kept->broken) kept_free(keeper, kept);
}

/* ---- the batch of this turn ---- */

static void hand_over(struct keeper *keeper) {
  struct batch *batch = keeper->open;
  if (!batch) {
    if (keeper->urgent) writer_hurry(keeper->writer);
    keeper->urgent = false;
    return;
  }
  batch->ticket = ++keeper->ticket;
  batch->urgent = keeper->urgent;
  for (size_t i = 0; i < batch->rooms_len; i++) {
    struct kept *kept = batch->rooms[i].kept;
    batch->rooms[i] = (struct touched){.kept = kept, .mark = kept->mark, .asked = kept->asked};
    kept->in_open = false;
    kept->ticket = batch->ticket;
  }
  keeper->queued += batch_bytes(batch);
  keeper->queued_changes += batch->records_len;
  keeper->open = NULL;
  keeper->urgent = false;
  writer_give(keeper->writer, batch);
}

static void posted(void *arg) {
  struct keeper *keeper = arg;
  keeper->posted = false;
  hand_over(keeper);
}

static struct batch *begin(struct keeper *keeper) {
  struct batch *batch = keeper->spare;
  if (!batch) return batch_new();
  keeper->spare = batch->next;
  keeper->spare_len -= batch->cap;
  batch->next = NULL;
  return batch;
}

/* Takes over the batch. */
static void put_by(struct keeper *keeper, struct batch *batch) {
  batch_clear(batch);
  if (keeper->spare_len + batch->cap > SPARE_MAX) {
    batch_free(batch);
    return;
  }
  keeper->spare_len += batch->cap;
  batch->next = keeper->spare;
  keeper->spare = batch;
}

static void add(struct keeper *keeper, const struct record *record) {
  struct kept *kept = record->kept;
  if (!keeper->open) keeper->open = begin(keeper);
  if (!kept->in_open) {
    kept->in_open = true;
    kept->unwritten++;
    batch_touch(keeper->open, kept);
  }
  batch_add(keeper->open, record);
}

/* Of what is no change of a room there need not be a turn that ends with keeper_turn. Once everything ends there is no
 * post either; then keeper_deinit's caller hands over. */
static void add_apart(struct keeper *keeper, const struct record *record) {
  add(keeper, record);
  if (!keeper->posted) keeper->posted = keeper->host->post(keeper->core, posted, keeper) == 0;
}

void keeper_turn(struct keeper *keeper) { hand_over(keeper); }

/* ---- numbers and the outbox ---- */

/* What the row may say of the epoch while the room changes. */
static uint64_t epoch_open(const struct keeper *keeper, const struct kept *kept) {
  return keeper->sync ? kept->epoch : 0;
}

static void reserve(struct keeper *keeper, struct kept *kept, uint64_t seq) {
  if (kept->durable < seq + KEEPER_SHORT) keeper->urgent = true;
  if (kept->asked >= seq + kept->block / 2) return;
  kept->block =
      kept->block < KEEPER_BLOCK_MAX / KEEPER_BLOCK_GROWTH ? kept->block * KEEPER_BLOCK_GROWTH : KEEPER_BLOCK_MAX;
  kept->asked = seq + kept->block;
  kept->expires_ms = keeper->host->room_expires_ms(keeper->core, kept->room);
  add_apart(keeper, &(struct record){.kind = RECORD_RESERVE,
                                     .kept = kept,
                                     .seq = kept->asked,
                                     .time_ms = keeper->host->time_ms(keeper->core),
                                     .expires_ms = kept->expires_ms,
                                     .epoch = epoch_open(keeper, kept)});
  kept->settled = false;
}

static int refuse(struct keeper *keeper, int error) {
  keeper->host->counter_add(keeper->core, keeper->meters.refused, 1);
  return error;
}

static uint64_t waiting(const struct keeper *keeper) { return keeper->queued + (keeper->open ? keeper->open->len : 0); }

int keeper_number(struct keeper *keeper, struct eddy_room *room, uint64_t seq) {
  struct kept *kept = kept_of(keeper, room);
  if (kept->broken) return refuse(keeper, -EIO);
  if (keeper->failing && (keeper->sync || seq > kept->durable)) return refuse(keeper, -EIO);
  if (waiting(keeper) > keeper->queue_max) {
    warn(keeper, KEEPER_WARN_QUEUE,
         "more waits to be written than `queue` allows: pushes are refused until the disk has caught up");
    return refuse(keeper, -ENOBUFS);
  }
  if (seq) reserve(keeper, kept, seq);
  return 0;
}

static void hold(struct keeper *keeper, struct kept *kept, uint64_t mark) {
  if (kept->held) return;
  kept->held = true;
  keeper->host->room_outbox(keeper->core, kept->room, mark);
}

static void open_up(struct keeper *keeper, struct kept *kept, uint64_t mark) {
  if (!kept->room || !kept->held) return;
  bool all = keeper->sync ? kept->unwritten == 0 : kept->seq <= kept->durable;
  if (!all && !keeper->sync) return;
  kept->held = !all;
  keeper->host->room_outbox(keeper->core, kept->room, all ? UINT64_MAX : mark);
}

/* ---- what a room tells ---- */

void keeper_change(struct keeper *keeper, struct eddy_room *room, const struct eddy_change *change) {
  static const enum record_kind kinds[] = {
      [EDDY_CHANGE_APPEND] = RECORD_APPEND,   [EDDY_CHANGE_REPLACE] = RECORD_REPLACE,
      [EDDY_CHANGE_COMPACT] = RECORD_COMPACT, [EDDY_CHANGE_TRIM] = RECORD_TRIM,
      [EDDY_CHANGE_DROP] = RECORD_DROP,       [EDDY_CHANGE_POLICY] = RECORD_POLICY,
  };
  struct kept *kept = kept_of(keeper, room);
  bool numbered =
      change->kind == EDDY_CHANGE_NUMBER || change->kind == EDDY_CHANGE_APPEND || change->kind == EDDY_CHANGE_REPLACE;
  kept->mark = change->mark;
  if (numbered) kept->seq = change->seq;
  if (numbered && kept->seq > kept->durable) {
    keeper->urgent = true;
    hold(keeper, kept, change->mark - 1);
  }
  if (change->kind == EDDY_CHANGE_NUMBER) return;
  if (kept->settled) { /* in the same transaction; what uses a number has reserved it */
    add(keeper, &(struct record){.kind = RECORD_EPOCH, .kept = kept, .epoch = epoch_open(keeper, kept)});
    kept->settled = false;
  }
  struct record record = {.kind = kinds[change->kind],
                          .kept = kept,
                          .key = change->key,
                          .value = change->value,
                          .seq = change->seq,
                          .time_ms = change->time_ms};
  if (change->kind == EDDY_CHANGE_POLICY) {
    record.key.at = keeper->host->room_policy(keeper->core, room);
    record.key.len = strlen(record.key.at);
  }
  add(keeper, &record);
  if (keeper->sync) hold(keeper, kept, change->mark - 1);
}

static int no_place(struct keeper *keeper, const char *option) {
  warn(keeper, KEEPER_WARN_PLACE,
       "no new room is made: plugins.sqlite.%s has been reached (%" PRIu64
       " rooms are kept); those that are there go on",
       option, keeper->place.rooms);
  return refuse(keeper, -EDQUOT);
}

int keeper_opened(struct keeper *keeper, struct eddy_room *room, int is_new) {
  const char *lacks = is_new ? place_lacks(&keeper->place, &keeper->shelf, keeper->host->now_ms(keeper->core)) : NULL;
  if (lacks) return no_place(keeper, lacks);
  if (is_new && keeper->failing) return refuse(keeper, -EIO); /* it could not be given a number */
  if (is_new && waiting(keeper) > keeper->queue_max) return refuse(keeper, -ENOBUFS);
  const struct eddy_host *host = keeper->host;
  struct eddy_core *core = keeper->core;
  struct kept *kept = is_new ? kept_new(keeper, host->room_name(core, room), ++keeper->last_id) : kept_of(keeper, room);
  kept->room = room;
  kept->mark = host->room_mark(core, room);
  if (EDDY_HAS(host, restore_lost)) kept->epoch = host->room_epoch(core, room);
  if (!is_new) return 0;
  host->room_set_data(core, room, kept);
  keeper->place.rooms++;
  const char *policy = host->room_policy(core, room);
  kept->block = KEEPER_BLOCK_MIN;
  kept->asked = KEEPER_BLOCK_MIN;
  kept->expires_ms = host->room_expires_ms(core, room);
  add_apart(keeper, &(struct record){.kind = RECORD_CREATE,
                                     .kept = kept,
                                     .key = {.at = policy, .len = strlen(policy)},
                                     .seq = kept->asked,
                                     .time_ms = host->time_ms(core),
                                     .expires_ms = kept->expires_ms,
                                     .epoch = epoch_open(keeper, kept)});
  return 0;
}

static void delete (struct keeper *keeper, struct kept *kept) {
  kept->deleted = true;
  if (keeper->place.rooms) keeper->place.rooms--;
  add_apart(keeper, &(struct record){.kind = RECORD_DELETE, .kept = kept});
}

/* Nothing of the room changes any more. */
static void settle(struct keeper *keeper, struct kept *kept, struct eddy_room *room, int64_t expires_ms) {
  struct lost lost = {0};
  if (kept->epoch) lost_pack(&lost, keeper->host, keeper->core, room, kept->id);
  add_apart(keeper, &(struct record){.kind = RECORD_CLOSE,
                                     .kept = kept,
                                     .value.bytes = {.at = lost.at, .len = lost.len},
                                     .seq = kept->seq,
                                     .time_ms = keeper->host->time_ms(keeper->core),
                                     .expires_ms = expires_ms,
                                     .epoch = kept->epoch});
  lost_deinit(&lost);
}

void keeper_closed(struct keeper *keeper, struct eddy_room *room, int for_good) {
  struct kept *kept = kept_of(keeper, room);
  if (!kept) return;
  int64_t expires_ms = keeper->host->room_expires_ms(keeper->core, room);
  kept->room = NULL;
  if (for_good)
    delete (keeper, kept);
  else if (!kept->settled || kept->asked != kept->seq || kept->expires_ms != expires_ms) /* else the row says so */
    settle(keeper, kept, room, expires_ms);
  let_go(keeper, kept);
}

/* ---- loading ---- */

struct restoring {
  struct keeper *keeper;
  struct eddy_room *room;
};

static int restore(void *arg, const struct eddy_change *message) {
  const struct restoring *into = arg;
  return into->keeper->host->restore_message(into->keeper->core, into->room, message->key, message->seq,
                                             message->time_ms, message->is_base, &message->value);
}

/* Nothing of the room is waiting to be written when this returns 0. -EIDRM: it was deleted. */
static int wait_written(struct keeper *keeper, struct kept *kept) {
  if (kept->broken) return -EIO;
  if (kept->deleted) return -EIDRM;
  if (kept->in_open) hand_over(keeper);
  return writer_wait(keeper->writer, kept->ticket, WAIT_MS);
}

/* The epoch, and what was lost. */
static void restore_past(struct keeper *keeper, struct eddy_room *room, const struct shelf_room *found) {
  const struct eddy_host *host = keeper->host;
  if (!found->epoch || !EDDY_HAS(host, restore_lost)) return;
  if (found->lost.at && !lost_unpack(found->lost, host, keeper->core, room, found->id, found->epoch)) return;
  host->restore_epoch(keeper->core, room, found->epoch);
}

/* Whether a room whose time is up by the time of day may be deleted: not soon after that was put forward by much. */
static bool clock_believed(struct keeper *keeper) {
  uint64_t now_ms = keeper->host->now_ms(keeper->core);
  int64_t clock_ms = keeper->host->time_ms(keeper->core) - (int64_t)now_ms, jump_ms = clock_ms - keeper->clock_ms;
  if (jump_ms > JUMP_MS) {
    char text[128];
    snprintf(text, sizeof text, "the clock was put forward by %lld s: for an hour no room is deleted for its time",
             (long long)jump_ms / 1000);
    keeper->host->log(keeper->core, EDDY_LOG_WARN, text);
    keeper->doubt_ms = now_ms + DOUBT_MS;
  }
  keeper->clock_ms = clock_ms;
  return now_ms >= keeper->doubt_ms;
}

/* Of a room that is there. */
static int restore_all(struct keeper *keeper, struct eddy_room *room, const struct shelf_room *found,
                       char why[DB_WHY]) {
  struct restoring into = {.keeper = keeper, .room = room};
  int rc = shelf_messages(&keeper->shelf, found->id, restore, &into, why);
  if (rc == 0) rc = keeper->host->restore_room(keeper->core, room, found->seq, found->policy);
  if (rc == 0) restore_past(keeper, room, found);
  return rc;
}

/* 1, 0 or a negative errno as room_load's. */
static int load(struct keeper *keeper, struct eddy_room *room, struct eddy_text name, char why[DB_WHY]) {
  struct shelf_room found;
  int rc = shelf_room(&keeper->shelf, name, &found, why);
  if (rc <= 0) return rc;
  bool over = found.expires_ms && found.expires_ms <= keeper->host->time_ms(keeper->core) && clock_believed(keeper);
  if (over)
    delete (keeper, kept_new(keeper, name, found.id));
  else
    rc = restore_all(keeper, room, &found, why);
  shelf_room_deinit(&found);
  if (over) return 0;
  if (rc < 0) return rc;
  struct kept *kept = kept_new(keeper, name, found.id);
  kept->seq = kept->durable = kept->asked = found.seq;
  kept->expires_ms = found.expires_ms;
  kept->settled = found.epoch != 0;
  keeper->host->room_set_data(keeper->core, room, kept);
  return 1;
}

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int keeper_load(struct keeper *keeper, struct eddy_room *room, struct eddy_text name) {
  char why[DB_WHY] = "what is kept of it does not fit together";
  double began_s = now_s();
  struct kept *kept = kept_find(keeper, name);
  int rc = kept ? wait_written(keeper, kept) : 0;
  if (rc == -EIDRM) return 0;
  if (rc < 0)
    snprintf(why, sizeof why, "what it told last could not be written yet");
  else
    rc = load(keeper, room, name, why);
  if (rc < 0) {
    keeper->host->counter_add(keeper->core, keeper->meters.errors, 1);
    warn(keeper, KEEPER_WARN_LOAD, "room %.*s: %s", (int)name.len, name.at, why);
  } else if (rc > 0) {
    keeper->host->counter_add(keeper->core, keeper->meters.load_s, now_s() - began_s);
  }
  return rc;
}

/* ---- what the writer reports ---- */

static void meter(struct keeper *keeper) {
  const struct keeper_meters *meters = &keeper->meters;
  keeper->host->counter_set(keeper->core, meters->queued_bytes, (double)keeper->queued);
  keeper->host->counter_set(keeper->core, meters->queued_changes, (double)keeper->queued_changes);
  keeper->host->counter_set(keeper->core, meters->failing, keeper->failing);
}

static void batch_written(struct keeper *keeper, const struct batch *batch) {
  keeper->queued -= batch_bytes(batch);
  keeper->queued_changes -= batch->records_len;
  keeper->host->counter_add(keeper->core, keeper->meters.changes, (double)batch->records_len);
  for (size_t i = 0; i < batch->rooms_len; i++) {
    const struct touched *touched = &batch->rooms[i];
    struct kept *kept = touched->kept;
    kept->unwritten--;
    if (!kept->broken) {
      kept->durable = touched->asked;
      open_up(keeper, kept, touched->mark);
    }
    let_go(keeper, kept);
  }
}

void keeper_written(struct keeper *keeper, const struct writer_report *report) {
  for (struct batch *batch = report->batches, *next; batch; batch = next) {
    next = batch->next;
    batch_written(keeper, batch);
    put_by(keeper, batch);
  }
  keeper->host->counter_add(keeper->core, keeper->meters.commits, 1);
  keeper->host->counter_add(keeper->core, keeper->meters.commit_s, report->commit_s);
  keeper->host->counter_add(keeper->core, keeper->meters.lag_s, report->lag_s);
  meter(keeper);
}

void keeper_failed(struct keeper *keeper, const char *why) {
  if (why) {
    keeper->host->counter_add(keeper->core, keeper->meters.errors, 1);
    keeper->announced |=
        warn(keeper, KEEPER_WARN_WRITE, "rooms cannot be written: %s; %s", why,
             keeper->sync ? "pushes are refused meanwhile" : "what is pushed is in memory only meanwhile");
  } else if (keeper->announced) {
    keeper->host->log(keeper->core, EDDY_LOG_INFO, "rooms can be written again; nothing that waited was lost");
    keeper->announced = false;
  }
  keeper->failing = why != NULL;
  meter(keeper);
}

/* Once for each room, so a line for each. */
void keeper_broke(struct keeper *keeper, const char *why) {
  char text[DB_WHY + 128];
  snprintf(text, sizeof text, "a room can be written no more, and is refused until the daemon is started again: %s",
           why);
  keeper->host->counter_add(keeper->core, keeper->meters.errors, 1);
  keeper->host->log(keeper->core, EDDY_LOG_ERROR, text);
}

/* ---- rooms whose time is up ---- */

static void expired(void *arg, int64_t id, struct eddy_text name) {
  struct keeper *keeper = arg;
  if (!kept_find(keeper, name)) delete (keeper, kept_new(keeper, name, id));
}

static void refresh(struct keeper *keeper, struct kept *kept, int64_t now_ms) {
  int64_t want_ms = keeper->host->room_expires_ms(keeper->core, kept->room);
  int64_t slack_ms = (want_ms - now_ms) / 10, behind_ms = want_ms - kept->expires_ms;
  if (slack_ms > EXPIRES_SLACK_MS) slack_ms = EXPIRES_SLACK_MS;
  if (behind_ms >= -slack_ms && behind_ms <= slack_ms) return;
  kept->expires_ms = want_ms;
  add_apart(keeper, &(struct record){.kind = RECORD_EXPIRES, .kept = kept, .expires_ms = want_ms});
}

void keeper_sweep(struct keeper *keeper) {
  if (keeper->failing) return;
  int64_t now_ms = keeper->host->time_ms(keeper->core);
  struct kept *kept, *next;
  DL_FOREACH_SAFE(keeper->all, kept, next) if (kept->room) refresh(keeper, kept, now_ms);
  if (clock_believed(keeper)) shelf_expired(&keeper->shelf, now_ms, SWEEP_MAX, expired, keeper);
}

void keeper_deinit(struct keeper *keeper) {
  struct kept *kept, *next;
  DL_FOREACH_SAFE(keeper->all, kept, next) kept_free(keeper, kept);
  batch_free(keeper->spare);
}
