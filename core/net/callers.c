#include "net/callers.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"

#define AT_ONCE_WAIT_MS 1000 /* until a connection has gone: nobody knows */
#define FORGET_MOST 2        /* of those that have nothing spent any more, with each new one */

void ed_callers_init(struct ed_callers *callers, const struct ed_caller_rules *rules) {
  *callers = (struct ed_callers){.rules = rules, .secret = ed_hash_secret_random()};
}

static unsigned hash_of(const struct ed_callers *callers, const uint8_t address[ED_CALLER_LEN]) {
  return (unsigned)ed_hash(&callers->secret, ed_span(address, ED_CALLER_LEN));
}

static void idle_add(struct ed_callers *callers, struct ed_caller *caller) {
  DL_APPEND(callers->idle, caller);
  callers->idle_len++;
}

static void idle_remove(struct ed_callers *callers, struct ed_caller *caller) {
  DL_DELETE(callers->idle, caller);
  callers->idle_len--;
}

static void forget(struct ed_callers *callers, struct ed_caller *caller) {
  idle_remove(callers, caller);
  HASH_DEL(callers->all, caller); /* NOLINT(clang-analyzer-*): uthash */
  free(caller);
}

void ed_callers_deinit(struct ed_callers *callers) {
  struct ed_caller *caller, *next;
  HASH_ITER(hh, callers->all, caller, next) {
    HASH_DEL(callers->all, caller); /* NOLINT(clang-analyzer-*): uthash */
    free(caller);
  }
  callers->idle = NULL;
  callers->idle_len = 0;
}

/* Whether it would be no different from one that nobody knows. */
static bool fresh(const struct ed_callers *callers, struct ed_caller *caller, uint64_t now_ms) {
  ed_bucket_refill(&caller->arrivals, &callers->rules->arrivals, now_ms);
  ed_bucket_refill(&caller->rooms, &callers->rules->rooms, now_ms);
  return (!caller->arrivals.spent || !callers->rules->arrivals.amount) &&
         (!caller->rooms.spent || !callers->rules->rooms.amount);
}

static struct ed_caller *find(struct ed_callers *callers, const uint8_t address[ED_CALLER_LEN], uint64_t now_ms) {
  struct ed_caller *caller;
  unsigned hash = hash_of(callers, address);
  HASH_FIND_BYHASHVALUE(hh, callers->all, address, ED_CALLER_LEN, hash, caller);
  if (caller) return caller;
  for (int i = 0; i < FORGET_MOST && callers->idle && fresh(callers, callers->idle, now_ms); i++)
    forget(callers, callers->idle);
  while (callers->idle_len >= ED_CALLERS_IDLE) forget(callers, callers->idle);
  caller = ed_zalloc(sizeof *caller);
  memcpy(caller->address, address, ED_CALLER_LEN);
  HASH_ADD_BYHASHVALUE(hh, callers->all, address, ED_CALLER_LEN, hash, caller);
  idle_add(callers, caller);
  return caller;
}

struct ed_caller *ed_callers_enter(struct ed_callers *callers, const uint8_t address[ED_CALLER_LEN], uint64_t now_ms,
                                   uint64_t *wait_ms) {
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const struct ed_caller_rules *rules = callers->rules;
  uint8_t key[ED_CALLER_LEN];
  memcpy(key, address, sizeof key);
  if (memcmp(key, mapped, sizeof mapped) != 0) memset(key + 8, 0, 8);
  struct ed_caller *caller = find(callers, key, now_ms);
  *wait_ms = AT_ONCE_WAIT_MS;
  bool room = !rules->connections || caller->connections < rules->connections;
  bool may = room && (!rules->arrivals.amount || ed_bucket_take(&caller->arrivals, &rules->arrivals, now_ms, 1));
  if (room && !may) *wait_ms = ed_bucket_wait_ms(&caller->arrivals, &rules->arrivals);
  if (!caller->connections) { /* in use, or the latest that was heard of */
    idle_remove(callers, caller);
    if (!may) idle_add(callers, caller);
  }
  if (!may) return NULL;
  caller->connections++;
  return caller;
}

void ed_callers_leave(struct ed_callers *callers, struct ed_caller *caller) {
  if (--caller->connections) return;
  idle_add(callers, caller);
  while (callers->idle_len > ED_CALLERS_IDLE) forget(callers, callers->idle);
}

bool ed_callers_room(struct ed_callers *callers, struct ed_caller *caller, uint64_t now_ms, uint64_t *wait_ms) {
  const struct ed_rate *rate = &callers->rules->rooms;
  if (!rate->amount || ed_bucket_take(&caller->rooms, rate, now_ms, 1)) return true;
  *wait_ms = ed_bucket_wait_ms(&caller->rooms, rate);
  return false;
}
