/* The configuration's view of policies: what the host is given, and whether they load. */
#ifndef ED_MAIN_POLICIES_H
#define ED_MAIN_POLICIES_H

#include "host/host.h"
#include "main/config.h"

/* Borrows from the configuration. */
struct ed_host_options ed_policies_options(const struct ed_config *config);

/* Loads the policy of every namespace with its knobs, on an empty room. 0; or -EINVAL, and what is wrong in `problems`.
 */
int ed_policies_check(const struct ed_config *config, struct ed_problems *problems);

/* Runs the tests of policies, as --test. 0; or -EINVAL where one failed or could not be run. */
int ed_policies_test(const struct ed_config *config, const struct ed_texts *files, FILE *out);

#endif
