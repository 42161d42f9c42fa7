/* A room against a naive model of the protocol: thousands of random joins, leaves, gets, resumes, pushes of all actions,
 * stalls and turns, in both encodings, with the outbox held back now and then. The model writes down for each member what it must
 * hear, line by line, the moment that it is said; what the member really hears must be just that, in that order, however
 * late. The runs are random, but the same every time. */
#include "fake.h"

#define KEYS 5
#define MEMBERS 8
#define STEPS 4000

struct line {
  char *text;
  uint64_t stamp; /* mark of the room when it was said */
};

struct actor {
  struct fake fake;
  bool in, rostered;
  bool hears[KEYS];
  struct line *lines;
  size_t said, heard, cap;
};

struct model_stream {
  struct kept {
    uint64_t seq;
    int value;
  } kept[STEPS];
  size_t len;
  uint64_t base;
};

/* All that was ever broadcast. */
struct past {
  uint64_t seq;
  size_t key;
  int value;
};

struct model {
  struct past past[STEPS];
  size_t past_len;
  struct world world;
  struct actor actors[MEMBERS];
  struct model_stream streams[KEYS];
  size_t shorn[KEYS]; /* something was taken from these since the last turn, and there was a debugger */
  size_t shorn_len;
  uint64_t seq;
  uint64_t mark; /* changes: messages, compactions, trims */
  int value; /* every pushed value is another one */
  uint32_t state;
};

static uint32_t dice(struct model *model, uint32_t sides) {
  model->state ^= model->state << 13;
  model->state ^= model->state >> 17;
  model->state ^= model->state << 5;
  return model->state % sides;
}

static const char *key_name(size_t key) {
  static const char *const names[KEYS] = {"a", "b", "c", "d", ""};
  return names[key];
}

/* ---- what is said ---- */

static void say(struct model *model, struct actor *to, const char *text) {
  if (to->said == to->cap) {
    to->cap = to->cap ? to->cap * 2 : 64;
    to->lines = realloc(to->lines, to->cap * sizeof *to->lines);
  }
  to->lines[to->said++] = (struct line){strdup(text), model->mark};
}

static void say_init(struct model *model, struct actor *to, size_t key, uint64_t after) {
  const struct model_stream *stream = &model->streams[key];
  struct ed_buf text = {0};
  ed_buf_printf(&text, "init %s [", key_name(key));
  const char *space = "";
  for (size_t i = 0; i < stream->len; i++) {
    if (stream->kept[i].seq <= after) continue;
    ed_buf_printf(&text, "%s%d@%" PRIu64, space, stream->kept[i].value, stream->kept[i].seq);
    space = " ";
  }
  ed_buf_add(&text, "]", 2);
  say(model, to, (const char *)text.at);
  ed_buf_deinit(&text);
}

static bool hears_pushes(const struct actor *actor, size_t key) {
  const struct ed_member *member = &actor->fake.member;
  return actor->in && !member->transient && !member->debug && (!member->choosy || actor->hears[key]);
}

static void say_push(struct model *model, size_t key, enum ed_action action, bool changed) {
  char text[64];
  snprintf(text, sizeof text, "push %s=%d @%" PRIu64, key_name(key), model->value, model->seq);
  for (size_t i = 0; i < MEMBERS; i++) {
    struct actor *actor = &model->actors[i];
    if (action != ED_COMPACT && hears_pushes(actor, key)) say(model, actor, text);
    if (!actor->in || !actor->fake.member.debug) continue;
    if (action == ED_RELAY)
      say(model, actor, text);
    else if (changed)
      say_init(model, actor, key, 0);
  }
}

/* ---- what is done, to the room and to the model ---- */

static void drop(struct model_stream *stream, size_t count) {
  memmove(stream->kept, stream->kept + count, (stream->len - count) * sizeof *stream->kept);
  stream->len -= count;
  if (count) stream->base = 0;
}

/* Whether what is retained has changed. */
static bool apply(struct model *model, struct model_stream *stream, enum ed_action action, uint64_t seq) {
  struct kept new = {seq, model->value};
  size_t gone = 0;
  switch (action) {
    case ED_RELAY: return false;
    case ED_APPEND: stream->kept[stream->len++] = new; return true;
    case ED_REPLACE: break;
    case ED_COMPACT:
      if (seq < stream->base) return false;
      while (gone < stream->len && stream->kept[gone].seq <= seq) gone++;
      drop(stream, gone);
      memmove(stream->kept + 1, stream->kept, stream->len++ * sizeof *stream->kept);
      stream->kept[0] = new;
      stream->base = seq;
      return true;
  }
  stream->kept[0] = new;
  stream->len = 1;
  stream->base = 0;
  return true;
}

static void note(struct model *model, size_t key) {
  model->past[model->past_len++] = (struct past){model->seq, key, model->value};
}

/* A push; of one who speaks eddy.v1 now and then with an id, which is its value. */
static int push_of(struct model *model, struct actor *actor, enum ed_action action, size_t key, uint64_t seq,
                   bool *with_id) {
  char value[16];
  snprintf(value, sizeof value, "%d", ++model->value);
  *with_id = actor->fake.member.v1 && dice(model, 2);
  if (!*with_id) return try_push(&actor->fake, action, key_name(key), seq, value);
  const struct ed_request push = {.type = ED_REQUEST_PUSH, .action = action, .key = ed_span_text(key_name(key)),
                                  .seq = seq, .encoding = ED_JSON, .value = ed_span_text(value),
                                  .id = ed_span_text(value)};
  return ask(&actor->fake, &push);
}

static void do_push(struct model *model, struct actor *actor, size_t key) {
  static const enum ed_action actions[] = {ED_RELAY,  ED_RELAY,  ED_APPEND,  ED_APPEND, ED_APPEND,
                                           ED_APPEND, ED_APPEND, ED_REPLACE, ED_COMPACT};
  enum ed_action action = actions[dice(model, 9)];
  struct model_stream *stream = &model->streams[key];
  bool with_id;
  uint64_t seq = 0;
  if (action == ED_COMPACT) {
    uint64_t back = dice(model, 30);
    seq = model->seq + 2 > back ? model->seq + 2 - back : 0; /* two too far ahead, to far behind */
  }
  int result = push_of(model, actor, action, key, seq, &with_id);
  if (action == ED_COMPACT && (seq < 1 || seq > model->seq)) {
    ck_assert_int_eq(result, -1);
    return;
  }
  ck_assert_int_eq(result, 0);
  if (action != ED_COMPACT) seq = ++model->seq, note(model, key);
  bool changed = apply(model, stream, action, seq);
  model->mark += changed || action == ED_RELAY;
  say_push(model, key, action, changed);
  if (stream->len > 1) {
    char text[64];
    snprintf(text, sizeof text, "size %s %zu", key_name(key), stream->len);
    say(model, actor, text);
  }
  if (with_id) {
    char text[64];
    snprintf(text, sizeof text, "ack %d @%" PRIu64, model->value, seq);
    say(model, actor, text);
  }
}

/* Whether the model still retains all that was broadcast of the key after `seq`. */
static bool all_there(const struct model *model, size_t key, uint64_t seq) {
  const struct model_stream *stream = &model->streams[key];
  for (size_t i = 0; i < model->past_len; i++) {
    const struct past *past = &model->past[i];
    bool there = past->key != key || past->seq <= seq;
    for (size_t k = 0; k < stream->len && !there; k++)
      there = stream->kept[k].seq == past->seq && stream->kept[k].value == past->value;
    if (!there) return false;
  }
  return true;
}

/* What a resume is to say of a key. What the room says is lost that the model has may only be so as the room knows it no
 * better: its stream has come and gone. */
static void tell_key(const struct model *model, struct ed_buf *text, size_t key, uint64_t seq) {
  const struct model_stream *kept = &model->streams[key];
  const struct ed_room *room = model->world.room;
  const struct ed_stream *stream = ed_room_stream(model->world.room, ed_span_text(key_name(key)));
  bool complete = all_there(model, key, seq), recovered = seq <= model->seq && seq >= (stream ? stream->lost : room->lost);
  ck_assert(complete || !recovered);
  ck_assert(!complete || recovered || seq > model->seq || seq < room->lost);
  ed_buf_printf(text, " %s%s[", key_name(key), recovered ? "+" : "-");
  const char *space = "";
  for (size_t i = 0; i < kept->len; i++) {
    if (recovered && (kept->kept[i].seq <= seq || (i == 0 && kept->base))) continue;
    ed_buf_printf(text, "%s%d@%" PRIu64, space, kept->kept[i].value, kept->kept[i].seq);
    space = " ";
  }
  ed_buf_add_text(text, "]");
}

static void do_resume(struct model *model, struct actor *actor) {
  struct ed_buf text = {0}, keys = {0};
  uint64_t back = dice(model, 20), seq = model->seq + 2 > back ? model->seq + 2 - back : 0;
  ed_buf_add_text(&keys, "[");
  ed_buf_printf(&text, "resumed @%" PRIu64, model->seq);
  for (size_t key = 0; key < KEYS; key++) {
    if (dice(model, 2)) continue;
    ed_buf_printf(&keys, "%s\"%s\"", keys.len > 1 ? "," : "", key_name(key));
    tell_key(model, &text, key, seq);
    actor->hears[key] = true;
  }
  ed_buf_add(&keys, "]", 2);
  ed_buf_add_byte(&text, 0);
  resume(&actor->fake, seq, (char *)keys.at);
  say(model, actor, (char *)text.at);
  ed_buf_deinit(&text), ed_buf_deinit(&keys);
}

/* In no order, so it is the room's. */
static void do_members(struct model *model, struct actor *actor) {
  const struct ed_room *room = model->world.room;
  const struct ed_members *const lists[] = {&room->choosy, &room->everyone[0], &room->debuggers[0], &room->everyone[1],
                                            &room->debuggers[1]};
  struct ed_buf text = {0};
  actor->rostered = dice(model, 3) > 0;
  ask_members(&actor->fake, !actor->rostered);
  if (!actor->rostered) return;
  size_t in = 0, listed = 0;
  for (size_t i = 0; i < MEMBERS; i++) in += model->actors[i].in && !model->actors[i].fake.member.transient;
  ed_buf_add_text(&text, "members");
  for (size_t i = 0; i < 5; i++)
    for (size_t k = 0; k < lists[i]->len; k++, listed++) ed_buf_printf(&text, " %" PRIu64, lists[i]->list[k]->id);
  ck_assert_uint_eq(in, listed);
  ed_buf_add_byte(&text, 0);
  say(model, actor, (char *)text.at);
  ed_buf_deinit(&text);
}

static void announce(struct model *model, const struct actor *actor, uint64_t id, const char *what) {
  char text[32];
  snprintf(text, sizeof text, "%s %" PRIu64, what, id);
  for (size_t i = 0; i < MEMBERS && !actor->fake.member.transient; i++)
    if (model->actors[i].in && model->actors[i].rostered && &model->actors[i] != actor)
      say(model, &model->actors[i], text);
}

static void do_get(struct model *model, struct actor *actor, size_t key) {
  actor->hears[key] = true;
  if (dice(model, 4) == 0) {
    subscribe(&actor->fake, key_name(key));
    return;
  }
  uint64_t after = dice(model, 2) ? 0 : model->seq - dice(model, 10) % (model->seq + 1);
  get(&actor->fake, key_name(key), after);
  say_init(model, actor, key, after);
}

static void do_join(struct model *model, struct actor *actor) {
  enum ed_encoding encoding = dice(model, 2) ? ED_JSON : ED_CBOR;
  uint32_t kind = dice(model, 8);
  memset(actor->hears, 0, sizeof actor->hears);
  actor->rostered = false;
  if (kind == 0)
    join_debug(&model->world, &actor->fake, encoding);
  else if (kind == 1)
    join_transient(&model->world, &actor->fake);
  else if (kind < 5)
    join_v1(&model->world, &actor->fake, encoding);
  else
    join_as(&model->world, &actor->fake, encoding);
  if (kind != 1 && dice(model, 3)) fake_sends(&actor->fake);
  actor->in = true;
  if (actor->fake.member.v1) {
    char text[64];
    snprintf(text, sizeof text, "hello %" PRIu64 " @%" PRIu64, actor->fake.member.id, model->seq);
    say(model, actor, text);
  }
  announce(model, actor, actor->fake.member.id, "join");
  if (kind != 0) return;
  struct ed_stream *stream, *next; /* in what order is the room's affair */
  HASH_ITER(hh, model->world.room->streams, stream, next)
  for (size_t key = 0; key < KEYS; key++)
    if (strcmp(stream->key, key_name(key)) == 0 && model->streams[key].len) say_init(model, actor, key, 0);
}

static void note_shorn(struct model *model, size_t key) {
  bool debugged = false;
  for (size_t i = 0; i < MEMBERS; i++) debugged |= model->actors[i].in && model->actors[i].fake.member.debug;
  for (size_t i = 0; i < model->shorn_len; i++)
    if (model->shorn[i] == key) return;
  if (debugged) model->shorn[model->shorn_len++] = key;
}

static void say_shorn(struct model *model) {
  for (size_t i = 0; i < model->shorn_len; i++)
    for (size_t k = 0; k < MEMBERS; k++)
      if (model->actors[k].in && model->actors[k].fake.member.debug)
        say_init(model, &model->actors[k], model->shorn[i], 0);
  model->shorn_len = 0;
}

static void do_trim(struct model *model, size_t key) {
  struct ed_stream *stream = ed_room_stream(model->world.room, ed_span_text(key_name(key)));
  size_t count = dice(model, 4);
  if (!stream) return;
  if (count > model->streams[key].len) count = model->streams[key].len;
  drop(&model->streams[key], count);
  model->mark += count > 0;
  if (count) note_shorn(model, key);
  ed_room_trim(stream, count);
}

/* ---- what is heard ---- */

static void hear(struct model *model, struct actor *actor) {
  char *text = (char *)fake_heard(&actor->fake);
  while (*text) {
    char *end = strstr(text, " | ");
    if (end) *end = 0;
    ck_assert_msg(actor->heard < actor->said, "too much: %s", text);
    const struct line *line = &actor->lines[actor->heard++];
    ck_assert_str_eq(text, line->text);
    ck_assert_uint_le(line->stamp, model->world.room->open); /* nothing before its time */
    if (!end) break;
    text = end + 3;
  }
}

static void forget(struct actor *actor) {
  for (size_t i = 0; i < actor->said; i++) free(actor->lines[i].text);
  free(actor->lines);
  actor->lines = NULL;
  actor->said = actor->heard = actor->cap = 0;
}

static void do_leave(struct model *model, struct actor *actor) {
  hear(model, actor);
  uint64_t id = actor->fake.member.id;
  leave(&actor->fake);
  forget(actor);
  actor->in = false;
  announce(model, actor, id, "leave");
}

static void do_stall(struct model *model, struct actor *actor) {
  actor->fake.stalls = dice(model, 2);
  actor->fake.takes = dice(model, 3) ? 0 : 1 + dice(model, 300);
  if (actor->fake.stalls)
    actor->fake.member.blocked = true;
  else
    fake_pull(&actor->fake); /* the socket is writeable */
}

/* Turns; then who could take everything has heard everything, and the room retains what the model does. */
static void do_turn(struct model *model) {
  struct ed_room *room = model->world.room;
  say_shorn(model);
  turn(&model->world);
  for (size_t i = 0; i < MEMBERS; i++) {
    struct actor *actor = &model->actors[i];
    if (!actor->in) continue;
    hear(model, actor);
    ck_assert_uint_eq(actor->fake.closes, 0);
    if (!actor->fake.member.blocked && room->open >= model->mark) ck_assert_uint_eq(actor->heard, actor->said);
  }
  size_t messages = 0, there = 0;
  for (size_t key = 0; key < KEYS; key++) {
    bool heard = false;
    for (size_t i = 0; i < MEMBERS; i++) heard |= model->actors[i].in && model->actors[i].fake.member.choosy &&
                                                  model->actors[i].hears[key];
    messages += model->streams[key].len;
    there += model->streams[key].len || heard;
  }
  ck_assert_uint_eq(room->seq, model->seq);
  ck_assert_uint_eq(room->mark, model->mark);
  ck_assert_uint_eq(room->messages, messages);
  ck_assert_uint_eq(streams(&model->world), there);
}

static void do_gate(struct model *model) {
  struct ed_room *room = model->world.room;
  for (size_t i = 0; i < MEMBERS; i++)
    if (model->actors[i].in) hear(model, &model->actors[i]); /* what was sent under the old rule */
  ed_room_open_outbox(room, dice(model, 3) ? UINT64_MAX : model->mark + dice(model, 5));
}

static void step(struct model *model) {
  struct actor *actor = &model->actors[dice(model, MEMBERS)];
  size_t key = dice(model, KEYS);
  uint32_t what = dice(model, 100);
  if (what >= 90) {
    do_turn(model);
  } else if (!actor->in) {
    if (what < 30) do_join(model, actor);
  } else if (what < 3) {
    do_leave(model, actor);
  } else if (what < 9) {
    do_get(model, actor, key);
  } else if (what < 11 && actor->fake.member.v1) {
    if (dice(model, 3))
      do_resume(model, actor);
    else
      do_members(model, actor);
  } else if (what < 12) {
    unsubscribe(&actor->fake, key_name(key));
    actor->hears[key] = false;
  } else if (what < 16) {
    do_stall(model, actor);
  } else if (what < 18) {
    do_gate(model);
  } else if (what < 19) {
    do_trim(model, key);
  } else if (what < 21) {
    ping(&actor->fake, 5);
    say(model, actor, "pong 5");
  } else {
    do_push(model, actor, key);
  }
}

START_TEST(random_run) {
  struct model *model = calloc(1, sizeof *model);
  model->state = (uint32_t)_i * 2654435761u + 1;
  world_init(&model->world);
  model->world.space.limits.queue = 1 << 30;
  for (int i = 0; i < STEPS; i++) step(model);
  ck_assert_uint_gt(model->seq, STEPS / 10);
  ed_room_open_outbox(model->world.room, UINT64_MAX);
  for (size_t i = 0; i < MEMBERS; i++) {
    struct actor *actor = &model->actors[i];
    actor->fake.stalls = false;
    actor->fake.takes = 0;
    if (actor->in) fake_pull(&actor->fake);
  }
  do_turn(model); /* in the end everybody has heard all of it */
  for (size_t i = 0; i < MEMBERS; i++)
    if (model->actors[i].in) do_leave(model, &model->actors[i]);
  world_deinit(&model->world);
  free(model);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/model");
  TCase *tests = tcase_create("model");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, random_run, 0, 20);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
