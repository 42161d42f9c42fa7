/* The world that one test runs in; for testing*.c. */
#ifndef ED_HOST_TESTING_WORLD_H
#define ED_HOST_TESTING_WORLD_H

#include "host/bind.h"
#include "host/testing.h"

struct ed_test_member {
  struct ed_member member;
  bool joined;
  unsigned close_code; /* why the room wanted it closed; 0: it did not */
  char *close_why;
  struct ed_buf inbox; /* frames that it was sent, whole */
  size_t read;         /* up to here they were given to the script */
  struct ed_test_member *next;
};

struct ed_test_room {
  struct ed_space space;
  char *id; /* it is looked up each time: it may have gone */
  struct ed_test_room *next;
};

struct ed_test_world {
  unsigned serial; /* of the test: objects of an earlier one are refused */
  struct ed_timers timers;
  struct ed_hub hub;
  struct ed_host *host;
  struct ed_log log;
  char *said; /* what went to the log */
  size_t said_len;
  char folder[64]; /* of a policy that the test brought along: holds lib and rooms/NAME.lua; "" where it did not */
  struct ed_test_member *members;
  struct ed_test_room *rooms;
  uint64_t failures_seen; /* failures of scripts that the test has asked for */
};

/* One run of a file; the owner of the Lua state that tests run in. */
struct ed_test_run {
  const struct ed_host_options *options;
  char policy[80];
  FILE *out;
  struct ed_vm *vm;
  struct ed_test_world *world; /* NULL between tests */
  unsigned serial;
  struct ed_buf scratch;
  int tests_ref; /* the table that the file returned */
  struct ed_test_named {
    char *name;
    int line; /* where it begins: tests run in the order in which they are written */
  } *tests;
  size_t tests_len, tests_cap;
};

static inline struct ed_test_run *ed_test_run_of(lua_State *L) { return ed_vm_of(L)->owner; }
struct ed_test_world *ed_test_world_of(lua_State *L); /* throws outside of a test */

/* Lets everything that is due now happen, and everybody be sent what waits for them. */
void ed_test_settle(struct ed_test_world *world);
/* False: it does not, since timers of 0 ms begin each other for ever. */
bool ed_test_wait(struct ed_test_world *world, uint64_t ms);

/* The host, begun where there is none yet, with the policies of `folder` (NULL: the run's). */
void ed_test_host(struct ed_test_run *run, const char *folder);
int ed_test_policy(struct ed_test_run *run, struct ed_span source); /* 0 or a negative errno */
void ed_test_world_free(struct ed_test_world *world, const char *policy);

/* Objects that tests see: t, room, member. Pushes t; the metatables are made where they are not yet. */
void ed_test_objects(lua_State *L);
void ed_test_room_type(lua_State *L);
void ed_test_member_type(lua_State *L);
int ed_test_room_new(lua_State *L); /* t:room { ... } */
/* A member object; `options` is the index of its table, or of nothing. */
int ed_test_member_join(lua_State *L, struct ed_room *room, int options);
/* One push of a member: its arguments are key, value, action, seq from index 2 on. True; or nil and why not. */
int ed_test_push(lua_State *L, struct ed_member *member);
/* Pushes the payload of the first frame of `bytes` as a Lua value. */
void ed_test_frame(lua_State *L, enum ed_encoding encoding, struct ed_span bytes);

#endif
