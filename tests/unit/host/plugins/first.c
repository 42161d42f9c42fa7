/* Built against the first header. */
#include "../plugin_v1.h"

static int load(const struct eddy_host *host, struct eddy_core *core, void **self) {
  *self = NULL;
  host->log(core, EDDY_LOG_INFO, host->option_text(core, "text"));
  return EDDY_HAS(host, counters_each) && host->option_number(core, "time") == 50 ? 0 : -22;
}

static enum eddy_verdict push(void *self, struct eddy_room *room, const struct eddy_push *push,
                              const struct eddy_member *member, struct eddy_text *why) {
  (void)self, (void)room, (void)push, (void)member;
  why->at = "first says no";
  why->len = 13;
  return EDDY_REFUSE;
}

static const struct eddy_option OPTIONS[] = {
    {"text", EDDY_OPTION_TEXT, "hello", NULL, "A text.", 0, 0},
    {"time", EDDY_OPTION_DURATION, "50ms", NULL, "A time.", 1, 1000},
    {"bytes", EDDY_OPTION_SIZE, "1MiB", NULL, "A size.", 0, 0},
    {"count", EDDY_OPTION_COUNT, "3", NULL, "A count.", 1, 10},
    {"mode", EDDY_OPTION_TEXT, "one", "one two", "One of two.", 0, 0},
    {"flag", EDDY_OPTION_BOOL, "true", NULL, "Yes or no.", 0, 0},
    {0},
};

const struct eddy_plugin eddy_plugin = {
    .abi = EDDY_ABI, .size = sizeof eddy_plugin, .name = "first", .options = OPTIONS, .load = load, .push = push};
