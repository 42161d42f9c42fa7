/* Built against a header whose table ended before `join`: what lies behind it in memory is none of the daemon's
 * business. */
#include <eddy/plugin.h>

static enum eddy_verdict join(void *self, struct eddy_room *room, const struct eddy_member *member,
                              struct eddy_text *why) {
  (void)self, (void)room, (void)member, (void)why;
  return EDDY_REFUSE;
}

const struct eddy_plugin eddy_plugin = {
    .abi = EDDY_ABI, .size = offsetof(struct eddy_plugin, join), .name = "shorter", .join = join};
