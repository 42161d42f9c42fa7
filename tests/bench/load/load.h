/* eddy_load: a load generator for servers that speak the DriftDB protocol. Sockets and epoll alone, one thread, so that
 * what is measured is the server; see README.md in the folder above for what each scenario does. */
#ifndef EDDY_LOAD_H
#define EDDY_LOAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define KEYS_MAX 100 /* keys are k00 to k99 */
#define KEY_LEN 3
#define NUMBER_DIGITS 10 /* in a value: ~PPPPP.KK.NNNNNNNNNN~ and padding */
#define MARK_LEN (1 + 5 + 1 + 2 + 1 + NUMBER_DIGITS + 1)
#define SIZE_MIN (MARK_LEN + 2)
#define EVENTS_MAX                                                                                   \
  16384 /* of one wait: the fewer, the less a turn coalesces, and the more it is us who are measured \
         */
#define READ_LEN (256 * 1024)

enum encoding { JSON, CBOR, ENCODINGS };

struct options {
  const char *scenario, *action, *prefix;
  uint16_t port;
  pid_t pid;
  double seconds, warmup;
  double rate; /* messages a second, of all publishers together; 0: closed loop */
  unsigned rooms, members, publishers, window, size, keys, subscribe, cbor, idle, stalled, fold, inflight, retained,
      sleep;
};
extern struct options options;

/* Ends the program: with status 1 where the server was found wrong, with 2 where nothing could be measured. */
_Noreturn void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void broken(const char *call); /* a system call: with errno's text */
void *grab(size_t count, size_t len);    /* zeroed, never NULL */

/* meter.c */

uint64_t now_ns(void);
double server_cpu(void); /* seconds, all threads, since it began; 0 where no pid was given */
double own_cpu(void);
uint64_t server_resident(void); /* bytes: quick, for samples while it works */
uint64_t server_pss(void);      /* bytes: slow, and halts the server's memory for a moment */

/* Times in buckets that are 1/32 of a doubling wide. */
#define SUB_BITS 5
struct histogram {
  uint64_t count, max, total, buckets[64 << SUB_BITS];
};
void histogram_reset(struct histogram *histogram);
double histogram_us(const struct histogram *histogram, double share); /* microseconds; NAN where it is empty */

static inline void histogram_add(struct histogram *histogram, uint64_t ns) {
  unsigned shift = ns >> (SUB_BITS + 1) ? 63U - SUB_BITS - (unsigned)__builtin_clzll(ns) : 0;
  histogram->buckets[(shift << SUB_BITS) + (ns >> shift)]++;
  histogram->count++;
  histogram->total += ns;
  if (ns > histogram->max) histogram->max = ns;
}

/* The result: one JSON object on stdout. */
void report_begin(void);
void report_number(const char *name, double value);
void report_histogram(const char *name, const struct histogram *histogram);
void report_end(void);

/* conn.c */

enum phase { CONNECTING, UPGRADING, OPEN, CLOSED };

struct room;
struct publisher;

struct conn {
  int fd;
  uint8_t phase, encoding;
  bool idle, stalled;
  bool writing;       /* the socket was full, EPOLLOUT is asked for */
  bool ignored;       /* nothing is read of it any more */
  unsigned inits_due; /* gets that are not answered yet */
  uint64_t last_seq;  /* of the last push that it heard */
  struct room *room;
  struct publisher *publisher;
  uint64_t *cursors; /* one per key: which of the key's messages comes next; NULL: it only looks on (on_other) */
  uint64_t keys[2];  /* a set: the keys that it asked for */
  uint8_t *part;     /* the beginning of a frame whose end has not come */
  size_t part_len, part_cap;
  uint8_t *unsent;
  size_t unsent_len, unsent_cap;
};

/* What comes in; the frame's payload is borrowed. */
typedef void heard_fn(struct conn *conn, const uint8_t *payload, size_t len, uint64_t now);
extern heard_fn *on_frame;
extern void (*on_closed)(struct conn *conn); /* NULL: a connection that the server closes ends the run */

void poller_make(void);    /* once in each process */
extern uint64_t waited_ns; /* for something to come, all turns together */
extern unsigned opened;    /* connections whose upgrade was answered */

char *room_make(void); /* POST /new: the path of its socket, owned by the caller */
/* Opens them all, `options.inflight` at once, and waits for the upgrades. `path` gives each its room. */
void conns_open(struct conn *conns, size_t count);
void conn_send(struct conn *conn, const uint8_t *bytes, size_t len);
void conn_close(struct conn *conn);
/* As one is who has listened for a while. The kernel takes one whose get followed the upgrade closely for a
 * conversation, and delays its ACKs until it has been quiet for once; then it is the server's core that makes them, at
 * a third of the server's cost: how fast we subscribed would decide what the server seems to take. */
void conn_settle(struct conn *conn);
void conn_ignore(struct conn *conn); /* reads nothing of it any more */
/* One wait and all that it brought; `timeout_ns` < 0: until something comes. False: nothing came. */
bool turn(int64_t timeout_ns);

/* frame.c */

/* A client's frame, masked. `out` has len + 14 bytes; returns the frame's length. */
size_t frame_make(uint8_t *out, unsigned opcode, const uint8_t *payload, size_t len);
size_t get_make(uint8_t *out, enum encoding encoding, unsigned key, bool subscribe_only);
size_t ping_make(uint8_t *out, enum encoding encoding, unsigned nonce);
size_t compact_make(uint8_t *out, enum encoding encoding, unsigned key, uint64_t seq, unsigned size);

/* A push, ready but for what differs from one message to the next. */
struct push {
  uint8_t *frame;
  size_t len, key_at, mark_at; /* mark_at: of the mark in the value */
};
void push_make(struct push *push, enum encoding encoding, const char *action, unsigned size);
/* Writes it to `out` (push->len bytes). */
void push_put(const struct push *push, uint8_t *out, unsigned publisher, unsigned key, uint64_t number);

enum kind { KIND_OTHER, KIND_PUSH, KIND_INIT, KIND_STREAM_SIZE, KIND_PONG, KIND_ERROR };
struct seen {
  enum kind kind;
  uint64_t seq, size, number; /* of a push; of a stream_size */
  unsigned key, publisher;    /* key: KEYS_MAX where there is none of ours */
  bool marked;                /* its value bears our mark */
};
void frame_read(enum encoding encoding, const uint8_t *payload, size_t len, struct seen *seen);

/* check.c: what each room said, in order, and that everybody hears the same. */

struct entry {
  uint64_t seq, number, due;
  uint32_t publisher, left; /* left: subscribers who have not heard it yet */
  uint32_t len[ENCODINGS];  /* 0: nobody has heard it in this encoding yet */
};

struct stream { /* of one room and key */
  struct entry *ring;
  uint8_t *bytes; /* of each entry and encoding, `stride` each */
  uint64_t end;   /* messages so far */
  uint32_t subscribers;
};

struct room {
  char *path;
  struct stream *streams; /* options.keys */
  struct publisher *publishers;
  uint64_t *expected; /* [publisher * keys + key]: its next message of that key */
  bool folding;       /* a compact was sent, and no stream_size has said that it worked */
};

struct publisher {
  struct conn *conn;
  struct room *room;
  struct publisher *next_ready;
  uint64_t *due; /* ring, by number */
  uint64_t sent; /* messages so far */
  unsigned index, outstanding;
  bool ready;
};

void check_init(size_t stride, unsigned ring_len); /* ring_len: a power of two, more than may be outstanding at once */
void check_room(struct room *room);
heard_fn check_frame;
extern struct histogram latency;
extern uint64_t deliveries, answers; /* answers: stream_sizes */
extern uint32_t ring_mask;
extern size_t frame_room; /* bytes that a ring keeps of a message */
extern void (*on_heard_by_all)(struct publisher *publisher);
extern void (*on_stream_size)(struct conn *conn, const struct seen *seen);

/* Scenarios. */

void flow(void);
void connects(void);
void idle(void);
void closing(void);
void newcomer(void);

#endif
