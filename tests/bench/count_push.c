/* Instructions of one push, from the bytes of a client's frame to the ranges that each subscriber's write is made of: all
 * of the way of a message but the system's calls. To be run under callgrind, which writes a file of counts for each case
 * (tests/bench/counts.py reads them); alone it checks that everybody was told everything, and prints the cases.
 *
 * A room of the shipped policy `default`; PUSHES pushes to one key, a turn of the hub each. 205 bytes of message. */
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

#include "host/host.h"
#include "net/frame.h"
#include "room/room.h"

enum { PUSHES = 64, WARM = 16, HEARERS = 100 };

static void fail(const char *what, const char *why) {
  fprintf(stderr, "count_push: %s: %s\n", what, why);
  exit(EXIT_FAILURE);
}

struct hearer {
  struct ed_member member;
  size_t bytes; /* that it was sent */
};

static void deliver(struct ed_member *member) {
  struct iovec parts[64];
  size_t count, len = 0;
  while ((count = ed_member_gather(member, parts, 64, 1 << 18)) > 0) {
    len = 0;
    for (size_t i = 0; i < count; i++) len += parts[i].iov_len;
    ed_member_consume(member, len);
    ((struct hearer *)(void *)member)->bytes += len;
  }
}

static void closed(struct ed_member *member, unsigned code, const char *why) {
  (void)member, (void)code;
  fail("a member was closed", why);
}

static size_t take_all(struct ed_member *member, struct ed_span bytes) {
  ((struct hearer *)(void *)member)->bytes += bytes.len;
  return bytes.len;
}

static const struct ed_member_ops ops = {.deliver = deliver, .send = take_all, .close = closed};

static const struct {
  const char *name;
  enum ed_encoding encoding;
  const char *json; /* a CBOR client sends what this says */
} ACTIONS[] = {
    {"relay json", ED_JSON, "\"relay\""},     {"append json", ED_JSON, "\"append\""},
    {"replace json", ED_JSON, "\"replace\""}, {"relay cbor", ED_CBOR, "\"relay\""},
    {"append cbor", ED_CBOR, "\"append\""},   {"replace cbor", ED_CBOR, "\"replace\""},
};
static const size_t AUDIENCES[] = {1, 10, 100};

/* A client's frame, masked with zeroes, so that unmasking it again and again changes nothing. */
static struct ed_buf frame_of(enum ed_encoding encoding, const char *action) {
  char text[512];
  struct ed_buf payload = {0}, frame = {0};
  snprintf(text, sizeof text,
           "{\"type\":\"push\",\"key\":\"k\",\"action\":{\"type\":%s},\"value\":{\"op\":\"move\",\"id\":\"b3f1c9d2\",\"x\":412.5,"
           "\"y\":-87.25,\"label\":\"sticky note\",\"style\":{\"fill\":\"#ffcc00\",\"width\":2},\"on\":true,\"z\":17}}",
           action);
  if (encoding == ED_JSON)
    ed_buf_add_text(&payload, text);
  else
    ed_wire_transcode(ED_JSON, ed_span_text(text), &payload);
  uint8_t head[8] = {(uint8_t)(encoding == ED_JSON ? 0x81 : 0x82), 0x80 | 126, (uint8_t)(payload.len >> 8),
                     (uint8_t)payload.len};
  ed_buf_add(&frame, head, sizeof head);
  ed_buf_add_span(&frame, ed_buf_span(&payload));
  ed_buf_deinit(&payload);
  return frame;
}

/* What net does with the bytes of a socket. */
static void take(struct ed_hub *hub, struct ed_frames *frames, struct ed_buf *bytes, struct ed_member *sender,
                 struct ed_buf *scratch) {
  uint8_t *at = bytes->at;
  size_t len = bytes->len;
  struct ed_piece piece;
  while (ed_frames_next(frames, &at, &len, &piece) == ED_FRAMES_PIECE) {
    const struct ed_wire_limits limits = {.depth = 128, .key = 512};
    struct ed_request request;
    struct ed_fault fault;
    enum ed_encoding encoding = piece.op == 1 ? ED_JSON : ED_CBOR;
    if (ed_wire_decode(encoding, piece.bytes, &limits, scratch, &request, &fault) < 0 ||
        ed_room_request(sender, &request, &fault) < 0)
      fail("push", fault.text);
  }
  ed_hub_flush(hub);
}

static void run(struct ed_hub *hub, const struct ed_space *space, size_t action, size_t audience) {
  struct ed_fault fault = {0};
  struct ed_room *room = ed_hub_create(hub, space, ed_span(NULL, 0), NULL, &fault);
  if (!room) fail("room", fault.text);
  static struct hearer hearers[HEARERS + 1];
  enum ed_encoding encoding = ACTIONS[action].encoding;
  for (size_t i = 0; i <= audience; i++) { /* the last one sends, and hears nothing but answers */
    hearers[i] = (struct hearer){.member = {.ops = &ops, .encoding = encoding}};
    if (ed_room_join(room, &hearers[i].member, &fault) < 0) fail("join", fault.text);
    const struct ed_request get = {
        .type = ED_REQUEST_GET, .key = i < audience ? ED_LIT("k") : ED_LIT("-"), .subscribe_only = true};
    if (ed_room_request(&hearers[i].member, &get, &fault) < 0) fail("get", fault.text);
  }
  struct ed_frames frames = {0};
  struct ed_buf bytes = frame_of(encoding, ACTIONS[action].json), scratch = {0};
  for (int i = 0; i < WARM; i++) take(hub, &frames, &bytes, &hearers[audience].member, &scratch);
  CALLGRIND_ZERO_STATS;
  for (int i = 0; i < PUSHES; i++) take(hub, &frames, &bytes, &hearers[audience].member, &scratch);
  char name[64];
  snprintf(name, sizeof name, "%s, %zu", ACTIONS[action].name, audience);
  CALLGRIND_DUMP_STATS_AT(name);
  for (size_t i = 1; i < audience; i++)
    if (hearers[i].bytes != hearers[0].bytes || hearers[0].bytes < bytes.len * PUSHES / 2) fail(name, "not all was told");
  printf("%s\n", name);
  for (size_t i = 0; i <= audience; i++) ed_room_leave(&hearers[i].member);
  ed_buf_deinit(&bytes);
  ed_buf_deinit(&scratch);
}

int main(int argc, char **argv) {
  struct ed_timers timers;
  struct ed_hub hub;
  struct ed_log log = {.out = stderr, .level = ED_LOG_ERROR};
  const struct ed_space space = {
      .name = "default",
      .policy = "default",
      .limits = {.message = 1 << 20, .depth = 128, .key = 512, .keys = 10, .room_messages = 1000, .room_bytes = 1 << 20,
                 .stream_messages = 1000, .stream_bytes = 1 << 20, .members = 1000, .queue = 1 << 22, .errors = 100},
  };
  ed_timers_init(&timers, 1000);
  ed_hub_init(&hub, &timers, &log, 1000);
  const struct ed_host_options options = {
      .scripts = argc > 1 ? argv[1] : ED_SCRIPTS_DIR,
      .vm = {.instructions = 5000000, .call_ms = 2000, .memory = 64 << 20, .allocation = 1 << 20,
             .call_bytes = 64 << 20, .hook_every = 500},
      .rooms_per_state = 1000,
      .source_max = 256 << 10,
      .timers_max = 1000,
  };
  struct ed_host *host = ed_host_new(&options, &hub, &log);
  for (size_t action = 0; action < sizeof ACTIONS / sizeof *ACTIONS; action++)
    for (size_t i = 0; i < sizeof AUDIENCES / sizeof *AUDIENCES; i++) run(&hub, &space, action, AUDIENCES[i]);
  ed_hub_deinit(&hub);
  ed_host_free(host);
  ed_timers_deinit(&timers);
}
