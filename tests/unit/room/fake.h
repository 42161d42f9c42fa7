/* A room without sockets: a world with one room and a clock turned by hand, and members that take finished frames off
 * their queues and read them as short texts. What a member has heard since it was last asked reads like
 *   push a=1 @5 | init b [1@2 "x"@3] | size b 2 | pong 7 | error why
 * and of eddy.v1
 *   hello 2 @5 | ack "x" @6 | error bad_seq why for "x" | resumed @6 a+[1@2] b-[] | members 1 2 | join 3 | leave 3
 * so that a test says what it expects in one line, whatever the encoding of the member. */
#ifndef ED_TESTS_ROOM_FAKE_H
#define ED_TESTS_ROOM_FAKE_H

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "main.h"
#include "room/hub.h"
#include "room/room.h"

/* ---- the world ---- */

struct world {
  struct ed_timers timers;
  struct ed_space space;
  struct ed_hub hub;
  struct ed_room *room; /* "space/room"; of the hub */
};

static inline void world_init_gated(struct world *world, const struct ed_gate_ops *ops, void *gate) {
  memset(world, 0, sizeof *world);
  ed_timers_init(&world->timers, 1000);
  world->space = (struct ed_space){
      .name = "space",
      .policy = "default",
      .limits = {.message = 1 << 20, .depth = 128, .key = 256, .keys = 1000, .room_messages = 100000,
                 .room_bytes = 1 << 26, .stream_messages = 10000, .stream_bytes = 1 << 24, .members = 100,
                 .queue = 1 << 20, .errors = 10},
      .idle_ms = 60000,
      .resume_ms = 120000,
  };
  ed_hub_init(&world->hub, &world->timers, NULL, 10);
  world->hub.gate_ops = ops;
  world->hub.gate = gate;
  world->room = ed_hub_create(&world->hub, &world->space, ED_LIT("room"), NULL, NULL);
  ck_assert_ptr_nonnull(world->room);
}

static inline void world_init(struct world *world) { world_init_gated(world, NULL, NULL); }

/* Every member must have left. */
static inline void world_deinit(struct world *world) {
  ed_hub_deinit(&world->hub);
  ck_assert_uint_eq(world->timers.len, 0); /* no room forgot its timer */
  ed_timers_deinit(&world->timers);
}

static inline void turn(struct world *world) { ed_hub_flush(&world->hub); }

static inline size_t streams(const struct world *world) { return HASH_COUNT(world->room->streams); }

/* ---- a member ---- */

struct fake {
  struct ed_member member; /* first, so that a member is its fake */
  bool stalls;             /* takes no bytes, as a socket whose buffer is full */
  size_t takes;            /* nonzero: bytes it takes before it stalls; then `stalls` is set */
  size_t delivered, peeks; /* calls of deliver; runs of bytes that peek gave */
  size_t sends;            /* calls of send */
  struct ed_buf wire;      /* taken, and not yet read */
  struct ed_buf text;      /* what fake_heard gave */
  unsigned close_code;
  size_t closes;
  const char *close_why;
  struct ed_fault fault; /* of its last request */
  uint64_t epoch;        /* of the last hello or resumed that was read */
};

/* What a connection does when its socket takes bytes. */
static inline void fake_pull(struct fake *fake) {
  struct ed_span bytes;
  while (!fake->stalls && ed_member_peek(&fake->member, &bytes)) {
    ck_assert_uint_gt(bytes.len, 0);
    if (fake->takes && fake->takes <= bytes.len) {
      bytes.len = fake->takes;
      fake->stalls = true;
    }
    if (fake->takes) fake->takes -= bytes.len;
    fake->peeks++;
    ed_buf_add_span(&fake->wire, bytes);
    ed_member_consume(&fake->member, bytes.len);
  }
  fake->member.blocked = fake->stalls;
}

static inline void fake_deliver(struct ed_member *member) {
  struct fake *fake = (struct fake *)member;
  ck_assert(!member->blocked);
  fake->delivered++;
  fake_pull(fake);
}

static inline void fake_close(struct ed_member *member, unsigned code, const char *why) {
  struct fake *fake = (struct fake *)member;
  fake->closes++;
  fake->close_code = code;
  fake->close_why = why;
}

/* What a connection does that can be sent to past its queue. */
static inline size_t fake_send(struct ed_member *member, struct ed_span bytes) {
  struct fake *fake = (struct fake *)member;
  ck_assert(!member->blocked && !member->closing);
  ck_assert_uint_eq(member->queue.bytes, 0);
  ck_assert_uint_gt(bytes.len, 0);
  fake->sends++;
  if (fake->takes && fake->takes <= bytes.len) {
    bytes.len = fake->takes;
    fake->stalls = true;
  }
  if (fake->stalls && !fake->takes) bytes.len = 0;
  if (fake->takes) fake->takes -= bytes.len;
  ed_buf_add_span(&fake->wire, bytes);
  fake->member.blocked = fake->stalls;
  return bytes.len;
}

/* From now on it is one of these. */
static inline void fake_sends(struct fake *fake) {
  static const struct ed_member_ops ops = {.deliver = fake_deliver, .send = fake_send, .close = fake_close};
  fake->member.ops = &ops;
}

static inline void fake_prepare(struct fake *fake, enum ed_encoding encoding) {
  static const struct ed_member_ops ops = {.deliver = fake_deliver, .close = fake_close};
  memset(fake, 0, sizeof *fake);
  fake->member.ops = &ops;
  fake->member.encoding = encoding;
}

static inline void join_as(struct world *world, struct fake *fake, enum ed_encoding encoding) {
  fake_prepare(fake, encoding);
  ck_assert_int_eq(ed_room_join(world->room, &fake->member, &fake->fault), 0);
}

static inline void join(struct world *world, struct fake *fake) { join_as(world, fake, ED_JSON); }

static inline void join_v1(struct world *world, struct fake *fake, enum ed_encoding encoding) {
  fake_prepare(fake, encoding);
  fake->member.v1 = true;
  ck_assert_int_eq(ed_room_join(world->room, &fake->member, &fake->fault), 0);
}

static inline void join_debug(struct world *world, struct fake *fake, enum ed_encoding encoding) {
  fake_prepare(fake, encoding);
  fake->member.debug = true;
  ck_assert_int_eq(ed_room_join(world->room, &fake->member, &fake->fault), 0);
}

static inline void join_transient(struct world *world, struct fake *fake) {
  fake_prepare(fake, ED_JSON);
  fake->member.transient = true;
  ck_assert_int_eq(ed_room_join(world->room, &fake->member, &fake->fault), 0);
}

static inline void fake_deinit(struct fake *fake) {
  ed_buf_deinit(&fake->wire);
  ed_buf_deinit(&fake->text);
}

static inline void leave(struct fake *fake) {
  ed_room_leave(&fake->member);
  ck_assert_ptr_null(fake->member.room);
  fake_deinit(fake);
}

/* ---- what it says ---- */

static inline int ask(struct fake *fake, const struct ed_request *request) {
  memset(&fake->fault, 0, sizeof fake->fault);
  int result = ed_room_request(&fake->member, request, &fake->fault);
  ck_assert_int_eq(result, fake->fault.code == ED_FAULT_NONE ? 0 : -1);
  return result;
}

/* A push in the member's own encoding; `value` is JSON. */
static inline int try_push(struct fake *fake, enum ed_action action, const char *key, uint64_t seq, const char *value) {
  struct ed_buf cbor = {0};
  struct ed_request request = {.type = ED_REQUEST_PUSH, .action = action, .key = ed_span_text(key), .seq = seq,
                               .encoding = fake->member.encoding, .value = ed_span_text(value)};
  if (request.encoding == ED_CBOR) {
    ed_wire_transcode(ED_JSON, request.value, &cbor);
    request.value = ed_buf_span(&cbor);
  }
  int result = ask(fake, &request);
  ed_buf_deinit(&cbor);
  return result;
}

#define PUSH(fake, action, key, value) \
  ck_assert_msg(try_push(fake, action, key, 0, value) == 0, "refused: %s", (fake)->fault.text)
#define COMPACT(fake, key, seq, value) \
  ck_assert_msg(try_push(fake, ED_COMPACT, key, seq, value) == 0, "refused: %s", (fake)->fault.text)

static inline int try_get(struct fake *fake, const char *key, uint64_t seq) {
  return ask(fake, &(struct ed_request){.type = ED_REQUEST_GET, .key = ed_span_text(key), .seq = seq});
}
static inline void get(struct fake *fake, const char *key, uint64_t seq) {
  ck_assert_int_eq(try_get(fake, key, seq), 0);
}
static inline void subscribe(struct fake *fake, const char *key) {
  struct ed_request request = {.type = ED_REQUEST_GET, .key = ed_span_text(key), .subscribe_only = true};
  ck_assert_int_eq(ask(fake, &request), 0);
}
/* `keys` is JSON, of an array. */
static inline int try_resume(struct fake *fake, uint64_t epoch, uint64_t seq, const char *keys) {
  return ask(fake, &(struct ed_request){
                       .type = ED_REQUEST_RESUME, .epoch = epoch, .seq = seq, .keys = ed_span_text(keys)});
}
static inline void resume(struct fake *fake, uint64_t seq, const char *keys) {
  ck_assert_int_eq(try_resume(fake, fake->member.room->epoch, seq, keys), 0);
}
static inline void ask_members(struct fake *fake, bool ends) {
  ck_assert_int_eq(ask(fake, &(struct ed_request){.type = ED_REQUEST_MEMBERS, .ends = ends}), 0);
}
static inline void unsubscribe(struct fake *fake, const char *key) {
  ck_assert_int_eq(ask(fake, &(struct ed_request){.type = ED_REQUEST_UNSUBSCRIBE, .key = ed_span_text(key)}), 0);
}
static inline void ping(struct fake *fake, uint64_t nonce) {
  ck_assert_int_eq(ask(fake, &(struct ed_request){.type = ED_REQUEST_PING, .has_nonce = true, .nonce = nonce}), 0);
}

/* ---- what it hears ---- */

static inline void tell_value(struct ed_buf *text, const json_t *value) {
  char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
  ck_assert_ptr_nonnull(dump);
  ed_buf_add_text(text, dump);
  free(dump);
}

static inline int64_t number(const json_t *message, const char *name) {
  ck_assert(json_is_integer(json_object_get(message, name)));
  return (int64_t)json_integer_value(json_object_get(message, name));
}

static inline void tell_data(struct ed_buf *text, const json_t *message) {
  size_t i;
  json_t *item;
  ed_buf_add_text(text, "[");
  json_array_foreach(json_object_get(message, "data"), i, item) {
    if (i) ed_buf_add_text(text, " ");
    tell_value(text, json_object_get(item, "value"));
    ed_buf_printf(text, "@%" PRId64, number(item, "seq"));
  }
  ed_buf_add_text(text, "]");
}

static inline uint64_t epoch_of(const json_t *message) {
  const char *epoch = json_string_value(json_object_get(message, "epoch"));
  ck_assert(epoch != NULL && strlen(epoch) == 16);
  return strtoull(epoch, NULL, 16);
}

static inline void tell_resumed(struct ed_buf *text, const json_t *message) {
  size_t i;
  json_t *item;
  ed_buf_printf(text, "resumed @%" PRId64, number(message, "seq"));
  json_array_foreach(json_object_get(message, "keys"), i, item) {
    ed_buf_printf(text, " %s%s", json_string_value(json_object_get(item, "key")),
                  json_is_true(json_object_get(item, "recovered")) ? "+" : "-");
    tell_data(text, item);
  }
}

static inline void tell_error(struct ed_buf *text, const json_t *message) {
  const char *code = json_string_value(json_object_get(message, "code"));
  ed_buf_add_text(text, "error ");
  if (code) ed_buf_printf(text, "%s ", code);
  ed_buf_add_text(text, json_string_value(json_object_get(message, "message")));
  if (!json_object_get(message, "id")) return;
  ed_buf_add_text(text, " for ");
  tell_value(text, json_object_get(message, "id"));
}

/* A message of eddy.v1; false where it is none. */
static inline bool tell_v1(struct ed_buf *text, const char *type, const json_t *message) {
  size_t i;
  json_t *item;
  if (strcmp(type, "hello") == 0) {
    ck_assert_str_eq(json_string_value(json_object_get(message, "protocol")), "eddy.v1");
    ed_buf_printf(text, "hello %" PRId64 " @%" PRId64, number(message, "member"), number(message, "seq"));
  } else if (strcmp(type, "ack") == 0) {
    ed_buf_add_text(text, "ack ");
    tell_value(text, json_object_get(message, "id"));
    ed_buf_add_text(text, " @");
    tell_value(text, json_object_get(message, "seq"));
  } else if (strcmp(type, "resumed") == 0) {
    tell_resumed(text, message);
  } else if (strcmp(type, "members") == 0) {
    ed_buf_add_text(text, "members");
    json_array_foreach(json_object_get(message, "members"), i, item)
        ed_buf_printf(text, " %" PRId64, (int64_t)json_integer_value(item));
  } else if (strcmp(type, "join") == 0 || strcmp(type, "leave") == 0) {
    ed_buf_printf(text, "%s %" PRId64, type, number(message, "member"));
  } else if (strcmp(type, "reconnect") == 0) {
    ed_buf_printf(text, "reconnect %" PRId64 " %" PRId64, number(message, "delay_ms"), number(message, "spread_ms"));
  } else {
    return false;
  }
  return true;
}

static inline void tell_message(struct ed_buf *text, const json_t *message) {
  const char *type = json_string_value(json_object_get(message, "type"));
  const char *key = json_string_value(json_object_get(message, "key"));
  ck_assert_ptr_nonnull(type);
  if (strcmp(type, "push") == 0) {
    ed_buf_printf(text, "push %s=", key);
    tell_value(text, json_object_get(message, "value"));
    ed_buf_printf(text, " @%" PRId64, (int64_t)json_integer_value(json_object_get(message, "seq")));
  } else if (strcmp(type, "init") == 0) {
    ed_buf_printf(text, "init %s ", key);
    tell_data(text, message);
  } else if (strcmp(type, "stream_size") == 0) {
    ed_buf_printf(text, "size %s %" PRId64, key, (int64_t)json_integer_value(json_object_get(message, "size")));
  } else if (strcmp(type, "pong") == 0) {
    ed_buf_add_text(text, "pong ");
    tell_value(text, json_object_get(message, "nonce"));
  } else if (!tell_v1(text, type, message)) {
    ck_assert_str_eq(type, "error");
    tell_error(text, message);
  }
}

/* The first WebSocket frame of `wire`: its whole length, and its payload; 0 where there is no whole one. */
static inline size_t frame_at(struct ed_span wire, enum ed_encoding encoding, struct ed_span *payload) {
  if (wire.len < 2) return 0;
  ck_assert_uint_eq(wire.at[0], encoding == ED_JSON ? 0x81 : 0x82);
  ck_assert_uint_eq(wire.at[1] & 0x80, 0);
  size_t head = 2, len = wire.at[1], more = len == 126 ? 2 : len == 127 ? 8 : 0;
  if (wire.len < head + more) return 0;
  for (len = more ? 0 : len; more; more--) len = len << 8 | wire.at[head++];
  if (wire.len < head + len) return 0;
  *payload = ed_span(wire.at + head, len);
  return head + len;
}

/* What the member was sent since this was last called; valid until the next call. */
static inline const char *fake_heard(struct fake *fake) {
  struct ed_span wire = ed_buf_span(&fake->wire), payload;
  fake->text.len = 0;
  for (size_t len; (len = frame_at(wire, fake->member.encoding, &payload)) != 0; wire.at += len, wire.len -= len) {
    struct ed_buf text = {0};
    if (fake->member.encoding == ED_CBOR)
      ed_wire_transcode(ED_CBOR, payload, &text);
    else
      ed_buf_add_span(&text, payload);
    json_t *message = json_loadb((const char *)text.at, text.len, 0, NULL);
    ck_assert_msg(message != NULL, "no JSON: %.*s", (int)text.len, (const char *)text.at);
    if (fake->text.len) ed_buf_add_text(&fake->text, " | ");
    tell_message(&fake->text, message);
    if (json_object_get(message, "epoch")) fake->epoch = epoch_of(message);
    json_decref(message);
    ed_buf_deinit(&text);
  }
  ed_buf_add_byte(&fake->text, 0);
  if (wire.len) memmove(fake->wire.at, wire.at, wire.len); /* half a frame stays for the next time */
  fake->wire.len = wire.len;
  return (const char *)fake->text.at;
}

#define EXPECT(fake, want) ck_assert_str_eq(fake_heard(fake), want)

/* The request is refused for this reason, and with a text that holds `word`. */
#define REFUSED(request, fake, reason, word)                                                            \
  do {                                                                                                  \
    ck_assert_int_eq(request, -1);                                                                      \
    ck_assert_int_eq((fake)->fault.code, reason);                                                       \
    ck_assert_msg(strstr((fake)->fault.text, word) != NULL, "no %s in: %s", word, (fake)->fault.text); \
  } while (0)

#endif
