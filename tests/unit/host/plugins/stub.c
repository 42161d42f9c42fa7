/* A table that is shorter than any header's. */
#include <eddy/plugin.h>

const struct eddy_plugin eddy_plugin = {.abi = EDDY_ABI, .size = 16, .name = "stub"};
