/* Rooms in, from lines. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "lines.h"
#include "mem.h"
#include "store.h"
#include "transfer.h"

#define SEQ_MAX ((int64_t)1 << 53) /* what every client can count to */

enum { PUT_ROOM, CLEAR, PUT_SEGMENT, STATEMENTS };

static const char *const TEXTS[STATEMENTS] = {
    [PUT_ROOM] =
        "INSERT INTO rooms (name, policy, seq, created, expires, touched) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
        "ON CONFLICT (name) DO UPDATE SET policy = excluded.policy, seq = max(seq, excluded.seq), "
        "created = excluded.created, expires = excluded.expires, touched = excluded.touched, epoch = 0, lost = NULL "
        "RETURNING id",
    [CLEAR] = "DELETE FROM segments WHERE room = ?1",
    [PUT_SEGMENT] =
        "INSERT INTO segments (room, key, last, first, count, sum, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
};

struct arrival {
  const struct transfer_in *from;
  struct transfer_count *count;
  char *why; /* DB_WHY */
  sqlite3 *db;
  struct shelf *shelf; /* of the same connection */
  sqlite3_stmt *stmts[STATEMENTS];
  uint64_t number;        /* of the line */
  bool ended;             /* the line before was an end */
  uint64_t rooms;         /* since the last end */
  bool in_room;           /* what follows: */
  int64_t room, seq;      /* its id, the number that those of its messages are not beyond */
  struct line message;    /* the one before, or nothing */
  struct segment segment; /* the last of it are these, which are not written yet */
};

/* ---- what is wrong ---- */

__attribute__((format(printf, 2, 3))) static int wrong(const struct arrival *arrival, const char *format, ...) {
  char what[DB_WHY - 32];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  snprintf(arrival->why, DB_WHY, "line %" PRIu64 ": %s", arrival->number, what);
  return -EBADMSG;
}

static int failed(const struct arrival *arrival, const char *doing) {
  int result = sqlite3_extended_errcode(arrival->db), rc = db_errno(result);
  snprintf(arrival->why, DB_WHY, "%s: %.300s (%d)", doing, sqlite3_errmsg(arrival->db), result);
  return rc ? rc : -EIO;
}

/* ---- lines ---- */

/* The next line that is not empty: 1, 0 at the end, or a negative errno. */
static int next(struct arrival *arrival, struct line *line) {
  char *text = NULL;
  size_t cap = 0, column;
  ssize_t len;
  int rc = 0;
  while (rc == 0 && (len = getline(&text, &cap, arrival->from->in)) >= 0) {
    arrival->number++;
    if (len && text[len - 1] == '\n') len--;
    if (!len) continue;
    rc = line_parse(line, text, (size_t)len, &column) == 0;
    if (!rc) rc = wrong(arrival, "it is not as an export writes it, from its byte %zu on", column);
  }
  if (rc == 0 && ferror(arrival->from->in)) {
    snprintf(arrival->why, DB_WHY, "it cannot be read: %s", strerror(errno));
    rc = -EIO;
  }
  free(text);
  return rc;
}

static struct eddy_text text_of(const struct line_text *text) {
  return (struct eddy_text){.at = text->at, .len = text->len};
}

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/* NAMESPACE/ID, of what URLs are made of. */
static bool name_valid(const struct line_text *name) {
  size_t space = strspn(name->at, LETTERS), id = name->at[space] == '/' ? strspn(name->at + space + 1, LETTERS) : 0;
  return space >= 1 && space <= 64 && id >= 1 && id <= 128 && space + 1 + id == name->len;
}

static bool policy_valid(const struct line_text *policy) {
  return policy->len >= 1 && policy->len <= 64 && strspn(policy->at, LETTERS) == policy->len;
}

/* ---- rooms ---- */

static int look_for(const struct arrival *arrival, const struct line_text *name) {
  struct shelf_room there;
  int rc = shelf_room(arrival->shelf, text_of(name), &there, arrival->why);
  if (rc <= 0) return rc;
  shelf_room_deinit(&there);
  if (arrival->from->force) return 0;
  wrong(arrival, "there is a room %.200s already", name->at);
  return -EEXIST;
}

/* What its stream may hold of the room that it takes the place of is gone. */
static int clear(const struct arrival *arrival) {
  sqlite3_stmt *stmt = arrival->stmts[CLEAR];
  sqlite3_bind_int64(stmt, 1, arrival->room);
  sqlite3_step(stmt);
  return sqlite3_reset(stmt) ? failed(arrival, "clearing the room") : 0;
}

/* The messages that were put by. */
static int put_segment(struct arrival *arrival) {
  struct segment *segment = &arrival->segment;
  if (!segment->count) return 0;
  sqlite3_stmt *stmt = arrival->stmts[PUT_SEGMENT];
  const struct eddy_text key = text_of(&arrival->message.key), data = {.at = segment->at, .len = segment->len};
  sqlite3_bind_int64(stmt, 1, arrival->room);
  sqlite3_bind_blob64(stmt, 2, key.at, key.len, SQLITE_STATIC);
  sqlite3_bind_int64(stmt, 3, (sqlite3_int64)segment->last);
  sqlite3_bind_int64(stmt, 4, (sqlite3_int64)segment->first);
  sqlite3_bind_int64(stmt, 5, (sqlite3_int64)segment->count);
  sqlite3_bind_int64(stmt, 6, (sqlite3_int64)segment_sum(arrival->room, key, data));
  sqlite3_bind_blob64(stmt, 7, data.at, data.len, SQLITE_STATIC);
  segment_clear(segment);
  sqlite3_step(stmt);
  int result = sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return result ? failed(arrival, "writing messages") : 0;
}

static int put_room(struct arrival *arrival, const struct line *line) {
  sqlite3_stmt *stmt = arrival->stmts[PUT_ROOM];
  int64_t now_ms = (int64_t)time(NULL) * 1000;
  sqlite3_bind_text64(stmt, 1, line->room.at, line->room.len, SQLITE_STATIC, SQLITE_UTF8);
  sqlite3_bind_text64(stmt, 2, line->policy.at, line->policy.len, SQLITE_STATIC, SQLITE_UTF8);
  sqlite3_bind_int64(stmt, 3, line->seq);
  sqlite3_bind_int64(stmt, 4, line->created);
  sqlite3_bind_int64(stmt, 5, line->expires > now_ms ? line->expires : 0);
  sqlite3_bind_int64(stmt, 6, now_ms);
  if (sqlite3_step(stmt) == SQLITE_ROW) arrival->room = sqlite3_column_int64(stmt, 0);
  int result = sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return result ? failed(arrival, "writing the room") : 0;
}

static int take_room(struct arrival *arrival, const struct line *line) {
  if (!line->policy.given || !line->has_seq) return wrong(arrival, "a room needs a policy and a seq");
  if (!name_valid(&line->room)) return wrong(arrival, "a room is called NAMESPACE/ID, each of A-Z a-z 0-9 _ -");
  if (!policy_valid(&line->policy)) return wrong(arrival, "a policy's name is 1 to 64 of A-Z a-z 0-9 _ -");
  if (line->seq > SEQ_MAX) return wrong(arrival, "its seq is beyond 2^53");
  int rc = put_segment(arrival);
  line_deinit(&arrival->message);
  if (rc == 0) rc = look_for(arrival, &line->room);
  if (rc == 0) rc = put_room(arrival, line);
  if (rc == 0) rc = clear(arrival);
  arrival->in_room = true;
  arrival->seq = line->seq;
  arrival->rooms++;
  arrival->count->rooms++;
  return rc;
}

/* ---- messages ---- */

static int put_message(struct arrival *arrival, const struct line *line, const struct eddy_value *value,
                       bool same_key) {
  const struct segment_message message = {
      .seq = (uint64_t)line->seq, .time_ms = line->time, .is_base = line->base, .value = *value};
  int rc = same_key && !segment_full(&arrival->segment, value->bytes.len) ? 0 : put_segment(arrival);
  segment_add(&arrival->segment, &message);
  return rc;
}

/* How the key stands to that of the message before, by their bytes; positive where there is none. */
static int compare_keys(const struct line *line, const struct line *before) {
  if (!before->key.given) return 1;
  size_t len = line->key.len < before->key.len ? line->key.len : before->key.len;
  int order = len ? memcmp(line->key.at, before->key.at, len) : 0;
  return order ? order : (line->key.len > before->key.len) - (line->key.len < before->key.len);
}

/* Takes over `line`. */
static int take_message(struct arrival *arrival, struct line *line) {
  const struct eddy_value value = {.encoding = line->cbor.given ? EDDY_CBOR : EDDY_JSON,
                                   .bytes = text_of(line->cbor.given ? &line->cbor : &line->json)};
  int order = compare_keys(line, &arrival->message), rc;
  if (!arrival->in_room)
    rc = wrong(arrival, "a message before its room");
  else if (!line->has_seq || line->json.given == line->cbor.given)
    rc = wrong(arrival, "a message needs a seq, and a value: json or cbor");
  else if (line->seq < 1 || line->seq > arrival->seq)
    rc = wrong(arrival, "its seq is not between 1 and its room's");
  else if (order < 0 || (order == 0 && line->seq <= arrival->message.seq))
    rc = wrong(arrival, "out of order: keys rise by their bytes, and numbers within a key");
  else if (order == 0 && line->base)
    rc = wrong(arrival, "only the first message of a key can be its base");
  else if (arrival->from->check(arrival->from->core, text_of(&line->key), &value))
    rc = wrong(arrival, "its key or its value is malformed");
  else
    rc = put_message(arrival, line, &value, order == 0);
  arrival->count->messages++;
  line_deinit(&arrival->message);
  arrival->message = *line;
  return rc;
}

/* ---- all ---- */

static int take_end(struct arrival *arrival, const struct line *line) {
  if ((uint64_t)line->end != arrival->rooms)
    return wrong(arrival, "the end of %" PRId64 " rooms, but there were %" PRIu64, line->end, arrival->rooms);
  arrival->rooms = 0;
  arrival->in_room = false;
  return put_segment(arrival);
}

/* Takes over `line`. */
static int take(struct arrival *arrival, struct line *line) {
  arrival->ended = line->has_end;
  if (line->has_end + line->room.given + line->key.given != 1) {
    line_deinit(line);
    return wrong(arrival, "it is none of a room, a message and an end");
  }
  if (line->key.given) return take_message(arrival, line);
  int rc = line->has_end ? take_end(arrival, line) : take_room(arrival, line);
  line_deinit(line);
  return rc;
}

static int take_all(struct arrival *arrival) {
  struct line line;
  int rc;
  while ((rc = next(arrival, &line)) > 0 && (rc = take(arrival, &line)) == 0) continue;
  line_deinit(&arrival->message);
  segment_deinit(&arrival->segment);
  if (rc == 0 && !arrival->number) {
    snprintf(arrival->why, DB_WHY, "there is nothing in it");
    return -EBADMSG;
  }
  if (rc == 0 && !arrival->ended) rc = wrong(arrival, "the last one is no end: the file was cut off here");
  return rc;
}

/* In one transaction, which ends with the connection where it does not with a commit. */
static int bring_in(struct arrival *arrival) {
  int result = sqlite3_exec(arrival->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  for (size_t i = 0; i < STATEMENTS && result == SQLITE_OK; i++)
    result = sqlite3_prepare_v2(arrival->db, TEXTS[i], -1, &arrival->stmts[i], NULL);
  int rc = result ? failed(arrival, "begin") : take_all(arrival);
  if (rc == 0 && sqlite3_exec(arrival->db, "COMMIT", NULL, NULL, NULL)) rc = failed(arrival, "commit");
  for (size_t i = 0; i < STATEMENTS; i++) sqlite3_finalize(arrival->stmts[i]);
  return rc;
}

/* Where the import has made the database, and then came to nothing. Its lock is still held. */
static void take_away(const char *path) {
  static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
  char name[4096], *real = realpath(path, NULL); /* it may be a link that led nowhere */
  for (size_t i = 0; real && i < sizeof ends / sizeof *ends; i++)
    if (snprintf(name, sizeof name, "%s%s", real, ends[i]) < (int)sizeof name) unlink(name);
  free(real);
}

int transfer_import(const char *path, const struct transfer_in *in, struct transfer_count *count, char why[DB_WHY]) {
  struct shelf shelf;
  struct arrival arrival = {.from = in, .count = count, .why = why, .shelf = &shelf};
  *count = (struct transfer_count){0};
  int lock = db_lock(path, why);
  if (lock < 0) return lock == -EWOULDBLOCK ? -EBUSY : lock;
  bool was_there = access(path, F_OK) == 0;
  int rc = db_open(&arrival.db, path, NULL, DB_WRITE, why);
  if (rc == 0) rc = shelf_init(&shelf, arrival.db, why);
  if (rc == 0) {
    rc = bring_in(&arrival);
    shelf_deinit(&shelf);
  }
  if (rc && !was_there) take_away(path);
  close(lock);
  return rc;
}
