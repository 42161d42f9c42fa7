/* What is not a stream of messages: connecting, being idle, closing all at once, a newcomer who wants everything. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define PROBE_STEP_NS 500000U

static struct room *rooms;
static struct conn *conns;
static uint64_t inits;
static uint64_t init_bytes;

static void count_frame(struct conn *conn, const uint8_t *payload, size_t len, uint64_t now) {
  struct seen seen;
  (void)now;
  frame_read(conn->encoding, payload, len, &seen);
  if (seen.kind == KIND_ERROR) wrong("the server says: %.*s", (int)(len < 500 ? len : 500), payload);
  if (seen.kind == KIND_INIT) inits++, init_bytes += len;
}

/* `count` connections in rooms of `members` each. */
static void make(unsigned count, unsigned members) {
  unsigned room_count = (count + members - 1) / members;
  rooms = grab(room_count, sizeof *rooms);
  conns = grab(count, sizeof *conns);
  for (unsigned r = 0; r < room_count; r++) rooms[r].path = room_make();
  for (unsigned i = 0; i < count; i++) conns[i].room = &rooms[i % room_count];
}

static void subscribe_all(unsigned count) {
  uint8_t out[128];
  size_t len = get_make(out, JSON, 0, false);
  uint64_t deadline = now_ns() + 30000000000U, target = inits + count;
  for (unsigned i = 0; i < count; i++) {
    conn_send(&conns[i], out, len);
    if (i % 256 == 255) turn(0);
  }
  while (inits < target) {
    turn(100000000);
    if (now_ns() > deadline) wrong("a get is not answered");
  }
}

static void rest(double seconds) {
  for (uint64_t until = now_ns() + (uint64_t)(seconds * 1e9); now_ns() < until;) turn(10000000);
}

/* Connections a second, from the first SYN to the last 101; then the same with a subscription each. */
void connects(void) {
  on_frame = count_frame;
  make(options.idle, options.members);
  rest(0.2);
  uint64_t began = now_ns();
  double cpu = server_cpu();
  conns_open(conns, options.idle);
  double seconds = (double)(now_ns() - began) * 1e-9, spent = server_cpu() - cpu;
  subscribe_all(options.idle);
  double all = (double)(now_ns() - began) * 1e-9, all_spent = server_cpu() - cpu;
  report_begin();
  report_number("connections", options.idle);
  report_number("seconds", seconds);
  report_number("server_cpu", spent);
  report_number("per_second", options.idle / seconds);
  report_number("per_cpu_second", spent > 0 ? options.idle / spent : 0);
  report_number("subscribed_per_second", options.idle / all);
  report_number("subscribed_per_cpu_second", all_spent > 0 ? options.idle / all_spent : 0);
  report_end();
}

/* Memory of so many connections, each subscribed. Some are opened before, so that what is allocated once is there. */
void idle(void) {
  unsigned some = options.idle / 20 + 1;
  on_frame = count_frame;
  make(options.idle + some, options.members);
  struct conn *all = conns;
  conns_open(all, some);
  subscribe_all(some);
  rest(0.5);
  uint64_t pss = server_pss(), resident = server_resident();
  conns = all + some;
  conns_open(conns, options.idle);
  subscribe_all(options.idle);
  rest(2); /* garbage collectors have their moment */
  report_begin();
  report_number("connections", options.idle);
  report_number("pss_each", ((double)server_pss() - (double)pss) / options.idle);
  report_number("resident_each", ((double)server_resident() - (double)resident) / options.idle);
  double cpu = server_cpu();
  rest(1);
  report_number("cpu_per_second", server_cpu() - cpu); /* of doing nothing */
  report_end();
}

/* One connection that asks another room for a sign of life, again and again: how long it waits is how long the loop was
 * held. Pings are sent on time, whether the one before was answered or not. */
static struct {
  struct conn *conn;
  uint64_t sent[1 << 16];
  uint64_t asked, answered, next, worst; /* worst: since somebody set it to 0 */
  struct histogram waits;
} probe;

static void probe_frame(struct conn *conn, const uint8_t *payload, size_t len, uint64_t now) {
  if (conn != probe.conn) {
    count_frame(conn, payload, len, now);
    return;
  }
  struct seen seen;
  frame_read(JSON, payload, len, &seen);
  if (seen.kind != KIND_PONG && seen.kind != KIND_PUSH) return;
  if (probe.answered == probe.asked) wrong("answered, but not asked");
  uint64_t wait = now - probe.sent[probe.answered++ % 65536];
  if (wait > probe.worst) probe.worst = wait;
  histogram_add(&probe.waits, wait);
}

static void probe_open(void) {
  static struct room room;
  static struct conn conn;
  uint8_t out[128];
  room.path = room_make();
  conn.room = &room;
  probe.conn = &conn;
  conns_open(&conn, 1);
  conn_send(&conn, out, get_make(out, JSON, 0, false));
}

/* A relay that is due, to itself: through all that a broadcast goes through. */
static void probe_turn(const struct push *push, uint64_t until) {
  uint64_t now = now_ns();
  if (probe.next == 0) probe.next = now;
  while (probe.next <= now) {
    uint8_t out[512];
    push_put(push, out, 0, 0, probe.asked);
    probe.sent[probe.asked++ % 65536] = probe.next;
    probe.next += PROBE_STEP_NS;
    conn_send(probe.conn, out, push->len);
  }
  if (until > probe.next) until = probe.next;
  turn(until > now ? (int64_t)(until - now) : 0);
}

static void probe_for(const struct push *push, double seconds) {
  for (uint64_t until = now_ns() + (uint64_t)(seconds * 1e9); now_ns() < until;) probe_turn(push, until);
}

/* Until nothing is awaited. */
static void probe_settle(void) {
  uint64_t deadline = now_ns() + 10000000000U;
  while (probe.answered < probe.asked) {
    turn(1000000);
    if (now_ns() > deadline)
      wrong("lost: %llu probes are not answered", (unsigned long long)(probe.asked - probe.answered));
  }
  probe.next = 0;
}

/* Another process holds so many connections, and dies while the server is stopped: so the server finds them all closed
 * in one turn. Then the probe, in another room, tells how long it was away. */
void closing(void) {
  int pipes[2];
  struct push push;
  char byte = 0;
  if (!options.pid) fail("close needs --pid");
  if (pipe(pipes) < 0) broken("pipe");
  pid_t child = fork();
  if (child < 0) broken("fork");
  if (child == 0) {
    poller_make();
    on_frame = count_frame;
    make(options.idle, options.members);
    conns_open(conns, options.idle);
    subscribe_all(options.idle);
    if (write(pipes[1], &byte, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  close(pipes[1]);
  if (read(pipes[0], &byte, 1) != 1) fail("the process with the connections failed");
  on_frame = probe_frame;
  push_make(&push, JSON, "relay", SIZE_MIN);
  probe_open();
  probe_for(&push, 1);
  probe_settle();
  static struct histogram before;
  before = probe.waits;
  histogram_reset(&probe.waits);
  kill(options.pid, SIGSTOP);
  usleep(20000);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  usleep(100000); /* every FIN has arrived */
  double cpu = server_cpu();
  kill(options.pid, SIGCONT);
  probe_for(&push, 2);
  probe_settle();
  report_begin();
  report_number("connections", options.idle);
  report_number("server_cpu", server_cpu() - cpu);
  report_histogram("before_us", &before);
  report_histogram("hold_us", &probe.waits);
  report_end();
}

/* Fills the room of the first connection. */
static void retain(void) {
  struct push append;
  push_make(&append, JSON, "append", options.size);
  uint8_t *burst = grab(options.retained, append.len);
  for (unsigned i = 0; i < options.retained; i++) push_put(&append, burst + i * append.len, 0, 0, i);
  conn_send(&conns[0], burst, options.retained * append.len);
  for (uint64_t deadline = now_ns() + 30000000000U; conns[0].unsent_len;) {
    turn(1000000);
    if (now_ns() > deadline) fail("the messages are not taken");
  }
  free(burst);
  rest(0.5);
}

/* A room retains so many messages; newcomers ask for all of them, one after the other, while the probe's room goes on.
 * Of each get the longest wait of the probe in it and in the 20 ms behind it; and of as many moments without a get. */
void newcomer(void) {
  static struct histogram gets, calm, during;
  struct push relay;
  uint8_t out[128];
  const unsigned count = 40;
  on_frame = probe_frame;
  push_make(&relay, JSON, "relay", SIZE_MIN);
  make(count + 1, count + 1);
  conns_open(conns, 1);
  retain();
  probe_open();
  conns_open(conns + 1, count);
  probe_for(&relay, 0.5);
  size_t len = get_make(out, JSON, 0, false);
  init_bytes = 0;
  for (unsigned i = 1; i <= count; i++) {
    probe.worst = 0;
    probe_for(&relay, 0.025);
    histogram_add(&calm, probe.worst);
    probe.worst = 0;
    uint64_t began = now_ns(), heard = inits;
    conn_send(&conns[i], out, len);
    while (inits == heard) {
      probe_turn(&relay, now_ns() + 1000000);
      if (now_ns() > began + 10000000000U) wrong("a get is not answered");
    }
    histogram_add(&gets, now_ns() - began);
    probe_for(&relay, 0.02);
    histogram_add(&during, probe.worst);
    probe_for(&relay, 0.03);
  }
  probe_settle();
  if (init_bytes / count < (uint64_t)options.retained * options.size) {
    wrong("lost: an init of %llu bytes", (unsigned long long)(init_bytes / count));
  }
  report_begin();
  report_number("retained", options.retained);
  report_number("init_bytes", (double)init_bytes / count);
  report_histogram("get_us", &gets);
  report_histogram("calm_us", &calm);
  report_histogram("during_us", &during);
  report_end();
}
