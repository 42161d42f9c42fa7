#include "host/testing_world.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct ed_test_world *ed_test_world_of(lua_State *L) {
  struct ed_test_world *world = ed_test_run_of(L)->world;
  if (!world) luaL_error(L, "this can only be called inside a test");
  return world;
}

/* ---- time ---- */

/* Who was closed by its room leaves, as a connection would. */
static bool leave_closed(struct ed_test_world *world) {
  bool any = false;
  for (struct ed_test_member *member = world->members; member; member = member->next) {
    if (!member->joined || !member->close_code) continue;
    member->joined = false;
    ed_room_leave(&member->member);
    any = true;
  }
  return any;
}

/* A timer may start another one for now; one that does so for ever is the policy's mistake, and ends here. */
void ed_test_settle(struct ed_test_world *world) {
  do {
    for (int i = 0; i < 10000 && ed_timers_next(&world->timers) <= world->timers.now_ms; i++)
      ed_timers_run(&world->timers, world->timers.now_ms);
    ed_hub_flush(&world->hub);
  } while (leave_closed(world));
}

bool ed_test_wait(struct ed_test_world *world, uint64_t ms) {
  uint64_t until = world->timers.now_ms + ms;
  ed_test_settle(world);
  for (int still = 0; world->timers.now_ms < until;) {
    uint64_t next = ed_timers_next(&world->timers);
    still = next <= world->timers.now_ms ? still + 1 : 0;
    if (still > 10) return false;
    ed_timers_run(&world->timers, next < until ? next : until);
    ed_test_settle(world);
  }
  return true;
}

/* ---- the host ---- */

void ed_test_host(struct ed_test_run *run, const char *folder) {
  struct ed_test_world *world = run->world;
  if (world->host) return;
  ed_hub_init(&world->hub, &world->timers, &world->log, 1000);
  struct ed_host_options options = *run->options;
  if (folder) options.scripts = folder;
  world->host = ed_host_new(&options, &world->hub, &world->log);
}

static int write_file(const char *path, struct ed_span text) {
  FILE *file = fopen(path, "we");
  if (!file) return -errno;
  size_t written = fwrite(text.at, 1, text.len, file);
  return fclose(file) == 0 && written == text.len ? 0 : -EIO;
}

/* A scripts folder of the test's own: the real lib, and this as the one policy. */
static int make_folder(struct ed_test_run *run, struct ed_test_world *world) {
  char lib[PATH_MAX], link[96];
  char *real = realpath(run->options->scripts, NULL);
  if (!real) return -errno;
  int len = snprintf(lib, sizeof lib, "%s/lib", real);
  free(real);
  if (len < 0 || (size_t)len >= sizeof lib) return -ENAMETOOLONG;
  const char *tmp = getenv("TMPDIR");
  len = snprintf(world->folder, sizeof world->folder, "%s/eddy-test-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
  if (len < 0 || !mkdtemp(world->folder)) {
    world->folder[0] = 0;
    return -errno;
  }
  snprintf(link, sizeof link, "%s/lib", world->folder);
  if (symlink(lib, link) < 0) return -errno;
  snprintf(link, sizeof link, "%s/rooms", world->folder);
  return mkdir(link, 0700) < 0 ? -errno : 0;
}

static void policy_path(const struct ed_test_run *run, const struct ed_test_world *world, char path[192]) {
  snprintf(path, 192, "%s/rooms/%s.lua", world->folder, run->policy);
}

/* The first time before the host has begun; later, as an editor would, under its feet. */
int ed_test_policy(struct ed_test_run *run, struct ed_span source) {
  struct ed_test_world *world = run->world;
  int result = world->folder[0] || world->host ? 0 : make_folder(run, world);
  if (result < 0) return result;
  if (!world->folder[0]) return -EBUSY;
  char path[192];
  policy_path(run, world, path);
  result = write_file(path, source);
  if (result < 0) return result;
  if (world->host)
    ed_host_changed(world->host, path);
  else
    ed_test_host(run, world->folder);
  ed_test_settle(world);
  return 0;
}

static void remove_folder(const struct ed_test_world *world, const char *policy) {
  char path[192];
  snprintf(path, sizeof path, "%s/rooms/%s.lua", world->folder, policy);
  unlink(path);
  snprintf(path, sizeof path, "%s/rooms", world->folder);
  rmdir(path);
  snprintf(path, sizeof path, "%s/lib", world->folder);
  unlink(path);
  rmdir(world->folder);
}

/* ---- the end ---- */

static void free_member(struct ed_test_member *member) {
  if (member->joined) ed_room_leave(&member->member);
  ed_buf_deinit(&member->inbox);
  free(member->close_why);
  free(member);
}

static void free_room(struct ed_test_room *room) {
  for (size_t i = 0; i < room->space.knobs_len; i++) {
    free((char *)(uintptr_t)room->space.knobs[i].name);
    free((char *)(uintptr_t)room->space.knobs[i].text);
  }
  free((void *)(uintptr_t)room->space.knobs);
  free((char *)(uintptr_t)room->space.policy);
  free(room->id);
  free(room);
}

void ed_test_world_free(struct ed_test_world *world, const char *policy) {
  while (world->members) {
    struct ed_test_member *member = world->members;
    world->members = member->next;
    free_member(member);
  }
  if (world->host) {
    ed_hub_deinit(&world->hub);
    ed_host_free(world->host);
  }
  while (world->rooms) {
    struct ed_test_room *room = world->rooms;
    world->rooms = room->next;
    free_room(room);
  }
  ed_timers_deinit(&world->timers);
  if (world->folder[0]) remove_folder(world, policy);
  fclose(world->log.out);
  free(world->said);
  free(world);
}
