#ifndef ED_HOST_GATE_H
#define ED_HOST_GATE_H

#include "room/gate.h"

enum { ED_WATCHED_BY_POLICY = 1, ED_WATCHED_BY_PLUGINS = 2 }; /* stream->watched */

/* The gate's own pointer is the host, which is the origin of what policies push, too. */
extern const struct ed_gate_ops ed_host_gate;

#endif
