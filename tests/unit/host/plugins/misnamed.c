#include <eddy/plugin.h>

const struct eddy_plugin eddy_plugin = {.abi = EDDY_ABI, .size = sizeof eddy_plugin, .name = "another"};
