/* Rooms in which messages are pushed and heard: fan-out, many rooms, bystanders, slow readers, folds, in a closed loop
 * (each publisher has up to `window` messages that not everybody has heard) or an open one (at a rate; a message's time
 * counts from when it was due, so a server that falls behind cannot hide it). */
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define OPEN_RING 65536
#define DRAIN_NS 10000000000U
#define SAMPLE_NS 100000000U

static struct room *rooms;
static struct conn *conns;
static size_t conn_count;
static struct push push[ENCODINGS];
static struct publisher *ready_list;
static uint8_t *burst;
static size_t burst_cap;
static uint64_t completed, compacts, due_next, due_step, sent_all;
static unsigned stalled_closed, turn_of; /* turn_of: whose message is due next, in the open loop */

static void heard_by_all(struct publisher *publisher) {
  completed++;
  publisher->outstanding--;
  if (options.rate > 0 || publisher->ready) return;
  publisher->ready = true;
  publisher->next_ready = ready_list;
  ready_list = publisher;
}

/* As the stock clients do: who is told that a stream has grown beyond `fold` puts one message in place of all that he
 * has heard. */
static void stream_size(struct conn *conn, const struct seen *seen) {
  if (!options.fold || seen->size <= options.fold) {
    conn->room->folding = false;
    return;
  }
  if (conn->room->folding) return;
  uint8_t *out = grab(1, options.size + 256);
  conn_send(conn, out,
            compact_make(out, conn->encoding, seen->key < KEYS_MAX ? seen->key : 0, conn->last_seq, options.size));
  free(out);
  conn->room->folding = true;
  compacts++;
}

static void closed(struct conn *conn) {
  if (!conn->stalled) wrong("the server closed a connection that reads");
  stalled_closed++;
}

static void publish(struct publisher *publisher, unsigned count, uint64_t due, uint64_t step) {
  const struct push *made = &push[publisher->conn->encoding];
  size_t len = 0;
  if (burst_cap < count * made->len) {
    burst_cap = count * made->len;
    burst = realloc(burst, burst_cap);
    if (!burst) fail("out of memory");
  }
  for (unsigned i = 0; i < count; i++, len += made->len) {
    uint64_t number = publisher->sent++;
    publisher->due[number & ring_mask] = due + i * step;
    push_put(made, burst + len, publisher->index, (unsigned)(number % options.keys), number);
  }
  publisher->outstanding += count;
  sent_all += count;
  conn_send(publisher->conn, burst, len);
}

static void publish_ready(void) {
  uint64_t now = now_ns();
  while (ready_list) {
    struct publisher *publisher = ready_list;
    ready_list = publisher->next_ready;
    publisher->ready = false;
    publish(publisher, options.window - publisher->outstanding, now, 0);
  }
}

/* All that is due by now: the publishers take turns. */
static void publish_due(void) {
  unsigned count = options.rooms * options.publishers;
  for (uint64_t now = now_ns(); due_next <= now; due_next += due_step) {
    struct publisher *publisher = &rooms[turn_of % options.rooms].publishers[turn_of / options.rooms];
    if (publisher->outstanding >= ring_mask / 2 / options.publishers) return; /* it stays due, and late */
    publish(publisher, 1, due_next, 0);
    turn_of = (turn_of + 1) % count;
  }
}

static void subscribe(struct conn *conn, unsigned first) {
  uint8_t out[128];
  unsigned count = conn->idle ? 1 : options.subscribe;
  for (unsigned i = 0; i < count; i++) {
    unsigned key = (first + i) % options.keys;
    conn->keys[key / 64] |= (uint64_t)1 << (key % 64);
    if (!conn->idle && !conn->stalled) conn->room->streams[key].subscribers++;
    conn->inits_due++;
    conn_send(conn, out, get_make(out, conn->encoding, key, false));
  }
}

/* Rooms; in each its members, the publishers first; then those who stall, in the rooms in turn; then the bystanders, in
 * rooms of their own of up to 1,000. */
static void populate(void) {
  size_t active = (size_t)options.rooms * options.members, idle_rooms = (options.idle + 999) / 1000;
  conn_count = active + options.stalled + options.idle;
  rooms = grab(options.rooms + idle_rooms, sizeof *rooms);
  conns = grab(conn_count, sizeof *conns);
  for (size_t r = 0; r < options.rooms + idle_rooms; r++) {
    rooms[r].path = room_make();
    check_room(&rooms[r]);
    rooms[r].publishers = grab(options.publishers, sizeof *rooms[r].publishers);
  }
  for (size_t i = 0; i < conn_count; i++) {
    struct conn *conn = &conns[i];
    size_t member = i / options.rooms; /* members of a room are not neighbours in the server's tables */
    conn->cursors = grab(options.keys, sizeof *conn->cursors);
    conn->idle = i >= active + options.stalled;
    conn->stalled = !conn->idle && i >= active;
    conn->room = conn->idle ? &rooms[options.rooms + (i - active - options.stalled) / 1000] : &rooms[i % options.rooms];
    conn->encoding = !conn->idle && member * options.cbor / 100 != (member + 1) * options.cbor / 100 ? CBOR : JSON;
    if (i >= active || member >= options.publishers) continue;
    struct publisher *publisher = &conn->room->publishers[member];
    *publisher = (struct publisher){.conn = conn, .room = conn->room, .index = (unsigned)member};
    publisher->due = grab(ring_mask + 1, sizeof *publisher->due);
  }
}

static bool all_answered(void) {
  for (size_t i = 0; i < conn_count; i++)
    if (conns[i].inits_due) return false;
  return true;
}

static void join(void) {
  uint64_t deadline = now_ns() + DRAIN_NS * 3;
  conns_open(conns, conn_count);
  for (size_t i = 0; i < conn_count; i++) {
    subscribe(&conns[i], (unsigned)(i / options.rooms));
    if (i % 256 == 255) turn(0);
  }
  for (unsigned r = 0; r < options.rooms; r++)
    for (unsigned key = 0; key < options.keys; key++)
      if (!rooms[r].streams[key].subscribers) fail("nobody subscribes to k%02u: more members, or --subscribe", key);
  while (!all_answered()) {
    turn(100000000);
    if (now_ns() > deadline) wrong("a get is not answered");
  }
  for (size_t i = 0; i < conn_count; i++) {
    conn_settle(&conns[i]);
    if (conns[i].stalled) conn_ignore(&conns[i]);
  }
}

struct mark {
  uint64_t ns, deliveries, answers, completed, compacts, waited;
  double server, own;
};

static struct mark mark(void) {
  return (struct mark){now_ns(), deliveries, answers, completed, compacts, waited_ns, server_cpu(), own_cpu()};
}

static uint64_t run(uint64_t until) {
  uint64_t now = now_ns(), sample = now, most = 0;
  for (; now < until; now = now_ns()) {
    if (now >= sample) {
      uint64_t resident = server_resident();
      if (resident > most) most = resident;
      sample = now + SAMPLE_NS;
    }
    if (options.rate > 0) {
      publish_due();
      now = now_ns();
      turn(due_next > now ? (int64_t)(due_next - now) : 0);
    } else {
      publish_ready();
      turn((int64_t)SAMPLE_NS);
    }
  }
  return most;
}

static void drain(void) {
  uint64_t deadline = now_ns() + DRAIN_NS;
  while (completed < sent_all) {
    turn(10000000);
    if (now_ns() > deadline)
      wrong("lost: %llu messages did not reach everybody", (unsigned long long)(sent_all - completed));
  }
}

static void tell(const struct mark *from, const struct mark *to) {
  double seconds = (double)(to->ns - from->ns) * 1e-9, cpu = to->server - from->server;
  double heard = (double)(to->deliveries - from->deliveries);
  report_number("seconds", seconds);
  report_number("server_cpu", cpu);
  report_number("own_cpu", to->own - from->own);
  report_number("own_waiting", (double)(to->waited - from->waited) * 1e-9);
  report_number("deliveries", heard);
  report_number("messages", (double)(to->completed - from->completed));
  report_number("answers", (double)(to->answers - from->answers));
  report_number("compacts", (double)(to->compacts - from->compacts));
  report_number("per_second", heard / seconds);
  report_number("per_cpu_second", cpu > 0 ? heard / cpu : 0);
  report_histogram("latency_us", &latency);
}

void flow(void) {
  unsigned ring = 16, open_ring = OPEN_RING / (options.size / 256 + 1) / options.rooms;
  while (ring < 4 * options.window * options.publishers || (options.rate > 0 && ring < open_ring)) ring *= 2;
  for (int encoding = JSON; encoding < ENCODINGS; encoding++)
    push_make(&push[encoding], encoding, options.action, options.size);
  check_init(options.size + 160, ring);
  on_frame = check_frame;
  on_heard_by_all = heard_by_all;
  on_stream_size = stream_size;
  on_closed = closed;
  populate();
  join();
  uint64_t resident = server_resident();
  for (unsigned r = 0; r < options.rooms; r++) {
    for (unsigned p = 0; p < options.publishers && options.rate <= 0; p++) {
      struct publisher *publisher = &rooms[r].publishers[p];
      publisher->ready = true;
      publisher->next_ready = ready_list;
      ready_list = publisher;
    }
  }
  due_step = options.rate > 0 ? (uint64_t)(1e9 / options.rate) : 0;
  due_next = now_ns();
  run(now_ns() + (uint64_t)(options.warmup * 1e9));
  histogram_reset(&latency);
  struct mark from = mark();
  uint64_t most = run(from.ns + (uint64_t)(options.seconds * 1e9));
  struct mark to = mark();
  static struct histogram measured;
  measured = latency;
  drain();
  latency = measured;
  report_begin();
  tell(&from, &to);
  report_number("resident_before", (double)resident);
  report_number("resident_most", (double)most);
  report_number("stalled_closed", (double)stalled_closed);
  report_end();
}
