/* Built against a header that is newer than the daemon's: its table goes on. */
#include <eddy/plugin.h>

static const struct {
  struct eddy_plugin known;
  void (*more)(void *self);
  uint64_t and_more[8];
} LONGER __attribute__((used)) = {
    .known = {.abi = EDDY_ABI, .size = sizeof LONGER, .name = "longer"}, .more = NULL, .and_more = {1, 2, 3}};

extern __attribute__((alias("LONGER"))) const struct eddy_plugin eddy_plugin;
