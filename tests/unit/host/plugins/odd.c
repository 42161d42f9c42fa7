/* An option of a kind that nobody knows. */
#include <eddy/plugin.h>

static const struct eddy_option OPTIONS[] = {{.name = "x", .kind = (enum eddy_option_kind)77, .standard = "1"}, {0}};

const struct eddy_plugin eddy_plugin = {.abi = EDDY_ABI, .size = sizeof eddy_plugin, .name = "odd", .options = OPTIONS};
