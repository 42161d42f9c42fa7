/* Who has been silent for too long: one timer for all connections, which looks at an eighth of them each time. */
#include "net/conn.h"
#include "net/internal.h"

#define SLICES 8
#define GOODBYE_MS 5000 /* for a close frame to get out, and for the peer to close */

static uint64_t least(uint64_t a, uint64_t b) { return b && b < a ? b : a; }

static uint64_t period_ms(const struct ed_net *net) {
  uint64_t ms = least(least(GOODBYE_MS, net->options.upgrade_ms), net->options.ping_interval_ms);
  ms = least(ms, net->options.ping_timeout_ms) / SLICES;
  return ms < 10 ? 10 : ms > 1000 ? 1000 : ms;
}

static void look_at_open(struct ed_conn *conn, uint64_t silent_ms) {
  const struct ed_net_options *options = &conn->net->options;
  if (conn->pinged && options->ping_timeout_ms && silent_ms >= options->ping_timeout_ms) {
    ed_conn_doom(conn);
  } else if (!conn->pinged && options->ping_interval_ms && silent_ms >= options->ping_interval_ms) {
    conn->pinged = true;
    conn->since_ms = conn->net->timers.now_ms;
    ed_outgoing_ping(conn);
  }
}

static void look_at(struct ed_conn *conn) {
  struct ed_net *net = conn->net;
  uint64_t ms = net->timers.now_ms - conn->since_ms;
  uint64_t upgrade_ms = net->options.upgrade_ms ? net->options.upgrade_ms : UINT64_MAX;
  switch ((enum ed_phase)conn->phase) {
    case ED_ARRIVING:
    case ED_ASKING:
      if (ms >= upgrade_ms) ed_conn_doom(conn);
      break;
    case ED_OPEN: look_at_open(conn, ms); break;
    case ED_CLOSING:
    case ED_LINGERING:
      if (ms >= GOODBYE_MS) ed_conn_doom(conn);
      break;
  }
}

static void sweep(struct ed_timer *timer) {
  struct ed_net *net = (struct ed_net *)(void *)((char *)timer - offsetof(struct ed_net, sweep));
  ed_net_look_at_clock(net);
  size_t count = net->conns_len / SLICES + 1;
  if (count > net->conns_len) count = net->conns_len;
  while (count--) {
    if (net->sweep_at >= net->conns_len) net->sweep_at = 0;
    look_at(net->conns[net->sweep_at++]);
  }
  ed_sweep_start(net);
}

void ed_sweep_start(struct ed_net *net) { ed_timer_start(&net->timers, &net->sweep, period_ms(net), sweep); }
