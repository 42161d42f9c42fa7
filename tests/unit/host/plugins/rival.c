/* Has paths of its own, of which another fixture wants one, too. */
#include <eddy/plugin.h>

static void http(void *self, const struct eddy_http_request *request, struct eddy_http_answer *answer) {
  (void)self, (void)request, (void)answer;
}

static const char *const PATHS[] = {"shop", NULL};

const struct eddy_plugin eddy_plugin = {
    .abi = EDDY_ABI, .size = sizeof eddy_plugin, .name = "rival", .http = http, .paths = PATHS};
