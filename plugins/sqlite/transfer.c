#include "transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/types.h>
#include <unistd.h>

#include "lines.h"
#include "mem.h"
#include "store.h"

/* ---- out ---- */

static int put_message(void *arg, const struct eddy_change *message) {
  FILE *out = arg;
  const struct eddy_text *value = &message->value.bytes;
  fputs("{\"key\":", out);
  line_put_text(out, message->key.at, message->key.len);
  fprintf(out, ",\"seq\":%" PRIu64 ",\"time\":%" PRId64 ",\"base\":%s,", message->seq, message->time_ms,
          message->is_base ? "true" : "false");
  if (message->value.encoding == EDDY_CBOR) {
    fputs("\"cbor\":", out);
    line_put_base64(out, value->at, value->len);
  } else {
    fputs("\"json\":", out);
    line_put_text(out, value->at, value->len);
  }
  fputs("}\n", out);
  return 0;
}

/* In one transaction: a daemon may write meanwhile. */
static int put_room(struct shelf *shelf, const char *name, FILE *out, char why[DB_WHY]) {
  struct shelf_room room;
  if (sqlite3_exec(shelf->db, "BEGIN", NULL, NULL, NULL)) return -EIO;
  int rc = shelf_room(shelf, (struct eddy_text){.at = name, .len = strlen(name)}, &room, why);
  if (rc == 0) snprintf(why, DB_WHY, "there is no room %.200s in it", name);
  if (rc <= 0) return rc ? rc : -ENOENT;
  fputs("{\"room\":", out);
  line_put_text(out, name, strlen(name));
  fputs(",\"policy\":", out);
  line_put_text(out, room.policy, strlen(room.policy));
  fprintf(out, ",\"seq\":%" PRIu64 ",\"created\":%" PRId64 ",\"expires\":%" PRId64 "}\n", room.seq, room.created_ms,
          room.expires_ms);
  free(room.policy);
  return shelf_messages(shelf, room.id, put_message, out, why);
}

int transfer_export(const char *path, const char *name, FILE *out, char why[DB_WHY]) {
  sqlite3 *db;
  struct shelf shelf;
  int rc = db_open(&db, path, NULL, DB_READ, why);
  if (rc == 0) rc = shelf_init(&shelf, db, why);
  if (rc) return rc;
  rc = put_room(&shelf, name, out, why);
  shelf_deinit(&shelf);
  if (rc == 0 && (fflush(out) || ferror(out))) {
    snprintf(why, DB_WHY, "it could not be written: %s", strerror(errno));
    rc = -EIO;
  }
  return rc;
}

/* ---- in ---- */

struct arrival {
  FILE *in;
  struct batch *batch;
  struct kept *kept;
  uint64_t seq;    /* of the room */
  unsigned number; /* of the line */
};

static int wrong(const struct arrival *arrival, const char *what, char why[DB_WHY]) {
  snprintf(why, DB_WHY, "line %u: %s", arrival->number, what);
  return -EINVAL;
}

/* The next line that is not empty: 1, 0 at the end, or a negative errno. */
static int next(struct arrival *arrival, struct line *line, char why[DB_WHY]) {
  char *text = NULL;
  size_t cap = 0;
  ssize_t len;
  int rc = 0;
  while (rc == 0 && (len = getline(&text, &cap, arrival->in)) >= 0) {
    arrival->number++;
    if (len && text[len - 1] == '\n') len--;
    if (len) rc = line_parse(line, text, (size_t)len) ? wrong(arrival, "it is not as an export writes it", why) : 1;
  }
  free(text);
  return rc;
}

static struct eddy_text text_of(const struct line_text *text) {
  return (struct eddy_text){.at = text->at, .len = text->len};
}

/* NAMESPACE/ID, of what URLs are made of. */
static bool name_valid(const struct line_text *name) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  size_t space = strspn(name->at, letters), id = name->at[space] == '/' ? strspn(name->at + space + 1, letters) : 0;
  return space >= 1 && space <= 64 && id >= 1 && id <= 128 && space + 1 + id == name->len;
}

static int take_room(struct arrival *arrival, const struct line *line, struct shelf *shelf, char why[DB_WHY]) {
  struct shelf_room there;
  if (!line->room.given || !line->policy.given || !line->has_seq || !name_valid(&line->room))
    return wrong(arrival, "it is no room as an export writes it", why);
  int rc = shelf_room(shelf, text_of(&line->room), &there, why);
  if (rc < 0) return rc;
  if (rc > 0) {
    free(there.policy);
    snprintf(why, DB_WHY, "there is a room %.200s in it already", line->room.at);
    return -EEXIST;
  }
  arrival->kept = mem_zalloc(sizeof *arrival->kept + line->room.len + 1);
  arrival->kept->id = shelf_last_id(shelf) + 1;
  arrival->kept->name_len = line->room.len;
  memcpy(arrival->kept->name, line->room.at, line->room.len);
  arrival->seq = (uint64_t)line->seq;
  batch_add(arrival->batch, &(struct record){.kind = RECORD_CREATE,
                                             .kept = arrival->kept,
                                             .key = text_of(&line->policy),
                                             .seq = arrival->seq,
                                             .time_ms = line->created,
                                             .expires_ms = line->expires});
  return 0;
}

static int take_message(struct arrival *arrival, const struct line *line, char why[DB_WHY]) {
  const struct line_text *value = line->json.given ? &line->json : &line->cbor;
  bool fine = line->key.given && line->has_seq && line->json.given != line->cbor.given && value->len;
  if (!fine || line->seq < 1 || (uint64_t)line->seq > arrival->seq)
    return wrong(arrival, "it is no message of this room as an export writes it", why);
  /* Into an empty stream a compact is an append that leaves its mark. */
  batch_add(arrival->batch,
            &(struct record){.kind = line->base ? RECORD_COMPACT : RECORD_APPEND,
                             .kept = arrival->kept,
                             .key = text_of(&line->key),
                             .value = {.encoding = line->cbor.given ? EDDY_CBOR : EDDY_JSON, .bytes = text_of(value)},
                             .seq = (uint64_t)line->seq,
                             .time_ms = line->time});
  return 0;
}

static int take_all(struct arrival *arrival, struct shelf *shelf, char why[DB_WHY]) {
  struct line line;
  int rc;
  while ((rc = next(arrival, &line, why)) > 0) {
    rc = arrival->kept ? take_message(arrival, &line, why) : take_room(arrival, &line, shelf, why);
    line_deinit(&line);
    if (rc < 0) return rc;
  }
  return rc == 0 && !arrival->kept ? wrong(arrival, "there is no room in it", why) : rc;
}

static int bring_in(const char *path, struct arrival *arrival, char why[DB_WHY]) {
  sqlite3 *db;
  struct store store;
  struct shelf shelf;
  int rc = db_open(&db, path, NULL, DB_WRITE, why);
  if (rc == 0) rc = store_init(&store, db, why);
  if (rc) return rc;
  rc = db_open(&db, path, NULL, DB_READ, why);
  if (rc == 0) rc = shelf_init(&shelf, db, why);
  if (rc == 0) {
    rc = take_all(arrival, &shelf, why);
    shelf_deinit(&shelf);
  }
  if (rc == 0) rc = store_commit(&store, arrival->batch, true, why);
  store_deinit(&store);
  return rc == -EAGAIN ? -EINVAL : rc; /* two messages of one number */
}

int transfer_import(const char *path, FILE *in, char why[DB_WHY]) {
  int lock = db_lock(path, why);
  if (lock < 0) return lock == -EWOULDBLOCK ? -EBUSY : lock;
  struct arrival arrival = {.in = in, .batch = batch_new()};
  int rc = bring_in(path, &arrival, why);
  batch_free(arrival.batch);
  free(arrival.kept);
  close(lock);
  return rc;
}
