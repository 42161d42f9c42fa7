/* Runs test files of policies: what `eddyd --test FILE` does, without a daemon around it. */
#include <stdlib.h>

#include "host/testing.h"

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s SCRIPTS FILE_test.lua ...\n", argv[0]);
    return 2;
  }
  struct ed_host_options options = {
      .scripts = argv[1],
      .vm = {.instructions = 5000000,
             .call_ms = 2000, /* by the clock on the wall, and the machine may be busy: here instructions count */
             .memory = 16 << 20,
             .allocation = 1 << 20,
             .call_bytes = 64 << 20,
             .hook_every = 500},
      .rooms_per_state = 1000,
      .source_max = 256 << 10,
      .timers_max = 1000,
  };
  unsigned passed = 0, failed = 0;
  bool broken = false;
  for (int i = 2; i < argc; i++) {
    printf("%s\n", argv[i]);
    if (ed_host_test(&options, argv[i], stdout, &passed, &failed) < 0) broken = true;
  }
  printf("%u passed, %u failed\n", passed, failed);
  return failed || broken ? EXIT_FAILURE : EXIT_SUCCESS;
}
