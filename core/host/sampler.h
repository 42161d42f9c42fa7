/* The daemon's own figures, said when somebody asks; see counters.h. */
#ifndef ED_HOST_SAMPLER_H
#define ED_HOST_SAMPLER_H

#include "host/counters.h"
#include "host/host.h"
#include "room/hub.h"

struct ed_sampler { /* all borrowed for as long as the counters live */
  const struct ed_hub *hub;
  const struct ed_host *host; /* of the policies; NULL: none */
};

void ed_sampler_rooms(void *sampler, struct ed_sink *sink);   /* rooms, members, messages, refusals */
void ed_sampler_policy(void *sampler, struct ed_sink *sink);  /* calls, failures, reloads */
void ed_sampler_process(void *sampler, struct ed_sink *sink); /* build, memory, files */

#endif
