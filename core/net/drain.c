/* The end. Who has a WebSocket is sent away one after the other, evenly over the time that the configuration gives: so
 * that they do not all come back at once, and that a server which takes over has time for each. Meanwhile the listeners
 * stay, for who asks how it is (503) and to tell others that they are too late. */
#include "net/conn.h"
#include "net/internal.h"
#include "room/room.h"

#define SLICE_MS 10
#define EACH_MOST_MS 250         /* between two closes: where few are there, nobody waits for the whole time */
#define RECONNECT_DELAY_MS 1000  /* who is told when to come back (eddy.v1): after so long */
#define RECONNECT_SPREAD_MS 5000 /* and a random part of this */
#define GOODBYE_MOST_MS 1000     /* for the close frames at the very end */
#define GOODBYE_LEAST_MS 250

static struct ed_net *net_of(struct ed_timer *timer) {
  return (struct ed_net *)(void *)((char *)timer - offsetof(struct ed_net, deadline));
}

static void send_away(struct ed_conn *conn) { ed_conn_close(conn, 1001, "the server is shutting down"); }

void ed_drain_everyone(struct ed_net *net, bool force) {
  for (size_t i = 0; i < net->conns_len; i++) {
    struct ed_conn *conn = net->conns[i];
    if (conn->phase == ED_OPEN && !force)
      send_away(conn);
    else if (force || conn->phase < ED_OPEN)
      ed_conn_doom(conn);
  }
}

static void close_listeners(struct ed_net *net) {
  for (size_t i = 0; i < net->listeners_len; i++) ed_listener_close(&net->listeners[i]);
}

static void goodbye_over(struct ed_timer *timer) { ed_drain_everyone(net_of(timer), true); }

/* At most a twentieth of the drain's time besides. */
static uint64_t goodbye_ms(const struct ed_net *net) {
  uint64_t ms = net->options.drain_ms / 20;
  if (ms > GOODBYE_MOST_MS || net->options.drain_ms == 0) return GOODBYE_MOST_MS;
  return ms < GOODBYE_LEAST_MS ? GOODBYE_LEAST_MS : ms;
}

/* Nobody new from here on; who is still open is closed as he is, what waits for an answer is dropped. */
static void close_up(struct ed_net *net) {
  net->state = ED_NET_CLOSING;
  close_listeners(net);
  ed_drain_everyone(net, false);
  ed_timer_start(&net->timers, &net->deadline, goodbye_ms(net), goodbye_over);
}

/* WebSockets, and HTTP calls that have not been answered. */
static size_t still_there(const struct ed_net *net) {
  size_t count = 0;
  for (size_t i = 0; i < net->conns_len; i++) {
    const struct ed_conn *conn = net->conns[i];
    bool calls = conn->phase == ED_ASKING || (conn->phase == ED_ARRIVING && conn->input.len);
    count += calls || conn->phase == ED_OPEN || conn->phase == ED_CLOSING;
  }
  return count;
}

/* How many of them should have been told to go by now. */
static size_t due(const struct ed_net *net) {
  uint64_t passed_ms = net->timers.now_ms - net->drain_since_ms;
  if (passed_ms >= net->drain_ms) return net->drain_len;
  return (size_t)((uint64_t)net->drain_len * passed_ms / net->drain_ms) + 1;
}

/* From the end of the list, as one that is freed has the last put in its place: so none is missed. */
static void ask_to_leave(struct ed_net *net) {
  if (net->drain_at > net->conns_len) net->drain_at = net->conns_len;
  for (size_t want = due(net); net->drain_told < want && net->drain_at;) {
    struct ed_conn *conn = net->conns[--net->drain_at];
    if (conn->phase != ED_OPEN || conn->leaving) continue;
    conn->leaving = true;
    ed_room_hint(&conn->member, RECONNECT_DELAY_MS, RECONNECT_SPREAD_MS);
    net->drain_told++;
  }
}

/* Those who have been asked in an earlier slice, and have got all that waited for them. */
static void let_go(struct ed_net *net) {
  for (size_t i = net->drain_at; i < net->conns_len; i++) {
    struct ed_conn *conn = net->conns[i];
    bool done = conn->leaving && !conn->member.blocked && conn->member.queue.bytes == 0;
    if (conn->phase == ED_OPEN && done) send_away(conn);
  }
}

static void slice(struct ed_timer *timer) {
  struct ed_net *net = net_of(timer);
  uint64_t passed_ms = net->timers.now_ms - net->drain_since_ms;
  let_go(net);
  ask_to_leave(net);
  if (still_there(net) == 0 || passed_ms >= net->options.drain_ms)
    close_up(net);
  else
    ed_timer_start(&net->timers, &net->deadline, SLICE_MS, slice);
}

uint64_t ed_drain_left_ms(const struct ed_net *net) {
  uint64_t passed_ms = net->timers.now_ms - net->drain_since_ms;
  return passed_ms < net->options.drain_ms ? net->options.drain_ms - passed_ms : 0;
}

void ed_net_drain(struct ed_net *net) {
  if (net->state != ED_NET_SERVING) {
    ed_log(net->log, ED_LOG_INFO, "net", "shutting down at once: %zu connections are dropped", net->conns_len);
    net->state = ED_NET_CLOSING;
    ed_timer_stop(&net->timers, &net->deadline);
    close_listeners(net);
    ed_drain_everyone(net, true);
    return;
  }
  net->state = ED_NET_DRAINING;
  net->drain_since_ms = net->timers.now_ms;
  net->drain_at = net->conns_len;
  net->drain_len = net->drain_told = 0;
  for (size_t i = 0; i < net->conns_len; i++) net->drain_len += net->conns[i]->phase == ED_OPEN;
  uint64_t most_ms = (uint64_t)net->drain_len * EACH_MOST_MS;
  net->drain_ms = net->options.drain_ms < most_ms ? net->options.drain_ms : most_ms;
  ed_log(net->log, ED_LOG_INFO, "net", "shutting down: %zu members are sent away within %llu ms", net->drain_len,
         (unsigned long long)net->drain_ms);
  if (net->options.draining) net->options.draining(net->options.draining_arg);
  slice(&net->deadline);
}
