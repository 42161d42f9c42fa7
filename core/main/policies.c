#include "main/policies.h"

#include <errno.h>
#include <string.h>

#include "host/testing.h"

struct ed_host_options ed_policies_options(const struct ed_config *config) {
  const struct ed_policy_limits *limits = &config->policies;
  return (struct ed_host_options){
      .scripts = config->scripts,
      .vm = {.instructions = limits->instructions,
             .call_ms = limits->call_ms,
             .memory = (size_t)limits->memory,
             .allocation = (size_t)limits->allocation,
             .call_bytes = (size_t)limits->call_bytes,
             .hook_every = 500},
      .rooms_per_state = (size_t)limits->rooms,
      .source_max = (size_t)limits->source,
      .timers_max = (size_t)limits->timers,
  };
}

/* Where the namespace has its policy from, as far as the file says. */
static int line_of(const struct ed_config *config, const struct ed_space *space) {
  char path[128];
  snprintf(path, sizeof path, "namespaces.%s.policy", space->name);
  int line = ed_lines_exact(&config->lines, path);
  path[strlen(path) - strlen(".policy")] = 0;
  return line ? line : ed_lines_exact(&config->lines, path);
}

static void add_problem(const struct ed_config *config, const struct ed_space *space, const char *text,
                        struct ed_problems *problems) {
  int line = line_of(config, space);
  ed_problems_add(problems, line ? config->file : "namespaces", line, "%s%s: policy %s: %.*s",
                  line ? "namespaces: " : "", space->name, space->policy, (int)strcspn(text, "\n"),
                  text); /* the rest says how it came there */
}

int ed_policies_check(const struct ed_config *config, struct ed_problems *problems) {
  struct ed_timers timers;
  struct ed_hub hub;
  ed_timers_init(&timers, 0);
  ed_hub_init(&hub, &timers, NULL, 1);
  const struct ed_host_options options = ed_policies_options(config);
  struct ed_host *host = ed_host_new(&options, &hub, NULL);
  size_t before = problems->len;
  for (size_t i = 0; i < config->spaces_len; i++) {
    const struct ed_space *space = config->spaces[i];
    struct ed_script_error error;
    if (ed_host_check(host, space, space->policy, &error) < 0) add_problem(config, space, error.text, problems);
  }
  ed_host_free(host);
  ed_hub_deinit(&hub);
  ed_timers_deinit(&timers);
  return problems->len > before ? -EINVAL : 0;
}

int ed_policies_test(const struct ed_config *config, const struct ed_texts *files, FILE *out) {
  struct ed_host_options options = ed_policies_options(config);
  options.vm.call_ms = 2000; /* the machine may be busy; the instructions are what a test is held to */
  unsigned passed = 0, failed = 0;
  int result = 0;
  for (size_t i = 0; i < files->len; i++)
    if (ed_host_test(&options, files->list[i], out, &passed, &failed) < 0) result = -EINVAL;
  return failed ? -EINVAL : result;
}
