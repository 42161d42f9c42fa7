#include "room/hub.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "room/keeper.h"
#include "room/outbox.h"
#include "room/push.h"
#include "room/v1.h"

#define NAME_MAX_LEN 256 /* NAMESPACE/ID; the configuration allows namespaces of up to 64 bytes */

void ed_hub_init(struct ed_hub *hub, struct ed_timers *timers, const struct ed_log *log, uint64_t rooms_max) {
  *hub = (struct ed_hub){.log = log, .timers = timers, .rooms_max = rooms_max, .secret = ed_hash_secret_random()};
}

void ed_hub_deinit(struct ed_hub *hub) {
  struct ed_room *room, *next;
  HASH_ITER(hh, hub->rooms, room, next) ed_hub_unload(room);
  ed_buf_deinit(&hub->scratch);
  free(hub->late);
  hub->late = NULL;
  hub->late_cap = 0;
  free(hub->shorn);
  hub->shorn = NULL;
  hub->shorn_cap = 0;
  ed_outbox_no_spare(hub);
  while (hub->traffic) {
    struct ed_traffic *traffic = hub->traffic;
    hub->traffic = traffic->next;
    free(traffic);
  }
}

size_t ed_hub_rooms(const struct ed_hub *hub) { return HASH_COUNT(hub->rooms); }

static bool id_valid(struct ed_span id) {
  if (id.len < 1 || id.len > ED_ROOM_ID_MAX) return false;
  for (size_t i = 0; i < id.len; i++) {
    uint8_t c = id.at[i];
    bool fine = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!fine) return false;
  }
  return true;
}

/* NAMESPACE/ID into `name`; its length, or 0 where there can be no such room. */
static size_t name_of(const struct ed_space *space, struct ed_span id, char name[NAME_MAX_LEN]) {
  size_t len = strlen(space->name);
  if (!id_valid(id) || len + 1 + id.len > NAME_MAX_LEN) return 0;
  memcpy(name, space->name, len);
  name[len] = '/';
  memcpy(name + len + 1, id.at, id.len);
  return len + 1 + id.len;
}

static struct ed_room *find_name(struct ed_hub *hub, const char *name, size_t len) {
  struct ed_room *room;
  unsigned hash = (unsigned)ed_hash(&hub->secret, ed_span(name, len));
  HASH_FIND_BYHASHVALUE(hh, hub->rooms, name, len, hash, room);
  return room;
}

struct ed_room *ed_hub_find(struct ed_hub *hub, const struct ed_space *space, struct ed_span id) {
  char name[NAME_MAX_LEN];
  size_t len = name_of(space, id, name);
  return len ? find_name(hub, name, len) : NULL;
}

struct ed_room *ed_hub_find_name(struct ed_hub *hub, struct ed_span name) {
  return name.len ? find_name(hub, (const char *)name.at, name.len) : NULL;
}

/* Letters and digits without bias: a byte beyond the last whole multiple of their number is thrown away. */
static void random_id(char id[ED_ROOM_ID_RANDOM]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const unsigned n = sizeof letters - 1;
  uint8_t bytes[ED_ROOM_ID_RANDOM * 2];
  size_t at = sizeof bytes;
  for (size_t i = 0; i < ED_ROOM_ID_RANDOM;) {
    if (at == sizeof bytes) ed_random(bytes, sizeof bytes), at = 0;
    uint8_t byte = bytes[at++];
    if (byte < 256 / n * n) id[i++] = letters[byte % n];
  }
}

static int check_rooms(const struct ed_hub *hub, struct ed_fault *fault) {
  if (HASH_COUNT(hub->rooms) < hub->rooms_max) return 0;
  return ed_fault(fault, ED_FAULT_TOO_MANY, "there are as many rooms as limits.rooms allows (%llu)",
                  (unsigned long long)hub->rooms_max);
}

static void enter(struct ed_hub *hub, struct ed_room *room) {
  unsigned hash = (unsigned)ed_hash(&hub->secret, ed_span(room->name, room->name_len));
  HASH_ADD_KEYPTR_BYHASHVALUE(hh, hub->rooms, room->name, room->name_len, hash, room);
}

/* The room from where it is kept, begun. 1 and the room; 0: none is kept; -1 with a fault. */
static int load(struct ed_hub *hub, const struct ed_space *space, struct ed_span id, struct ed_room **room,
                struct ed_fault *fault) {
  if (!hub->keeper_ops || !hub->keeper_ops->load) return 0;
  if (check_rooms(hub, fault) < 0) return -1;
  *room = ed_room_new(hub, space, id, space->policy);
  int kept = hub->keeper_ops->load(hub->keeper, *room, fault);
  if (kept < 0) hub->counts.load_failures++;
  if (kept <= 0) {
    ed_room_free(*room);
    return kept;
  }
  if (ed_room_begin(*room, false, fault) < 0) return -1;
  enter(hub, *room);
  hub->counts.loads++;
  return 1;
}

struct ed_room *ed_hub_get(struct ed_hub *hub, const struct ed_space *space, struct ed_span id,
                           struct ed_fault *fault) {
  char name[NAME_MAX_LEN];
  size_t len = name_of(space, id, name);
  struct ed_room *room = len ? find_name(hub, name, len) : NULL;
  if (room) return room;
  int kept = len ? load(hub, space, id, &room, fault) : 0;
  if (kept == 0) ed_fault(fault, ED_FAULT_NO_ROOM, NULL);
  return kept > 0 ? room : NULL;
}

/* 0 where nobody has the id, neither in memory nor kept. */
static int check_free(struct ed_hub *hub, const struct ed_space *space, struct ed_span id, struct ed_fault *fault) {
  char name[NAME_MAX_LEN];
  size_t len = name_of(space, id, name);
  if (!len) return ed_fault(fault, ED_FAULT_MALFORMED, "a room's id is 1 to %d of A-Z a-z 0-9 _ -", ED_ROOM_ID_MAX);
  struct ed_room *room = find_name(hub, name, len);
  int kept = room ? 1 : load(hub, space, id, &room, fault);
  return kept > 0 ? ed_fault(fault, ED_FAULT_REFUSED, "a room with this id exists already") : kept;
}

struct ed_room *ed_hub_create(struct ed_hub *hub, const struct ed_space *space, struct ed_span id, const char *policy,
                              struct ed_fault *fault) {
  char random[ED_ROOM_ID_RANDOM];
  if (!id.at) random_id(random), id = ed_span(random, sizeof random);
  if (check_rooms(hub, fault) < 0 || check_free(hub, space, id, fault) < 0) return NULL;
  struct ed_room *room = ed_room_new(hub, space, id, policy ? policy : space->policy);
  if (ed_room_begin(room, true, fault) < 0) return NULL;
  enter(hub, room);
  hub->counts.created++;
  return room;
}

bool ed_hub_walk_begin(const struct ed_hub *hub, struct ed_hub_walk *walk) {
  unsigned buckets = hub->rooms ? hub->rooms->hh.tbl->num_buckets : 0;
  bool begins = !walk->buckets || walk->buckets != buckets;
  if (begins) *walk = (struct ed_hub_walk){.buckets = buckets};
  return begins;
}

bool ed_hub_walk(struct ed_hub *hub, struct ed_hub_walk *walk, size_t most, void (*fn)(void *arg, struct ed_room *room),
                 void *arg) {
  if (!hub->rooms) return false;
  const UT_hash_table *table = hub->rooms->hh.tbl;
  for (size_t seen = 0; walk->bucket < walk->buckets && seen < most; walk->bucket++) {
    struct UT_hash_handle *at = table->buckets[walk->bucket].hh_head;
    for (; at; at = at->hh_next, seen++) fn(arg, ELMT_FROM_HH(table, at));
  }
  return walk->bucket < walk->buckets;
}

struct ed_traffic *ed_hub_traffic(struct ed_hub *hub, const struct ed_space *space) {
  struct ed_traffic *traffic;
  LL_FOREACH(hub->traffic, traffic) if (traffic->space == space) return traffic;
  traffic = ed_zalloc(sizeof *traffic);
  traffic->space = space;
  LL_PREPEND(hub->traffic, traffic);
  return traffic;
}

void ed_hub_remove(struct ed_room *room) {
  if (room->ending) return;
  room->ending = true;
  room->hub->counts.removed++;
  HASH_DEL(room->hub->rooms, room);
  ed_room_close(room, true); /* now: another one may begin under its name before the last member has left */
  ed_room_disconnect(room, 1001, "the room has ended");
  if (ed_room_members(room) + room->transients.len == 0) ed_room_free(room);
}

void ed_hub_space_changed(struct ed_hub *hub, const struct ed_space *space, uint64_t idle_ms) {
  struct ed_room *room, *next;
  HASH_ITER(hh, hub->rooms, room, next) {
    if (room->space != space) continue;
    if (room->idle_ms == idle_ms) room->idle_ms = space->idle_ms;
    ed_room_rest(room); /* its timer, where it has one; it may be over at once */
  }
}

void ed_hub_unload(struct ed_room *room) {
  room->hub->counts.unloads++;
  HASH_DEL(room->hub->rooms, room);
  ed_room_close(room, false);
  ed_room_free(room);
}

void ed_hub_mark_dirty(struct ed_room *room) {
  if (room->dirty) return;
  room->dirty = true;
  DL_APPEND2(room->hub->dirty, room, dirty_prev, dirty_next);
}

void ed_hub_mark_ready(struct ed_hub *hub, struct ed_member *member) {
  if (member->ready) return;
  member->ready = true;
  DL_APPEND2(hub->ready, member, ready_prev, ready_next);
}

void ed_hub_unmark_ready(struct ed_hub *hub, struct ed_member *member) {
  if (!member->ready) return;
  member->ready = false;
  DL_DELETE2(hub->ready, member, ready_prev, ready_next);
}

static void deliver_ready(struct ed_hub *hub) {
  while (hub->ready) {
    struct ed_member *member = hub->ready;
    ed_hub_unmark_ready(hub, member);
    if (member->blocked || member->closing) continue;
    member->ops->deliver(member);
    if (!member->closing && member->queue.bytes) ed_member_check_queue(member);
  }
}

/* Room by room, so that most chunks are nobody's any more when their room has done, and serve the next one. */
void ed_hub_flush(struct ed_hub *hub) {
  if (hub->changed) {
    hub->changed = false;
    if (hub->keeper_ops->turn) hub->keeper_ops->turn(hub->keeper);
  }
  ed_push_show_shorn(hub);
  while (hub->dirty) {
    struct ed_room *room = hub->dirty;
    DL_DELETE2(hub->dirty, room, dirty_prev, dirty_next);
    room->dirty = false;
    if (room->v1) ed_v1_note(room);
    ed_outbox_flush(room);
    deliver_ready(hub);
    ed_outbox_rest(room);
  }
  deliver_ready(hub);
}
