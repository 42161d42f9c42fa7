/* What a room and its parts cost in memory: bytes that malloc has in use, its own overhead included, divided by how many
 * there are. No sockets: a connection's own cost is the net floor's. Not to be built with a sanitizer, whose malloc does
 * not count. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "room/hub.h"
#include "room/room.h"

#define N 10000
#define VALUE_LEN 64

struct bench {
  struct ed_timers timers;
  struct ed_space space;
  struct ed_hub hub;
  struct ed_room *room;
  struct ed_member *members[N];
  size_t mark; /* bytes in use when the case began */
};

static size_t in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static void begin(struct bench *bench) { bench->mark = in_use(); }

static void row(struct bench *bench, const char *what, size_t count) {
  printf("%-58s %8.0f\n", what, (double)(in_use() - bench->mark) / (double)count);
  begin(bench);
}

static void deliver(struct ed_member *member) { /* takes everything */
  struct ed_span bytes;
  while (ed_member_peek(member, &bytes)) ed_member_consume(member, bytes.len);
}

static void closed(struct ed_member *member, unsigned code, const char *why) {
  (void)member;
  fprintf(stderr, "closed: %u %s\n", code, why);
  exit(EXIT_FAILURE);
}

static const struct ed_member_ops OPS = {.deliver = deliver, .close = closed};

static void check(int result, const struct ed_fault *fault) {
  if (result == 0) return;
  fprintf(stderr, "refused: %s\n", fault->text);
  exit(EXIT_FAILURE);
}

static struct ed_member *join(struct bench *bench, enum ed_encoding encoding) {
  struct ed_fault fault;
  struct ed_member *member = ed_zalloc(sizeof *member);
  member->ops = &OPS;
  member->encoding = encoding;
  check(ed_room_join(bench->room, member, &fault), &fault);
  return member;
}

static void leave(struct ed_member *member) {
  ed_room_leave(member);
  free(member);
}

/* Pushes a value of VALUE_LEN bytes. */
static void push(struct bench *bench, enum ed_action action, const char *key) {
  char value[VALUE_LEN];
  memset(value, 'x', sizeof value);
  value[0] = value[VALUE_LEN - 1] = '"';
  struct ed_push push = {.action = action, .encoding = ED_JSON, .value = ed_span(value, sizeof value)};
  struct ed_fault fault;
  check(ed_room_push(bench->room, ed_span_text(key), &push, NULL, &fault), &fault);
}

static void get(struct ed_member *member, const char *key, bool init) {
  struct ed_request request = {.type = ED_REQUEST_GET, .key = ed_span_text(key), .subscribe_only = !init};
  struct ed_fault fault;
  check(ed_room_request(member, &request, &fault), &fault);
}

static void key_name(char key[16], size_t i) { snprintf(key, 16, "key-%06zu", i); }

static void create(struct bench *bench) {
  struct ed_fault fault;
  bench->room = ed_hub_create(&bench->hub, &bench->space, ed_span(NULL, 0), NULL, &fault);
  check(bench->room ? 0 : -1, &fault);
}

static void bench_rooms(struct bench *bench) {
  begin(bench);
  for (size_t i = 0; i < N; i++) create(bench);
  row(bench, "room, nobody in it, nothing retained", N);
}

/* The same, each with one small stream, which brings the room's table of streams with it. */
static void bench_small_rooms(struct bench *bench) {
  begin(bench);
  for (size_t i = 0; i < N; i++) create(bench), push(bench, ED_REPLACE, "state");
  row(bench, "room that retains one message of one key", N);
}

static void bench_streams(struct bench *bench) {
  char key[16];
  create(bench);
  begin(bench);
  for (size_t i = 0; i < N; i++) key_name(key, i), push(bench, ED_REPLACE, key);
  row(bench, "stream (10 bytes of key) that retains one message", N);
  for (size_t i = 0; i < N; i++) push(bench, ED_APPEND, "key-000000");
  row(bench, "message retained, one more (64 bytes of value)", N);
  struct ed_member *reader = join(bench, ED_CBOR);
  ed_hub_flush(&bench->hub);
  begin(bench);
  get(reader, "key-000000", true);
  ed_hub_flush(&bench->hub);
  row(bench, "message retained, read in the other encoding, besides", N);
  leave(reader);
}

static void bench_members(struct bench *bench) {
  char key[16];
  create(bench);
  begin(bench);
  for (size_t i = 0; i < N; i++) bench->members[i] = join(bench, ED_JSON);
  row(bench, "member that hears everything", N);
  for (size_t i = 0; i < N; i++) get(bench->members[i], "state", false);
  row(bench, "first subscription of a member", N);
  for (size_t i = 0; i < N; i++)
    for (size_t k = 0; k < 7; k++) key_name(key, k), get(bench->members[i], key, false);
  row(bench, "further subscription (of eight)", (size_t)N * 7);
  for (size_t i = 0; i < N; i++) bench->members[i]->blocked = true;
  push(bench, ED_RELAY, "state");
  ed_hub_flush(&bench->hub);
  row(bench, "one range of bytes that waits for a member", N);
  for (int i = 0; i < 100; i++) push(bench, ED_RELAY, "state"), ed_hub_flush(&bench->hub);
  row(bench, "100 turns that wait for a member, each range", (size_t)N * 100);
  for (size_t i = 0; i < N; i++) leave(bench->members[i]);
}

int main(void) {
  static struct bench bench;
  bench.space = (struct ed_space){
      .name = "default", .policy = "default", .idle_ms = 86400000,
      .limits = {.message = 1 << 20, .depth = 128, .key = 256, .keys = 1 << 20, .room_messages = 1 << 20,
                 .room_bytes = 1 << 30, .stream_messages = 1 << 20, .stream_bytes = 1 << 30, .members = 1 << 20,
                 .queue = 4 << 20},
  };
  ed_timers_init(&bench.timers, 0);
  ed_hub_init(&bench.hub, &bench.timers, NULL, 1 << 20);
  printf("%-58s %8s\n", "", "bytes");
  bench_rooms(&bench);
  bench_small_rooms(&bench);
  bench_streams(&bench);
  bench_members(&bench);
  ed_hub_deinit(&bench.hub);
  ed_timers_deinit(&bench.timers);
  return EXIT_SUCCESS;
}
