#include "place.h"

#include <sys/statvfs.h>

#define LOOK_MS 1000u

/* 0 where it cannot be told: who cannot be read from will be written to, or not, as ever. */
static uint64_t ask(sqlite3 *db, const char *text) {
  sqlite3_stmt *stmt;
  uint64_t number = 0;
  if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
    number = (uint64_t)sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return number;
}

void place_init(struct place *place, struct shelf *shelf, const char *path) {
  place->path = path;
  place->rooms = ask(shelf->db, "SELECT count(*) FROM rooms");
}

static void look(struct place *place, struct shelf *shelf) {
  struct statvfs disk;
  if (place->bytes_max) {
    uint64_t pages = ask(shelf->db, "PRAGMA page_count"), spare = ask(shelf->db, "PRAGMA freelist_count");
    place->bytes = pages > spare ? (pages - spare) * ask(shelf->db, "PRAGMA page_size") : 0;
  }
  if (place->free_min)
    place->free = statvfs(place->path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

const char *place_lacks(struct place *place, struct shelf *shelf, uint64_t now_ms) {
  if (place->rooms_max && place->rooms >= place->rooms_max) return "max_rooms";
  if (!place->looked_ms || now_ms - place->looked_ms >= LOOK_MS) {
    look(place, shelf);
    place->looked_ms = now_ms ? now_ms : 1;
  }
  if (place->bytes_max && place->bytes >= place->bytes_max) return "max_bytes";
  return place->free_min && place->free < place->free_min ? "min_free" : NULL;
}
