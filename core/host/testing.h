/* `eddyd --test FILE`: runs a policy's own tests against the real host, on a clock that the test turns. What a test
 * file can say is in scripts/README.md. */
#ifndef ED_HOST_TESTING_H
#define ED_HOST_TESTING_H

#include <stdio.h>

#include "host/host.h"

/* Runs every test of a file NAME_test.lua, each in a world of its own (host, hub, clock), with the policy NAME unless
 * the test brings its own. Prints a line per test, "ok NAME" or "not ok NAME: file:line: reason", and for one that
 * failed what the policy said; then "N passed, N failed". `options`: as for the daemon's host. The counts are added to
 * `passed` and `failed`. 0, whatever the tests said; -1 where the file could not be run, with the reason printed. */
int ed_host_test(const struct ed_host_options *options, const char *file, FILE *out, unsigned *passed,
                 unsigned *failed);

#endif
