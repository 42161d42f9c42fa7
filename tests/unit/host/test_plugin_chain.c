/* core/host/chain: what plugins see of rooms, in which order, and what they can do about it. */
#include <errno.h>
#include <stdarg.h>

#include "host/plugged.h"

/* What the plugins were told, as one text: "a.push(k=1) b.commit(k=1 @1) ...". */
static struct ed_buf told;

static const char *all_told(void) {
  ed_buf_add_byte(&told, 0);
  told.len = 0;
  return (const char *)told.at;
}

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...) {
  char text[256];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (told.len) ed_buf_add_byte(&told, ' ');
  ed_buf_add_text(&told, text);
}

#define TOLD(want) ck_assert_str_eq(all_told(), want)

struct plug {
  const char *name;
  const struct eddy_host *host;
  struct eddy_core *core;
  int load_result, open_result;
  enum eddy_verdict verdict, join_verdict;
  const char *why;
  struct eddy_room *echo_to; /* every commit that is not its own is pushed there once more */
} plugs[2] = {{.name = "a"}, {.name = "b"}};

static struct plugged plugged;
static struct fake ann, bob;
static size_t loading;

static int on_load(const struct eddy_host *host, struct eddy_core *core, void **self) {
  struct plug *plug = &plugs[loading++];
  plug->host = host;
  plug->core = core;
  *self = plug;
  tell("%s.load", plug->name);
  return plug->load_result;
}

static void on_unload(void *self) { tell("%s.unload", ((struct plug *)self)->name); }

static int on_open(void *self, struct eddy_room *room, int is_new) {
  struct plug *plug = self;
  struct eddy_text name = plug->host->room_name(plug->core, room);
  tell("%s.open(%.*s%s)", plug->name, (int)name.len, name.at, is_new ? " new" : "");
  return plug->open_result;
}

static void on_close(void *self, struct eddy_room *room, int for_good) {
  struct plug *plug = self;
  (void)room;
  tell("%s.close(%s)", plug->name, for_good ? "good" : "");
}

static void give_why(const struct plug *plug, struct eddy_text *why) {
  if (plug->why) *why = text_of(plug->why);
}

static enum eddy_verdict on_join(void *self, struct eddy_room *room, const struct eddy_member *member,
                                 struct eddy_text *why) {
  struct plug *plug = self;
  (void)room;
  tell("%s.join(%d)", plug->name, (int)member->id);
  give_why(plug, why);
  return plug->join_verdict;
}

static void on_leave(void *self, struct eddy_room *room, const struct eddy_member *member) {
  (void)room;
  tell("%s.leave(%d)", ((struct plug *)self)->name, (int)member->id);
}

static const char *origin_of(const struct plug *plug, const struct eddy_push *push) {
  return !push->origin ? "" : push->origin == plug ? " own" : " other";
}

static enum eddy_verdict on_push(void *self, struct eddy_room *room, const struct eddy_push *push,
                                 const struct eddy_member *member, struct eddy_text *why) {
  struct plug *plug = self;
  (void)room;
  tell("%s.push(%.*s=%.*s by %d%s)", plug->name, (int)push->key.len, push->key.at, (int)push->value.bytes.len,
       push->value.bytes.at, (int)member->id, origin_of(plug, push));
  give_why(plug, why);
  return plug->verdict;
}

static void on_commit(void *self, struct eddy_room *room, const struct eddy_push *push,
                      const struct eddy_member *member) {
  struct plug *plug = self;
  (void)room, (void)member;
  tell("%s.commit(%.*s=%.*s @%d%s)", plug->name, (int)push->key.len, push->key.at, (int)push->value.bytes.len,
       push->value.bytes.at, (int)push->seq, origin_of(plug, push));
  if (!plug->echo_to || push->origin == plug) return;
  ck_assert_int_eq(
      plug->host->room_push(plug->core, plug->echo_to, EDDY_APPEND, text_of("echo"), &push->value, 0, plug), 0);
}

static struct eddy_plugin table(const char *name) {
  return (struct eddy_plugin){.abi = EDDY_ABI,
                              .size = sizeof(struct eddy_plugin),
                              .name = name,
                              .load = on_load,
                              .unload = on_unload,
                              .room_open = on_open,
                              .room_close = on_close,
                              .join = on_join,
                              .leave = on_leave,
                              .push = on_push,
                              .commit = on_commit};
}

/* ---- the policy behind them ---- */

static uint8_t policy_watches;
static int policy_open_result, policy_join_result;

static int policy_open(void *gate, struct ed_room *room, struct ed_fault *fault) {
  (void)gate, (void)room;
  tell("policy.open");
  return policy_open_result < 0 ? ed_fault(fault, ED_FAULT_BROKEN, NULL) : 0;
}
static void policy_close(void *gate, struct ed_room *room) {
  (void)gate, (void)room;
  tell("policy.close");
}
static void policy_begin(void *gate, struct ed_stream *stream) {
  (void)gate;
  stream->watched |= policy_watches;
}
static void policy_end(void *gate, struct ed_stream *stream) {
  (void)gate;
  stream->watched = 0;
}
static int policy_join(void *gate, struct ed_room *room, struct ed_member *member, struct ed_fault *fault) {
  (void)gate, (void)room, (void)member;
  tell("policy.join");
  return policy_join_result < 0 ? ed_fault(fault, ED_FAULT_REFUSED, "the policy") : 0;
}
static void policy_leave(void *gate, struct ed_room *room, struct ed_member *member) {
  (void)gate, (void)room, (void)member;
  tell("policy.leave");
}
static enum ed_verdict policy_push(void *gate, struct ed_stream *stream, struct ed_push *push, struct ed_member *member,
                                   struct ed_fault *fault) {
  (void)gate, (void)stream, (void)push, (void)member, (void)fault;
  tell("policy.push");
  return ED_PASS;
}
static void policy_commit(void *gate, struct ed_stream *stream, const struct ed_push *push, struct ed_member *member) {
  (void)gate, (void)stream, (void)push, (void)member;
  tell("policy.commit");
}
static const struct ed_gate_ops POLICY = {policy_open, policy_close, policy_begin, policy_end,
                                          policy_join, policy_leave, policy_push,  policy_commit};

static void begin(void) {
  told = (struct ed_buf){0};
  loading = 0;
  policy_watches = 1;
  policy_open_result = policy_join_result = 0;
  for (size_t i = 0; i < 2; i++) plugs[i] = (struct plug){.name = plugs[i].name};
  plugged_init(&plugged, &POLICY, NULL);
  struct eddy_plugin a = table("a"), b = table("b");
  plug(&plugged, &a);
  plug(&plugged, &b);
}

static void begin_all(void) {
  begin();
  plugged_begin(&plugged);
  TOLD("a.load b.load a.open(space/room new) b.open(space/room new) policy.open");
}

static void end(void) {
  plugged_deinit(&plugged);
  ed_buf_deinit(&told);
}

/* ---- */

START_TEST(life) {
  join(&plugged.world, &ann);
  TOLD("a.join(1) b.join(1) policy.join");
  leave(&ann);
  TOLD("policy.leave b.leave(1) a.leave(1)");
  ed_hub_remove(plugged.world.room);
  TOLD("b.close(good) a.close(good) policy.close");
  plugged_create(&plugged, "two", NULL);
  TOLD("a.open(space/two new) b.open(space/two new) policy.open");
  ed_hub_deinit(&plugged.world.hub);
  TOLD("b.close() a.close() policy.close");
  ed_plugins_free(plugged.plugins);
  plugged.plugins = NULL;
  TOLD("b.unload a.unload");
}
END_TEST

START_TEST(one_does_not_load) {
  plugs[1].load_result = -5;
  ck_assert_int_eq(plugged_try(&plugged), -5);
  TOLD("a.load b.load a.unload");
  ck_assert_ptr_eq(plugged.world.hub.gate_ops, &POLICY); /* as before */
  ck_assert_ptr_null(plugged.world.hub.keeper_ops);
}
END_TEST

START_TEST(room_refused) {
  struct ed_fault fault;
  plugs[1].open_result = -1;
  ck_assert_ptr_null(plugged_create(&plugged, "two", &fault));
  ck_assert_int_eq(fault.code, ED_FAULT_REFUSED);
  TOLD("a.open(space/two new) b.open(space/two new) a.close(good)");
  plugs[1].open_result = 0;
  policy_open_result = -1;
  ck_assert_ptr_null(plugged_create(&plugged, "two", &fault));
  ck_assert_int_eq(fault.code, ED_FAULT_BROKEN);
  TOLD("a.open(space/two new) b.open(space/two new) policy.open b.close(good) a.close(good) policy.close");
  ck_assert_uint_eq(ed_hub_rooms(&plugged.world.hub), 1);
}
END_TEST

START_TEST(join_refused) {
  struct fake fake;
  fake_prepare(&fake, ED_JSON);
  plugs[1].join_verdict = EDDY_REFUSE;
  plugs[1].why = "b does not like you";
  REFUSED(ed_room_join(plugged.world.room, &fake.member, &fake.fault), &fake, ED_FAULT_REFUSED, "b does not like you");
  TOLD("a.join(1) b.join(1) a.leave(1)"); /* who let it in is told that it has gone */
  plugs[1].join_verdict = EDDY_PASS;
  policy_join_result = -1;
  fake_prepare(&fake, ED_JSON);
  REFUSED(ed_room_join(plugged.world.room, &fake.member, &fake.fault), &fake, ED_FAULT_REFUSED, "the policy");
  TOLD("a.join(2) b.join(2) policy.join b.leave(2) a.leave(2)");
}
END_TEST

START_TEST(transient_members) {
  join_transient(&plugged.world, &ann);
  TOLD(""); /* they are not announced */
  PUSH(&ann, ED_RELAY, "k", "1");
  TOLD("a.push(k=1 by 1) b.push(k=1 by 1) policy.push a.commit(k=1 @1) b.commit(k=1 @1) policy.commit");
  ann.member.host = &bob; /* the policy has kept something of it */
  leave(&ann);
  TOLD("policy.leave");
}
END_TEST

START_TEST(push_and_commit) {
  join(&plugged.world, &ann);
  all_told();
  PUSH(&ann, ED_APPEND, "k", "1");
  TOLD("a.push(k=1 by 1) b.push(k=1 by 1) policy.push a.commit(k=1 @1) b.commit(k=1 @1) policy.commit");
  COMPACT(&ann, "k", 1, "2");
  TOLD("a.push(k=2 by 1) b.push(k=2 by 1) policy.push a.commit(k=2 @1) b.commit(k=2 @1) policy.commit");
  policy_watches = 0;
  PUSH(&ann, ED_APPEND, "l", "1"); /* a stream that the policy does not care for */
  TOLD("a.push(l=1 by 1) b.push(l=1 by 1) a.commit(l=1 @2) b.commit(l=1 @2)");
  leave(&ann);
}
END_TEST

START_TEST(veto) {
  join(&plugged.world, &ann);
  all_told();
  plugs[0].verdict = EDDY_REFUSE;
  plugs[0].why = "not that";
  REFUSED(try_push(&ann, ED_APPEND, "k", 0, "1"), &ann, ED_FAULT_REFUSED, "not that");
  TOLD("a.push(k=1 by 1)"); /* nobody else is asked */
  plugs[0].why = NULL;
  REFUSED(try_push(&ann, ED_APPEND, "k", 0, "1"), &ann, ED_FAULT_REFUSED, "refused by a");
  plugs[0].verdict = EDDY_DROP;
  PUSH(&ann, ED_APPEND, "k", "1");
  ck_assert_uint_eq(plugged.world.room->seq, 0);
  turn(&plugged.world);
  EXPECT(&ann, "");
  leave(&ann);
}
END_TEST

/* What a plugin says becomes a message to a client: cut to length, and to what is text. */
START_TEST(odd_reasons) {
  join(&plugged.world, &ann);
  char longest[301];
  memset(longest, 'x', 300);
  longest[300] = 0;
  plugs[0].verdict = EDDY_REFUSE;
  plugs[0].why = longest;
  ck_assert_int_eq(try_push(&ann, ED_APPEND, "k", 0, "1"), -1);
  ck_assert_uint_eq(strlen(ann.fault.text), 127);
  memcpy(longest + 126, "\xc3\xa9", 2); /* a character across the edge */
  ck_assert_int_eq(try_push(&ann, ED_APPEND, "k", 0, "1"), -1);
  ck_assert_uint_eq(strlen(ann.fault.text), 126);
  plugs[0].why = "bad \xff text";
  ck_assert_int_eq(try_push(&ann, ED_APPEND, "k", 0, "1"), -1);
  ck_assert_str_eq(ann.fault.text, "bad ");
  leave(&ann);
}
END_TEST

START_TEST(pushes_of_plugins) {
  struct eddy_room *room = ed_plugin_room(plugged.world.room);
  struct eddy_value value = json_of("[1, 2]");
  const struct eddy_host *host = plugs[0].host;
  join_as(&plugged.world, &ann, ED_JSON);
  join_as(&plugged.world, &bob, ED_CBOR);
  all_told();
  ck_assert_int_eq(host->room_push(plugs[0].core, room, EDDY_APPEND, text_of("k"), &value, 0, &plugs[0]), 0);
  TOLD(
      "a.push(k=[1, 2] by 0 own) b.push(k=[1, 2] by 0 other) policy.push a.commit(k=[1, 2] @1 own) b.commit(k=[1, 2] "
      "@1 other)"
      " policy.commit");
  turn(&plugged.world);
  EXPECT(&ann, "push k=[1,2] @1");
  EXPECT(&bob, "push k=[1,2] @1");

  plugs[0].echo_to = room; /* and what is its own is not echoed, or this would never end */
  PUSH(&ann, ED_RELAY, "k", "7");
  turn(&plugged.world);
  EXPECT(&bob, "push k=7 @2 | push echo=7 @3");
  leave(&ann);
  leave(&bob);
}
END_TEST

START_TEST(pushes_that_cannot_be) {
  struct eddy_room *room = ed_plugin_room(plugged.world.room);
  struct eddy_value value = json_of("1");
  const struct eddy_host *host = plugs[0].host;
  struct eddy_core *core = plugs[0].core;
  struct {
    enum eddy_action action;
    const char *key;
    struct eddy_value value;
    uint64_t seq;
    int error;
  } cases[] = {
      {EDDY_APPEND, "k", json_of("{"), 0, -EINVAL},
      {EDDY_APPEND, "k", json_of("1 2"), 0, -EINVAL},
      {EDDY_APPEND, "k", json_of(""), 0, -EINVAL},
      {EDDY_APPEND, "k", {EDDY_CBOR, text_of("\x82\x01")}, 0, -EINVAL},
      {EDDY_APPEND, "k", {EDDY_CBOR, text_of("\x01\x01")}, 0, -EINVAL},
      {EDDY_APPEND, "k", {(enum eddy_encoding)9, text_of("1")}, 0, -EINVAL},
      {EDDY_APPEND, "\xff", value, 0, -EINVAL},
      {(enum eddy_action)9, "k", value, 0, -EINVAL},
      {EDDY_COMPACT, "k", value, 5, -EINVAL},
      {EDDY_APPEND, "k", value, 0, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_int_eq(
        host->room_push(core, room, cases[i].action, text_of(cases[i].key), &cases[i].value, cases[i].seq, core),
        cases[i].error);
  plugged.world.space.limits.message = 3;
  value = json_of("\"abc\"");
  ck_assert_int_eq(host->room_push(core, room, EDDY_APPEND, text_of("k"), &value, 0, core), -E2BIG);
  plugged.world.space.limits.message = 100;
  plugged.world.space.limits.stream_messages = 1;
  ck_assert_int_eq(host->room_push(core, room, EDDY_APPEND, text_of("k"), &value, 0, core), -E2BIG);
  plugs[1].verdict = EDDY_REFUSE;
  ck_assert_int_eq(host->room_push(core, room, EDDY_RELAY, text_of("k"), &value, 0, core), -EACCES);
  ck_assert_uint_eq(plugged.world.room->seq, 1);
}
END_TEST

START_TEST(rooms) {
  const struct eddy_host *host = plugs[0].host;
  struct eddy_core *core = plugs[0].core;
  struct eddy_room *room = host->room_find(core, text_of("space/room"));
  ck_assert_ptr_eq(room, ed_plugin_room(plugged.world.room));
  ck_assert_ptr_null(host->room_find(core, text_of("space/none")));
  ck_assert_ptr_null(host->room_find(core, text_of("")));
  ck_assert_str_eq(host->room_policy(core, room), "default");
  ck_assert_ptr_null(host->room_data(core, room));
  host->room_set_data(core, room, &ann);
  host->room_set_data(plugs[1].core, room, &bob);
  ck_assert_ptr_eq(host->room_data(core, room), &ann);
  ck_assert_ptr_eq(host->room_data(plugs[1].core, room), &bob);
  plugged.world.timers.epoch_ms = 1000000;
  ck_assert_int_eq(host->room_expires_ms(core, room), 1000000 + 1000 + 60000);
  pass_time(&plugged, 500);
  ck_assert_int_eq(host->room_expires_ms(core, room), 1000000 + 1000 + 60000); /* since nobody was there */
  plugged.world.room->idle_ms = 0;
  ck_assert_int_eq(host->room_expires_ms(core, room), 0);
}
END_TEST

/* With plugins that do not want to see pushes, a push is asked of nobody. */
START_TEST(nobody_cares) {
  policy_watches = 0;
  struct eddy_plugin a = table("a");
  a.push = NULL;
  a.commit = NULL;
  plugged.len = 0;
  plug(&plugged, &a);
  plugged_begin(&plugged);
  join(&plugged.world, &ann);
  all_told();
  PUSH(&ann, ED_APPEND, "k", "1");
  ck_assert_uint_eq(ed_room_stream(plugged.world.room, ED_LIT("k"))->watched, 0);
  TOLD("");
  leave(&ann);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("host/plugin_chain");
  TCase *bare = tcase_create("before");
  tcase_add_checked_fixture(bare, begin, end);
  tcase_add_test(bare, one_does_not_load);
  tcase_add_test(bare, nobody_cares);
  suite_add_tcase(suite, bare);
  TCase *tests = tcase_create("chain");
  tcase_add_checked_fixture(tests, begin_all, end);
  tcase_add_test(tests, life);
  tcase_add_test(tests, room_refused);
  tcase_add_test(tests, join_refused);
  tcase_add_test(tests, transient_members);
  tcase_add_test(tests, push_and_commit);
  tcase_add_test(tests, veto);
  tcase_add_test(tests, odd_reasons);
  tcase_add_test(tests, pushes_of_plugins);
  tcase_add_test(tests, pushes_that_cannot_be);
  tcase_add_test(tests, rooms);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
