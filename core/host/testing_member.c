/* member, as tests see it: somebody with a connection to the room, whose page the test plays. */
#include <stdlib.h>

#include "base/mem.h"
#include "host/testing_world.h"

#define TYPE "eddy.test.member"

struct object {
  unsigned serial;
  struct ed_test_member *member;
};

static struct ed_test_member *member_of(lua_State *L) {
  const struct object *object = luaL_checkudata(L, 1, TYPE);
  if (object->serial != ed_test_world_of(L)->serial) luaL_error(L, "this member belongs to an earlier test");
  return object->member;
}

static struct ed_test_member *joined_of(lua_State *L) {
  struct ed_test_member *member = member_of(L);
  if (!member->joined) luaL_error(L, "this member has left its room%s%s", member->close_why ? ": " : "",
                                  member->close_why ? member->close_why : "");
  return member;
}

/* ---- what it is sent ---- */

static void deliver(struct ed_member *at) {
  struct ed_test_member *member = (struct ed_test_member *)at; /* its first field */
  struct ed_span bytes;
  while (ed_member_peek(at, &bytes)) {
    ed_buf_add_span(&member->inbox, bytes);
    ed_member_consume(at, bytes.len);
  }
}

static void closed(struct ed_member *at, unsigned code, const char *why) {
  struct ed_test_member *member = (struct ed_test_member *)at;
  member->close_code = code;
  member->close_why = ed_strdup(why);
}

static const struct ed_member_ops OPS = {.deliver = deliver, .close = closed};

/* The payload of the first frame: a server's are whole and unmasked (RFC 6455, 5.2). */
static struct ed_span payload(struct ed_span bytes) {
  size_t head = 2, len = bytes.at[1];
  unsigned more = len == 126 ? 2 : len == 127 ? 8 : 0;
  if (more) len = 0;
  for (unsigned i = 0; i < more; i++) len = len << 8 | bytes.at[head++];
  return ed_span(bytes.at + head, len);
}

void ed_test_frame(lua_State *L, enum ed_encoding encoding, struct ed_span bytes) {
  ed_value_push(L, encoding, payload(bytes));
}

static int unread(lua_State *L, bool decoded) {
  struct ed_test_member *member = member_of(L);
  ed_hub_flush(&ed_test_world_of(L)->hub);
  lua_newtable(L);
  for (int n = 1; member->read < member->inbox.len; n++) {
    struct ed_span rest = payload(ed_span(member->inbox.at + member->read, member->inbox.len - member->read));
    member->read = (size_t)(rest.at - member->inbox.at) + rest.len;
    if (decoded)
      ed_value_push(L, member->member.encoding, rest);
    else
      lua_pushlstring(L, (const char *)rest.at, rest.len);
    lua_rawseti(L, -2, n);
  }
  return 1;
}

/* member:received(): all that it was sent since the last call, as a list of messages. */
static int received(lua_State *L) { return unread(L, true); }

/* member:texts(): the same, each as it went over the wire. */
static int texts(lua_State *L) { return unread(L, false); }

/* member:last(): the last of these, or nil. */
static int last(lua_State *L) {
  received(L);
  lua_rawgeti(L, -1, (int)lua_objlen(L, -1));
  return 1;
}

/* ---- what it does ---- */

/* What a member asks for, and what it is told where that is refused. */
static int request(lua_State *L, struct ed_member *member, const struct ed_request *request) {
  struct ed_fault fault;
  if (ed_room_request(member, request, &fault) == 0) {
    ed_test_settle(ed_test_world_of(L));
    lua_pushboolean(L, true);
    return 1;
  }
  ed_room_tell(member, &fault, request);
  ed_test_settle(ed_test_world_of(L));
  lua_pushnil(L);
  lua_pushstring(L, fault.text);
  return 2;
}

int ed_test_push(lua_State *L, struct ed_member *member) {
  static const char *const actions[] = {"relay", "append", "replace", "compact", NULL};
  struct ed_buf *scratch = &ed_test_run_of(L)->scratch;
  struct ed_request push = {.type = ED_REQUEST_PUSH, .key = ed_bind_text(L, 2)};
  luaL_checkany(L, 3);
  push.action = (enum ed_action)luaL_checkoption(L, 4, "relay", actions);
  if (push.action == ED_COMPACT) push.seq = (uint64_t)luaL_checknumber(L, 5);
  scratch->len = 0;
  push.encoding = ed_value_read(L, 3, member->encoding, scratch);
  push.value = ed_buf_span(scratch);
  return request(L, member, &push);
}

/* member:push(key, value, action = "relay", seq of a compact) */
static int push(lua_State *L) { return ed_test_push(L, &joined_of(L)->member); }

/* member:get(key, seq = 0) */
static int get(lua_State *L) {
  struct ed_test_member *member = joined_of(L);
  struct ed_request get = {
      .type = ED_REQUEST_GET, .key = ed_bind_text(L, 2), .seq = (uint64_t)luaL_optnumber(L, 3, 0)};
  return request(L, &member->member, &get);
}

/* member:send(text): a message as it goes over the wire, in JSON; or where the member has asked for CBOR, in that. */
static int send_text(lua_State *L) {
  struct ed_test_member *member = joined_of(L);
  static const struct ed_wire_limits limits = {.depth = ED_DEPTH_MAX, .key = 512};
  struct ed_request message;
  struct ed_fault fault;
  struct ed_span text = ed_bind_text(L, 2);
  if (ed_wire_decode(member->member.encoding, text, &limits, &ed_test_run_of(L)->scratch, &message, &fault) < 0) {
    lua_pushnil(L);
    lua_pushstring(L, fault.text);
    return 2;
  }
  return request(L, &member->member, &message);
}

/* member:leave(): its connection goes. */
static int leave(lua_State *L) {
  struct ed_test_member *member = joined_of(L);
  member->joined = false;
  ed_room_leave(&member->member);
  ed_test_settle(ed_test_world_of(L));
  return 0;
}

/* member:closed(): the code and reason with which the room has closed it; nil where it has not. */
static int was_closed(lua_State *L) {
  const struct ed_test_member *member = member_of(L);
  if (!member->close_code) return 0;
  lua_pushnumber(L, member->close_code);
  lua_pushstring(L, member->close_why);
  return 2;
}

static const luaL_Reg METHODS[] = {{"push", push},         {"get", get},     {"send", send_text},
                                   {"received", received}, {"texts", texts}, {"last", last},
                                   {"leave", leave},       {"closed", was_closed}, {NULL, NULL}};

void ed_test_member_type(lua_State *L) { ed_bind_type(L, TYPE, METHODS, NULL, NULL, NULL); }

int ed_test_member_join(lua_State *L, struct ed_room *room, int options) {
  struct ed_test_world *world = ed_test_world_of(L);
  bool cbor = false;
  if (lua_istable(L, options)) {
    lua_getfield(L, options, "cbor");
    cbor = lua_toboolean(L, -1);
  }
  struct object *object = lua_newuserdata(L, sizeof *object);
  struct ed_test_member *member = ed_zalloc(sizeof *member);
  *object = (struct object){.serial = world->serial, .member = member};
  member->member.ops = &OPS;
  member->member.encoding = cbor ? ED_CBOR : ED_JSON;
  member->next = world->members;
  world->members = member; /* owns it */
  luaL_getmetatable(L, TYPE);
  lua_setmetatable(L, -2);

  struct ed_fault fault;
  member->joined = ed_room_join(room, &member->member, &fault) == 0;
  ed_test_settle(world);
  if (member->joined) return 1;
  lua_pushnil(L);
  lua_pushstring(L, fault.text);
  return 2;
}
