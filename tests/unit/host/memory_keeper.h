/* A plugin that keeps rooms, in memory: a list of records per room, changed as it is told and by nothing else. */
#ifndef ED_TESTS_HOST_MEMORY_KEEPER_H
#define ED_TESTS_HOST_MEMORY_KEEPER_H

#include <errno.h>

#include "base/mem.h"
#include "host/plugged.h"

struct kept_message {
  char *key;
  uint64_t seq;
  int64_t time_ms;
  bool is_base;
  enum eddy_encoding encoding;
  char *value;
  size_t len;
};

struct kept_lost {
  char *key; /* NULL: of all others */
  uint64_t seq;
};

struct kept_room {
  char *name, *policy;
  uint64_t seq, mark; /* of the last change that it was told */
  struct kept_message *messages;
  size_t len, cap;
  uint64_t epoch; /* 0: none */
  struct kept_lost lost[16];
  size_t lost_len;
  struct kept_room *next;
};

struct keeper {
  const struct eddy_host *host;
  struct eddy_core *core;
  struct kept_room *rooms;
  int load_error, number_error, open_error; /* negative: fails in this way */
  bool remembers;                           /* epoch and losses, of rooms that close */
  bool holds;                               /* the outbox, of rooms that open from now on */
  size_t opened, closed, turns, changes;
};

static struct keeper keeper; /* of the test's process */

static inline struct kept_room *kept_find(struct eddy_text name) {
  for (struct kept_room *kept = keeper.rooms; kept; kept = kept->next)
    if (strlen(kept->name) == name.len && memcmp(kept->name, name.at, name.len) == 0) return kept;
  return NULL;
}

static inline struct kept_room *kept(const char *name) { return kept_find(text_of(name)); }

static inline void kept_remove(struct kept_room *room, size_t i) {
  free(room->messages[i].key);
  free(room->messages[i].value);
  room->len--;
  memmove(room->messages + i, room->messages + i + 1, (room->len - i) * sizeof *room->messages);
}

static inline void kept_forget_lost(struct kept_room *room) {
  while (room->lost_len) free(room->lost[--room->lost_len].key);
  room->epoch = 0;
}

static int kept_lose(void *arg, struct eddy_text key, uint64_t seq) {
  struct kept_room *into = arg;
  ck_assert_uint_lt(into->lost_len, 16);
  into->lost[into->lost_len++] = (struct kept_lost){.key = key.at ? ed_strndup(key.at, key.len) : NULL, .seq = seq};
  return 0;
}

static inline void kept_forget(struct kept_room *gone) {
  struct kept_room **link = &keeper.rooms;
  while (*link != gone) link = &(*link)->next;
  *link = gone->next;
  while (gone->len) kept_remove(gone, 0);
  kept_forget_lost(gone);
  free(gone->messages);
  free(gone->name);
  free(gone->policy);
  free(gone);
}

static inline bool key_is(const struct kept_message *message, struct eddy_text key) {
  return strlen(message->key) == key.len && memcmp(message->key, key.at, key.len) == 0;
}

/* Those of a key with seq in from..to. */
static inline void kept_drop(struct kept_room *room, struct eddy_text key, uint64_t from, uint64_t to) {
  for (size_t i = room->len; i-- > 0;)
    if (key_is(&room->messages[i], key) && room->messages[i].seq >= from && room->messages[i].seq <= to)
      kept_remove(room, i);
}

/* In its place: by seq, among all keys. */
static inline void kept_insert(struct kept_room *room, const struct eddy_change *change, bool is_base) {
  room->messages = ed_grow(room->messages, sizeof *room->messages, room->len, &room->cap);
  size_t at = room->len++;
  for (; at && room->messages[at - 1].seq >= change->seq; at--) room->messages[at] = room->messages[at - 1];
  room->messages[at] = (struct kept_message){.key = ed_strndup(change->key.at, change->key.len),
                                             .seq = change->seq,
                                             .time_ms = change->time_ms,
                                             .is_base = is_base,
                                             .encoding = change->value.encoding,
                                             .value = ed_strndup(change->value.bytes.at, change->value.bytes.len),
                                             .len = change->value.bytes.len};
}

static int keeper_load(const struct eddy_host *host, struct eddy_core *core, void **self) {
  keeper.host = host;
  keeper.core = core;
  *self = &keeper;
  return 0;
}

static int keeper_room_load(void *self, struct eddy_room *room, struct eddy_text name) {
  ck_assert_ptr_eq(self, &keeper);
  struct kept_room *found = kept_find(name);
  if (keeper.load_error) return keeper.load_error;
  if (!found) return 0;
  for (size_t i = 0; i < found->len; i++) {
    const struct kept_message *message = &found->messages[i];
    const struct eddy_value value = {message->encoding, {message->value, message->len}};
    int rc = keeper.host->restore_message(keeper.core, room, text_of(message->key), message->seq, message->time_ms,
                                          message->is_base, &value);
    if (rc) return rc;
  }
  int rc = keeper.host->restore_room(keeper.core, room, found->seq, found->policy);
  if (found->epoch) {
    const struct eddy_text key = text_of("any");
    ck_assert_int_eq(keeper.host->restore_epoch(keeper.core, room, 0), -EINVAL);
    ck_assert_int_eq(keeper.host->restore_epoch(keeper.core, room, found->epoch), 0);
    ck_assert_int_eq(keeper.host->restore_lost(keeper.core, room, key, found->seq + 1), -EINVAL);
  }
  for (size_t i = 0; i < found->lost_len; i++) {
    const struct kept_lost *lost = &found->lost[i];
    const struct eddy_text key = {lost->key, lost->key ? strlen(lost->key) : 0};
    ck_assert_int_eq(keeper.host->restore_lost(keeper.core, room, key, lost->seq), 0);
  }
  return rc ? rc : 1;
}

static int keeper_room_open(void *self, struct eddy_room *room, int is_new) {
  struct eddy_text name = keeper.host->room_name(keeper.core, room);
  struct kept_room *found = kept_find(name);
  (void)self;
  ck_assert(is_new == !found);
  if (keeper.open_error) return keeper.open_error;
  keeper.opened++;
  if (is_new) {
    found = ed_zalloc(sizeof *found);
    found->name = ed_strndup(name.at, name.len);
    found->policy = ed_strdup(keeper.host->room_policy(keeper.core, room));
    found->next = keeper.rooms;
    keeper.rooms = found;
  }
  found->mark = keeper.host->room_mark(keeper.core, room);
  keeper.host->room_set_data(keeper.core, room, found);
  if (keeper.holds) keeper.host->room_outbox(keeper.core, room, found->mark);
  return 0;
}

static void keeper_room_close(void *self, struct eddy_room *room, int for_good) {
  (void)self;
  struct kept_room *into = keeper.host->room_data(keeper.core, room);
  keeper.closed++;
  kept_forget_lost(into);
  if (keeper.remembers) {
    into->epoch = keeper.host->room_epoch(keeper.core, room);
    ck_assert_int_eq(keeper.host->room_lost(keeper.core, room, kept_lose, into), 0);
    ck_assert_int_eq(keeper.host->restore_epoch(keeper.core, room, 1), -EINVAL); /* only in room_load */
    ck_assert_int_eq(keeper.host->restore_lost(keeper.core, room, text_of("any"), 0), -EINVAL);
  }
  if (for_good) kept_forget(keeper.host->room_data(keeper.core, room));
}

static void keeper_room_change(void *self, struct eddy_room *room, const struct eddy_change *change) {
  (void)self;
  struct kept_room *into = keeper.host->room_data(keeper.core, room);
  const struct eddy_value value = json_of("1");
  ck_assert_int_eq(keeper.host->room_push(keeper.core, room, EDDY_RELAY, text_of("x"), &value, 0, &keeper), -EBUSY);
  keeper.changes++;
  ck_assert_uint_eq(change->mark, into->mark + 1); /* without a gap */
  into->mark = change->mark;
  if (change->kind <= EDDY_CHANGE_REPLACE) {
    ck_assert_uint_gt(change->seq, into->seq);
    into->seq = change->seq;
  }
  switch (change->kind) {
    case EDDY_CHANGE_NUMBER: break;
    case EDDY_CHANGE_REPLACE:
      kept_drop(into, change->key, 0, UINT64_MAX);
      kept_insert(into, change, false);
      break;
    case EDDY_CHANGE_APPEND: kept_insert(into, change, false); break;
    case EDDY_CHANGE_COMPACT:
      kept_drop(into, change->key, 0, change->seq);
      kept_insert(into, change, true);
      break;
    case EDDY_CHANGE_TRIM: kept_drop(into, change->key, 0, change->seq); break;
    case EDDY_CHANGE_DROP: kept_drop(into, change->key, change->seq, change->seq); break;
    case EDDY_CHANGE_POLICY:
      free(into->policy);
      into->policy = ed_strdup(keeper.host->room_policy(keeper.core, room));
      break;
  }
}

static int keeper_room_number(void *self, struct eddy_room *room, uint64_t seq) {
  (void)self;
  ck_assert(seq == 0 || seq == keeper.host->room_seq(keeper.core, room) + 1);
  return keeper.number_error;
}

static void keeper_turn(void *self) {
  (void)self;
  keeper.turns++;
}

static const struct eddy_plugin KEEPER = {.abi = EDDY_ABI,
                                          .size = sizeof KEEPER,
                                          .name = "keeper",
                                          .load = keeper_load,
                                          .room_load = keeper_room_load,
                                          .room_open = keeper_room_open,
                                          .room_close = keeper_room_close,
                                          .room_change = keeper_room_change,
                                          .room_number = keeper_room_number,
                                          .turn = keeper_turn};

static inline void keeper_deinit(void) {
  while (keeper.rooms) kept_forget(keeper.rooms);
}

#endif
