/* Wants a page that is the daemon's own. */
#include <eddy/plugin.h>

static void http(void *self, const struct eddy_http_request *request, struct eddy_http_answer *answer) {
  (void)self, (void)request, (void)answer;
}

static const char *const PATHS[] = {"start", "room", NULL};

const struct eddy_plugin eddy_plugin = {
    .abi = EDDY_ABI, .size = sizeof eddy_plugin, .name = "greedy", .http = http, .paths = PATHS};
