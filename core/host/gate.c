/* The gate of the hub, filled: what the policy of a room says of a push. */
#include "host/gate.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "host/policy.h"

static struct ed_span no_key(void) { return ed_span(NULL, 0); }

/* What a client is told of a failure: that there was one. What it was is for the author, in the log. */
static int broken(struct ed_fault *fault, const struct ed_room *room) {
  return ed_fault(fault, ED_FAULT_BROKEN, "the room's policy (%.64s) has failed", room->policy);
}

static int gate_open(void *gate, struct ed_room *room, struct ed_fault *fault) {
  struct ed_host *host = gate;
  struct ed_script_error error;
  struct ed_policy *policy = ed_policy_find(host, room->policy, &error);
  struct ed_instance *instance = policy ? ed_instance_new(policy->current, room, false, &error) : NULL;
  if (!instance) {
    if (!policy) ed_log(host->log, ED_LOG_ERROR, "host", "policy %s does not load: %s", room->policy, error.text);
    return broken(fault, room);
  }
  ed_instance_install(instance);
  return 0;
}

static void gate_close(void *gate, struct ed_room *room) {
  (void)gate;
  if (room->host) ed_instance_free(room->host);
  room->host = NULL;
}

static void gate_begin(void *gate, struct ed_stream *stream) {
  (void)gate;
  if (stream->room->host) ed_stream_resolve(stream->room->host, stream);
}

static void gate_end(void *gate, struct ed_stream *stream) {
  (void)gate;
  ed_stream_unresolve(stream);
}

/* ---- join and leave ---- */

struct member_call {
  struct ed_member *member;
  bool refused;
  struct ed_fault *fault;
};

/* The sentence that a stage gave as its second result, at this index; cut to what a fault holds. */
static void refusal(lua_State *L, int index, struct ed_fault *fault) {
  const char *why = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "the room's policy refused this";
  ed_fault(fault, ED_FAULT_REFUSED, "%s", why);
}

static void count_refusal(struct ed_instance *instance) {
  instance->host->counts.refusals++;
  ed_policy_of(instance)->refusals++;
}

static int join(lua_State *L) {
  struct member_call *call = lua_touserdata(L, 1);
  struct ed_instance *instance = ed_home_current(L);
  for (size_t i = 0; i < instance->stages_len; i++) {
    if (instance->stages[i].join == LUA_NOREF) continue;
    lua_settop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->stages[i].join);
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->room_ref);
    ed_bind_member_push(L, instance, call->member);
    lua_call(L, 2, 2); /* nothing at all means yes; nil and a text mean no */
    if (lua_isnil(L, 2) && lua_isnil(L, 3)) continue;
    if (!lua_isnil(L, 2) && lua_toboolean(L, 2)) continue;
    refusal(L, 3, call->fault);
    call->refused = true;
    return 0;
  }
  return 0;
}

static int leave(lua_State *L) {
  struct member_call *call = lua_touserdata(L, 1);
  struct ed_instance *instance = ed_home_current(L);
  for (size_t i = 0; i < instance->stages_len; i++) {
    if (instance->stages[i].leave == LUA_NOREF) continue;
    lua_settop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->stages[i].leave);
    lua_rawgeti(L, LUA_REGISTRYINDEX, instance->room_ref);
    ed_bind_member_push(L, instance, call->member);
    lua_call(L, 2, 0);
  }
  return 0;
}

static int gone(lua_State *L) {
  struct member_call *call = lua_touserdata(L, 1);
  ed_bind_member_gone(L, ed_home_current(L), call->member);
  return 0;
}

static bool any_stage(const struct ed_instance *instance, size_t offset) {
  for (size_t i = 0; i < instance->stages_len; i++)
    if (*(const int *)((const char *)&instance->stages[i] + offset) != LUA_NOREF) return true;
  return false;
}

static int gate_join(void *gate, struct ed_room *room, struct ed_member *member, struct ed_fault *fault) {
  (void)gate;
  struct ed_instance *instance = room->host;
  ed_instance_freshen(&instance);
  if (!any_stage(instance, offsetof(struct ed_stage, join))) return 0;
  struct member_call call = {.member = member, .fault = fault};
  struct ed_script_error error;
  int result = ed_instance_run(instance, ED_CALL_JOIN, join, &call, no_key(), &error);
  if (result == 0 && !call.refused) return 0;
  if (call.refused) {
    count_refusal(instance);
  } else {
    ed_home_rescue(instance->home, instance, &error);
    broken(fault, room);
  }
  /* It may be freed right after this, while the script has kept its object. */
  if (member->host) ed_instance_run(instance, ED_CALL_JOIN, gone, &call, no_key(), &error);
  return -1;
}

static void gate_leave(void *gate, struct ed_room *room, struct ed_member *member) {
  (void)gate;
  struct ed_instance *instance = room->host;
  struct member_call call = {.member = member};
  struct ed_script_error error;
  if (!member->transient && any_stage(instance, offsetof(struct ed_stage, leave)))
    if (ed_instance_run(instance, ED_CALL_LEAVE, leave, &call, no_key(), &error) < 0) {
      ed_home_rescue(instance->home, instance, &error);
      instance = room->host;
    }
  if (member->host) ed_instance_run(instance, ED_CALL_LEAVE, gone, &call, no_key(), &error);
}

/* ---- push and commit ---- */

struct push_call {
  struct ed_stream *stream;
  struct ed_push *push;
  struct ed_member *member;
  enum ed_verdict verdict;
  struct ed_fault *fault;
  size_t took; /* bytes that it allocated */
};

/* Room, msg, member: what push and commit are called with. */
static void push_arguments(lua_State *L, struct ed_instance *instance, const struct push_call *call) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance->room_ref);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance->home->msg_ref);
  ed_bind_member_push(L, instance, call->member);
}

static int push(lua_State *L) {
  struct push_call *call = lua_touserdata(L, 1);
  struct ed_instance *instance = ed_home_current(L);
  const struct ed_stream_stages *stages = call->stream->host;
  lua_settop(L, 1);
  push_arguments(L, instance, call); /* 2, 3, 4 */
  for (uint32_t i = 0; i < stages->pushes; i++) {
    lua_settop(L, 4);
    lua_rawgeti(L, LUA_REGISTRYINDEX, stages->refs[i]);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 4);
    lua_call(L, 3, 2);
    if (lua_rawequal(L, 5, 3)) continue;
    if (!lua_isnil(L, 5))
      return luaL_error(L, "push must return msg, or nil, or nil and a reason; not a %s", luaL_typename(L, 5));
    call->verdict = lua_isnil(L, 6) ? ED_DROP : ED_REFUSE;
    if (call->verdict == ED_REFUSE) refusal(L, 6, call->fault);
    return 0;
  }
  struct ed_home *home = instance->home;
  if (home->msg->assigned) ed_bind_msg_encode(L, 3, home);
  return 0;
}

static int commit(lua_State *L) {
  struct push_call *call = lua_touserdata(L, 1);
  struct ed_instance *instance = ed_home_current(L);
  const struct ed_stream_stages *stages = call->stream->host;
  lua_settop(L, 1);
  push_arguments(L, instance, call);
  for (uint32_t i = 0; i < stages->commits; i++) {
    lua_settop(L, 4);
    lua_rawgeti(L, LUA_REGISTRYINDEX, stages->refs[stages->pushes + i]);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 4);
    lua_call(L, 3, 0);
  }
  return 0;
}

static int run_push(struct ed_instance *instance, enum ed_call_kind kind, struct push_call *call) {
  struct ed_msg_view *msg = instance->home->msg;
  struct ed_msg_view outer = *msg;
  *msg = (struct ed_msg_view){.home = instance->home,
                              .stream = call->stream,
                              .push = call->push,
                              .writable = kind == ED_CALL_PUSH,
                              .room = instance->room};
  struct ed_script_error error;
  int result =
      ed_instance_run(instance, kind, kind == ED_CALL_PUSH ? push : commit, call, ed_stream_key(call->stream), &error);
  if (msg->decoded) ed_bind_msg_forget(instance->home);
  *msg = outer;
  call->took = instance->home->vm->call_bytes;
  if (result < 0) ed_home_rescue(instance->home, instance, &error);
  return result;
}

/* After a failure: where the room's state was given up because it is full, and by what the call took this was not its
 * doing, the room begins in a fresh one at once. */
static bool begin_again(struct ed_instance **instance, size_t took) {
  const struct ed_vm *vm = (*instance)->home->vm;
  if (!(*instance)->evicted || took > vm->limits.memory / 64 || ed_instance_has_close(*instance)) return false;
  ed_instance_freshen(instance);
  return !(*instance)->evicted && !(*instance)->broken;
}

static int run_push_again(struct ed_instance *instance, struct push_call *call) {
  const struct ed_stream_stages *stages = call->stream->host;
  return stages && stages->pushes ? run_push(instance, ED_CALL_PUSH, call) : 0;
}

static enum ed_verdict gate_push(void *gate, struct ed_stream *stream, struct ed_push *push_at_hand,
                                 struct ed_member *member, struct ed_fault *fault) {
  struct ed_host *host = gate;
  if (push_at_hand->origin == host) return ED_PASS; /* a policy does not judge itself */
  struct ed_instance *instance = stream->room->host;
  /* What a `close` pushes would wait behind this push, which it may be older than: such a room is moved by the timer
   * alone. */
  if (instance->swapping && !ed_instance_has_close(instance)) ed_instance_freshen(&instance);
  if (instance->broken) {
    broken(fault, stream->room);
    return ED_REFUSE;
  }
  const struct ed_stream_stages *stages = stream->host;
  if (!stages || !stages->pushes) return ED_PASS;
  struct push_call call = {
      .stream = stream, .push = push_at_hand, .member = member, .verdict = ED_PASS, .fault = fault};
  const struct ed_push as_it_came = *push_at_hand;
  if (run_push(instance, ED_CALL_PUSH, &call) < 0) {
    *push_at_hand = as_it_came;
    call.verdict = ED_PASS;
    if (!begin_again(&instance, call.took) || run_push_again(instance, &call) < 0) {
      broken(fault, stream->room);
      return ED_REFUSE;
    }
  }
  if (call.verdict == ED_REFUSE) count_refusal(instance);
  return call.verdict;
}

static void gate_commit(void *gate, struct ed_stream *stream, const struct ed_push *done, struct ed_member *member) {
  (void)gate;
  struct ed_instance *instance = stream->room->host;
  const struct ed_stream_stages *stages = stream->host;
  if (!stages || !stages->commits || instance->broken) return;
  struct ed_push copy = *done; /* msg is read-only in commit */
  struct push_call call = {.stream = stream, .push = &copy, .member = member};
  run_push(instance, ED_CALL_COMMIT, &call);
}

const struct ed_gate_ops ed_host_gate = {
    .open = gate_open,
    .close = gate_close,
    .begin = gate_begin,
    .end = gate_end,
    .join = gate_join,
    .leave = gate_leave,
    .push = gate_push,
    .commit = gate_commit,
};
