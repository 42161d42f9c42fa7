/* The smallest plugin that does something: it refuses pushes whose value contains a word. */
#include <eddy/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hello {
  const struct eddy_host *host;
  struct eddy_core *core;
  const char *word; /* lives as long as the plugin is loaded */
  char why[128];    /* of the last refusal */
};

static const struct eddy_option OPTIONS[] = {
    {.name = "word", .kind = EDDY_OPTION_TEXT, .standard = "spam", .help = "Pushes that contain it are refused."},
    {.name = NULL},
};

static int load(const struct eddy_host *host, struct eddy_core *core, void **self) {
  struct hello *hello = calloc(1, sizeof *hello);
  if (!hello) return -1;
  hello->host = host;
  hello->core = core;
  hello->word = host->option_text(core, "word");
  snprintf(hello->why, sizeof hello->why, "nobody says %.64s here", hello->word);
  host->log(core, EDDY_LOG_INFO, "hello");
  *self = hello;
  return 0;
}

static void unload(void *self) {
  struct hello *hello = self;
  hello->host->log(hello->core, EDDY_LOG_INFO, "goodbye");
  free(hello);
}

/* `value.bytes` is the JSON text or CBOR item as it was sent; a text of it reads the same in both. */
static int contains(struct eddy_text text, const char *word) {
  size_t len = strlen(word);
  for (size_t i = 0; len && i + len <= text.len; i++)
    if (memcmp(text.at + i, word, len) == 0) return 1;
  return 0;
}

static enum eddy_verdict push(void *self, struct eddy_room *room, const struct eddy_push *push,
                              const struct eddy_member *member, struct eddy_text *why) {
  struct hello *hello = self;
  (void)room, (void)member;
  if (!contains(push->value.bytes, hello->word)) return EDDY_PASS;
  why->at = hello->why;
  why->len = strlen(hello->why);
  return EDDY_REFUSE;
}

const struct eddy_plugin eddy_plugin = {
    .abi = EDDY_ABI,
    .size = sizeof eddy_plugin,
    .name = "hello",
    .options = OPTIONS,
    .load = load,
    .unload = unload,
    .push = push,
};
