/* The server value, and its turns. */
#include "net/net.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/internal.h"
#include "net/origin.h"
#include "room/room.h"

#define ENDS_MOST 256           /* connections that may end in one run of the loop */
#define TURN_RUNS 16            /* runs of the loop in one turn, while input still arrives */
#define TURN_INPUT (256 * 1024) /* and until so much of it has come */
#define WALL_OFF_MS 1000 /* what the time of day may be off by: where it follows each step, it goes back and forth */
#define TURN_MS 10       /* or so long has passed: what little asks for, a new room, may take long */

int ed_net_check_listen(const char *text, char why[128]) {
  struct ed_address_text parts;
  return ed_address_parse(text, &parts, why);
}

int ed_net_check_proxy(const char *text, char why[128]) {
  struct ed_proxy proxy;
  if (ed_proxy_parse(text, &proxy) == 0) return 0;
  snprintf(why, 128, "it is not an IP address, a range such as 10.0.0.0/8, or unix");
  return -EINVAL;
}

int ed_net_check_tls(const char *certificate, const char *key, char why[256]) {
  struct ed_tls *tls;
  int error = ed_tls_new(&tls, certificate, key, why);
  if (!error) ed_tls_free(tls);
  return error;
}

int ed_net_check_public_url(const char *text, char why[128]) {
  struct ed_base base;
  if (ed_base_parse(text, &base) == 0) return 0;
  snprintf(why, 128, "it is not http[s]://HOST[:PORT][/PATH]");
  return -EINVAL;
}

int ed_net_check_origin(const char *text, char why[128]) { return ed_origin_check(text, why); }

static void on_signal(uv_signal_t *handle, int number) {
  (void)number;
  struct ed_net *net = handle->data;
  ed_net_tick(net);
  ed_net_drain(net);
}

/* --- the turn --- */

static void on_sockets(uv_poll_t *poll, int status, int events) {
  (void)status, (void)events;
  struct ed_net *net = poll->data;
  ed_net_tick(net);
  int count = epoll_wait(net->epoll, net->events, ED_NET_EVENTS, 0);
  /* None of these is freed by another's event: connections go at the end of the turn, or by events of their own.
   * Thousands whose peers end at once hold up nobody: those beyond the first come again with the next run. */
  int ends = 0;
  for (int i = 0; i < count; i++) {
    uint32_t events = net->events[i].events;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) && ++ends > ENDS_MOST) continue;
    ed_conn_event(net->events[i].data.ptr, events);
  }
}

static void on_clock(uv_timer_t *clock) { (void)clock; /* it has woken the loop, which is all */ }

static void set_clock(struct ed_net *net) {
  uint64_t due = ed_timers_next(&net->timers), now = uv_now(&net->loop);
  if (due == UINT64_MAX)
    uv_timer_stop(&net->clock);
  else
    /* It repeats, as one that comes due between here and the wait is run before the wait, which would then have no end.
     */
    uv_timer_start(&net->clock, on_clock, due > now ? due - now : 0, 1);
}

static void run_once(struct ed_net *net, uv_run_mode mode) {
  net->input_seen = false;
  uv_run(&net->loop, mode);
  ed_net_tick(net);
}

/* Takes in what there is before anything is said: the more of it, the more goes out in one write to each receiver. */
static void turn(struct ed_net *net) {
  set_clock(net);
  net->input_bytes = 0;
  run_once(net, net->todo ? UV_RUN_NOWAIT : UV_RUN_ONCE);
  uint64_t began_ms = uv_now(&net->loop); /* when its input was there */
  for (int i = 0; i < TURN_RUNS && net->input_seen && net->input_bytes < TURN_INPUT && !net->todo; i++) {
    if (uv_now(&net->loop) - began_ms >= TURN_MS) break;
    run_once(net, UV_RUN_NOWAIT);
  }
  ed_timers_run(&net->timers, uv_now(&net->loop));
  ed_hub_flush(&net->hub);
  ed_conns_work(net);
}

int ed_net_run(struct ed_net *net) {
  while (net->state != ED_NET_CLOSING || net->conns_len) turn(net);
  ed_log(net->log, ED_LOG_INFO, "net", "every connection is closed");
  return 0;
}

/* --- open and free --- */

/* Takes them where they make sense; else nothing changes. */
static int read_options(struct ed_net *net, const struct ed_net_options *options) {
  char why[128];
  struct ed_base base = {0};
  if (options->spaces_len == 0) return -EINVAL;
  if (options->public_url && ed_base_parse(options->public_url, &base) != 0) {
    ed_net_check_public_url(options->public_url, why);
    ed_log(net->log, ED_LOG_ERROR, "net", "the public URL %s: %s", options->public_url, why);
    return -EINVAL;
  }
  struct ed_proxy *proxies = ed_zalloc((options->proxies_len + 1) * sizeof *proxies);
  for (size_t i = 0; i < options->proxies_len; i++) {
    if (ed_proxy_parse(options->proxies[i], &proxies[i]) == 0) continue;
    ed_net_check_proxy(options->proxies[i], why);
    ed_log(net->log, ED_LOG_ERROR, "net", "the proxy %s: %s", options->proxies[i], why);
    free(proxies);
    return -EINVAL;
  }
  free(net->proxies);
  net->proxies = proxies;
  net->public_base = base;
  net->options = *options;
  if (net->options.header_bytes > 1024 * 1024) net->options.header_bytes = 1024 * 1024;
  return 0;
}

int ed_net_change(struct ed_net *net, const struct ed_net_options *options) {
  struct ed_net_options next = *options;
  next.listen = net->options.listen; /* what listeners and libwebsockets were made for stays */
  next.listen_len = net->options.listen_len;
  next.sockets = net->options.sockets;
  next.sockets_len = net->options.sockets_len;
  next.tls_listen = net->options.tls_listen;
  next.tls_listen_len = net->options.tls_listen_len;
  next.admin = net->options.admin;
  next.admin_listen = net->options.admin_listen;
  next.header_bytes = net->options.header_bytes;
  if (next.connections > net->connections_most) next.connections = net->connections_most;
  int error = read_options(net, &next);
  if (error) return error;
  net->hub.rooms_max = next.rooms;
  for (size_t i = 0; i < net->conns_len; i++) { /* who came before there were rates */
    struct ed_conn *conn = net->conns[i];
    if (conn->phase == ED_OPEN && !conn->admin && !conn->pace) ed_rates_begin(conn, conn->member.room->space);
  }
  ed_sweep_start(net);
  return ed_net_reload_tls(net);
}

static int no_loop(const struct ed_log *log, int error) {
  ed_log(log, ED_LOG_ERROR, "net", "the event loop cannot begin: %s", uv_strerror(error));
  return error;
}

static int open_loop(struct ed_net *net) {
  static const int numbers[] = {SIGTERM, SIGINT};
  net->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (net->epoll < 0) return no_loop(net->log, -errno);
  uv_timer_init(&net->loop, &net->clock);
  int error = uv_poll_init(&net->loop, &net->sockets, net->epoll);
  if (error) return no_loop(net->log, error);
  net->sockets.data = net;
  uv_poll_start(&net->sockets, UV_READABLE, on_sockets);
  for (size_t i = 0; i < 2; i++) {
    uv_signal_init(&net->loop, &net->signals[i]);
    net->signals[i].data = net;
    error = uv_signal_start(&net->signals[i], on_signal, numbers[i]);
    if (error) return no_loop(net->log, error);
  }
  return 0;
}

int ed_net_reload_tls(struct ed_net *net) {
  const struct ed_net_options *options = &net->options;
  struct ed_tls *tls;
  char why[256];
  if (options->tls_listen_len == 0 || !options->tls_certificate || !options->tls_key) return 0;
  int error = ed_tls_new(&tls, options->tls_certificate, options->tls_key, why);
  if (error) {
    ed_log(net->log, ED_LOG_ERROR, "net", "TLS: %s", why);
    return error;
  }
  ed_tls_free(net->tls);
  net->tls = tls;
  return 0;
}

static int open_listeners(struct ed_net *net) {
  const struct ed_net_options *options = &net->options;
  bool given = options->sockets_len > 0;
  size_t plain = given ? options->sockets_len : options->listen_len, len = plain + options->tls_listen_len;
  net->listeners = ed_zalloc((len + 1) * sizeof *net->listeners);
  for (size_t i = 0; i < len; i++) {
    struct ed_listener *listener = &net->listeners[i];
    net->listeners_len = i + 1;
    int error = i >= plain ? ed_listener_open(listener, net, options->tls_listen[i - plain], true, false)
                : given    ? ed_listener_adopt(listener, net, options->sockets[i])
                           : ed_listener_open(listener, net, options->listen[i], false, false);
    if (error) return error;
  }
  if (!options->admin || !options->admin_listen) return 0;
  net->listeners_len++;
  int error = ed_listener_open(&net->listeners[len], net, net->options.admin_listen, false, true);
  return net->options.admin_may_fail ? 0 : error;
}

static int64_t wall_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void ed_net_look_at_clock(struct ed_net *net) {
  int64_t epoch_ms = wall_ms() - (int64_t)(uv_hrtime() / 1000000), off_ms = epoch_ms - net->timers.epoch_ms;
  if (off_ms < -WALL_OFF_MS || off_ms > WALL_OFF_MS) net->timers.epoch_ms = epoch_ms;
}

int ed_net_open(struct ed_net **out, const struct ed_net_options *options, const struct ed_log *log) {
  struct ed_net *net = ed_zalloc(sizeof *net);
  net->connections_most = options->connections;
  net->log = log;
  net->epoll = -1;
  net->input = ed_alloc(ED_NET_INPUT_LEN);
  net->events = ed_alloc(ED_NET_EVENTS * sizeof *net->events);
  int error = uv_loop_init(&net->loop);
  if (error) {
    free(net->input);
    free(net->events);
    free(net);
    return no_loop(log, error);
  }
  ed_timers_init(&net->timers, uv_now(&net->loop));
  net->timers.epoch_ms = wall_ms() - (int64_t)net->timers.now_ms;
  ed_callers_init(&net->callers, &net->options.callers);
  ed_hub_init(&net->hub, &net->timers, log, options->rooms);
  net->hub.gate_ops = options->gate_ops;
  net->hub.gate = options->gate;
  error = read_options(net, options);
  if (!error) error = open_loop(net);
  if (!error) error = ed_bridge_open(net);
  if (!error) error = ed_net_reload_tls(net);
  if (!error) error = open_listeners(net);
  if (error) {
    ed_net_free(net);
    return error;
  }
  ed_sweep_start(net);
  *out = net;
  return 0;
}

void ed_net_run_out(struct ed_net *net) {
  for (int i = 0; i < 1000 && uv_run(&net->loop, UV_RUN_NOWAIT); i++) continue;
}

static void close_handle(uv_handle_t *handle, void *arg) {
  struct ed_net *net = arg;
  bool ours = handle == (uv_handle_t *)&net->clock || handle == (uv_handle_t *)&net->sockets ||
              handle == (uv_handle_t *)&net->signals[0] || handle == (uv_handle_t *)&net->signals[1];
  if (ours && !uv_is_closing(handle)) uv_close(handle, NULL);
}

void ed_net_empty(struct ed_net *net) {
  for (size_t i = 0; i < net->listeners_len; i++) ed_listener_close(&net->listeners[i]);
  ed_drain_everyone(net, true);
  while (net->todo) ed_conns_work(net);
  ed_relays_close(net);
  ed_hub_deinit(&net->hub);
}

void ed_net_free(struct ed_net *net) {
  if (!net) return;
  ed_net_empty(net);
  uv_walk(&net->loop, close_handle, net);
  ed_bridge_close(net);
  ed_net_run_out(net);
  if (uv_loop_close(&net->loop) != 0) ed_log(net->log, ED_LOG_ERROR, "net", "a handle was left open in the loop");
  if (net->epoll >= 0) close(net->epoll);
  ed_timers_deinit(&net->timers);
  ed_rates_deinit(net);
  ed_buf_deinit(&net->scratch);
  free(net->listeners);
  free(net->proxies);
  ed_tls_free(net->tls);
  free(net->conns);
  free(net->input);
  free(net->events);
  free(net);
}

unsigned ed_net_port(const struct ed_net *net, size_t i) {
  const struct ed_address *address = &net->listeners[i].address;
  if (address->any.sa_family == AF_INET) return ntohs(address->ipv4.sin_port);
  if (address->any.sa_family == AF_INET6) return ntohs(address->ipv6.sin6_port);
  return 0;
}

bool ed_net_has_admin(const struct ed_net *net) {
  return net->listeners_len && net->listeners[net->listeners_len - 1].admin &&
         net->listeners[net->listeners_len - 1].fd >= 0;
}

enum ed_net_state ed_net_state(const struct ed_net *net) { return net->state; }

struct uv_loop_s *ed_net_loop(struct ed_net *net) {
  return &net->loop;
}
const struct ed_space *const *ed_net_spaces(const struct ed_net *net, size_t *len) {
  *len = net->options.spaces_len;
  return net->options.spaces;
}

struct ed_hub *ed_net_hub(struct ed_net *net) {
  return &net->hub;
}

struct ed_net_counts ed_net_counts(const struct ed_net *net) {
  return (struct ed_net_counts){.connections = net->conns_len, .accepted = net->accepted, .bytes_in = net->bytes_in};
}

struct ed_timers *ed_net_timers(struct ed_net *net) {
  return &net->timers;
}
