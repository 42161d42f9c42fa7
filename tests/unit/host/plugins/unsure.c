/* It needs a symbol that nobody has: dlopen says so. */
#include <eddy/plugin.h>

int nobody_has_this(void);

static void turn(void *self) {
  (void)self;
  nobody_has_this();
}

const struct eddy_plugin eddy_plugin = {.abi = EDDY_ABI, .size = sizeof eddy_plugin, .name = "unsure", .turn = turn};
