/* Connections: making rooms, opening by the thousand, frames in, bytes out; one epoll for all of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define STALLED_BUFFER 4096 /* SO_RCVBUF of those who do not read, so that the server notices soon */

unsigned opened;
uint64_t waited_ns;
heard_fn *on_frame;
void (*on_closed)(struct conn *conn);

static int poller = -1;
static uint8_t input[READ_LEN];
static struct epoll_event events[EVENTS_MAX];

static struct sockaddr_in server_address(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void poller_make(void) {
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (poller < 0) broken("epoll_create");
}

/* One request, and the whole answer. */
static char *http_call(const char *request) {
  struct sockaddr_in address = server_address();
  size_t len = 0, cap = 8192, sent = 0;
  char *answer = grab(1, cap);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {.tv_sec = 10};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) broken("connect");
  while (sent < strlen(request)) {
    ssize_t n = write(fd, request + sent, strlen(request) - sent);
    if (n <= 0) broken("write");
    sent += (size_t)n;
  }
  for (;;) {
    ssize_t n = read(fd, answer + len, cap - 1 - len);
    if (n < 0) broken("read");
    if (n == 0) break;
    len += (size_t)n;
    answer[len] = 0;
    if (strstr(answer, "/connect\"") || len == cap - 1) break; /* what is looked for, whether it closes or not */
  }
  close(fd);
  return answer;
}

char *room_make(void) {
  char request[256];
  snprintf(request, sizeof request,
           "POST %s/new HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
           options.prefix, options.port);
  char *answer = http_call(request);
  char *url = strstr(answer, "\"socket_url\":\"ws://");
  char *path = url ? strchr(url + strlen("\"socket_url\":\"ws://"), '/') : NULL;
  char *end = path ? strchr(path, '"') : NULL;
  if (!end) fail("POST /new: %s", answer);
  *end = 0;
  path = strdup(path);
  free(answer);
  return path;
}

static void watch(struct conn *conn, int op, uint32_t what) {
  struct epoll_event event = {.events = what, .data.ptr = conn};
  if (epoll_ctl(poller, op, conn->fd, &event) < 0) broken("epoll_ctl");
}

static void keep(uint8_t **bytes, size_t *len, size_t *cap, const uint8_t *more, size_t more_len) {
  if (*len + more_len > *cap) {
    *cap = (*len + more_len) * 2;
    *bytes = realloc(*bytes, *cap);
    if (!*bytes) fail("out of memory");
  }
  memcpy(*bytes + *len, more, more_len);
  *len += more_len;
}

static void lost(struct conn *conn, const char *how) {
  if (conn->phase == CLOSED) return;
  conn_close(conn);
  if (!on_closed) wrong("the server closed a connection (%s)", how);
  on_closed(conn);
}

/* What the socket takes of it. */
static size_t put(struct conn *conn, const uint8_t *bytes, size_t len) {
  size_t sent = 0;
  while (sent < len) {
    ssize_t n = send(conn->fd, bytes + sent, len - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) {
      lost(conn, strerror(errno));
      return len;
    }
    sent += (size_t)n;
  }
  return sent;
}

void conn_send(struct conn *conn, const uint8_t *bytes, size_t len) {
  if (conn->phase == CLOSED) return;
  size_t sent = conn->unsent_len ? 0 : put(conn, bytes, len);
  if (sent == len) return;
  keep(&conn->unsent, &conn->unsent_len, &conn->unsent_cap, bytes + sent, len - sent);
  if (!conn->writing) watch(conn, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  conn->writing = true;
}

static void send_on(struct conn *conn) {
  size_t sent = put(conn, conn->unsent, conn->unsent_len);
  if (conn->phase == CLOSED) return;
  conn->unsent_len -= sent;
  memmove(conn->unsent, conn->unsent + sent, conn->unsent_len);
  if (conn->unsent_len) return;
  conn->writing = false;
  watch(conn, EPOLL_CTL_MOD, EPOLLIN);
}

void conn_settle(struct conn *conn) {
  int one = 1;
  setsockopt(conn->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

void conn_ignore(struct conn *conn) {
  conn->ignored = true;
  if (conn->phase != CLOSED) watch(conn, EPOLL_CTL_MOD, 0); /* a reset is still told */
}

void conn_close(struct conn *conn) {
  if (conn->fd >= 0) close(conn->fd);
  conn->fd = -1;
  conn->phase = CLOSED;
}

static void control(struct conn *conn, unsigned opcode, const uint8_t *payload, size_t len) {
  uint8_t pong[125 + 14];
  if (opcode == 9 && len <= 125) {
    conn_send(conn, pong, frame_make(pong, 10, payload, len));
  } else if (opcode == 8) {
    char why[160];
    snprintf(why, sizeof why, "%u %.*s", len >= 2 ? (unsigned)payload[0] << 8 | payload[1] : 1005U,
             len > 2 ? (int)len - 2 : 0, len > 2 ? (const char *)payload + 2 : "");
    lost(conn, why);
  } else if (opcode != 10) {
    wrong("a frame with the opcode %u", opcode);
  }
}

/* All whole frames; returns the bytes that they were. */
static size_t frames(struct conn *conn, const uint8_t *at, size_t len, uint64_t now) {
  size_t done = 0;
  while (len - done >= 2 && conn->phase == OPEN) {
    const uint8_t *frame = at + done;
    size_t left = len - done, head = 2;
    uint64_t payload = frame[1];
    if (payload == 126) {
      if (left < 4) break;
      payload = (uint64_t)frame[2] << 8 | frame[3];
      head = 4;
    } else if (payload == 127) {
      if (left < 10) break;
      payload = 0;
      for (size_t i = 2; i < 10; i++) payload = payload << 8 | frame[i];
      head = 10;
    } else if (payload > 127) {
      wrong("a masked frame");
    }
    if (left - head < payload) break;
    done += head + payload;
    if (frame[0] == 0x81 || frame[0] == 0x82) {
      if (conn->encoding != (frame[0] == 0x82)) wrong("a frame of the other encoding");
      on_frame(conn, frame + head, payload, now);
    } else if (frame[0] & 0x08) {
      control(conn, frame[0] & 15, frame + head, payload);
    } else {
      fail("a fragmented frame: not provided for");
    }
  }
  return done;
}

/* The answer to the upgrade; returns the bytes of it, 0 where it is not all there yet. */
static size_t upgraded(struct conn *conn, const uint8_t *at, size_t len) {
  const uint8_t *end = memmem(at, len, "\r\n\r\n", 4);
  if (!end) return 0;
  if (len < 12 || memcmp(at, "HTTP/1.1 101", 12) != 0)
    fail("the upgrade was answered: %.*s", (int)(len < 400 ? len : 400), at);
  conn->phase = OPEN;
  opened++;
  return (size_t)(end - at) + 4;
}

static size_t take(struct conn *conn, const uint8_t *at, size_t len, uint64_t now) {
  size_t done = conn->phase == UPGRADING ? upgraded(conn, at, len) : 0;
  return conn->phase == OPEN ? done + frames(conn, at + done, len - done, now) : done;
}

/* How many more bytes complete the frame that `part` begins; 1 where not even that is known. */
static size_t wanting(const struct conn *conn) {
  const uint8_t *part = conn->part;
  size_t head = conn->part_len < 2 ? 0 : part[1] == 126 ? 4 : part[1] == 127 ? 10 : 2, payload = 0;
  if (conn->phase != OPEN || !head || conn->part_len < head) return 1;
  if (head == 2) payload = part[1];
  for (size_t i = 2; i < head; i++) payload = payload << 8 | part[i];
  return head + payload - conn->part_len;
}

static void readable(struct conn *conn) {
  for (;;) {
    ssize_t n = recv(conn->fd, input, sizeof input, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      lost(conn, n ? strerror(errno) : "without a close frame");
      return;
    }
    uint64_t now = now_ns();
    const uint8_t *at = input;
    size_t len = (size_t)n;
    while (conn->part_len && len) { /* fill up the frame at hand, and no more: the rest needs no copy */
      size_t more = wanting(conn);
      if (conn->phase == UPGRADING) more = len;
      if (more > len) more = len;
      keep(&conn->part, &conn->part_len, &conn->part_cap, at, more);
      at += more, len -= more;
      size_t done = take(conn, conn->part, conn->part_len, now);
      if (conn->phase == CLOSED) return;
      if (done) memmove(conn->part, conn->part + done, conn->part_len - done);
      conn->part_len -= done;
    }
    size_t done = len ? take(conn, at, len, now) : 0;
    if (conn->phase == CLOSED) return;
    if (done < len) keep(&conn->part, &conn->part_len, &conn->part_cap, at + done, len - done);
    if ((size_t)n < sizeof input) return;
  }
}

static void ask_upgrade(struct conn *conn) {
  char request[512];
  int one = 1;
  setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  int len = snprintf(request, sizeof request,
                     "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                     conn->room->path, conn->encoding == CBOR ? "?cbor=true" : "", options.port);
  conn->phase = UPGRADING;
  conn_send(conn, (uint8_t *)request, (size_t)len);
}

static void begin(struct conn *conn) {
  struct sockaddr_in address = server_address();
  conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (conn->fd < 0) broken("socket");
  if (conn->stalled) {
    int len = STALLED_BUFFER;
    setsockopt(conn->fd, SOL_SOCKET, SO_RCVBUF, &len, sizeof len);
  }
  conn->phase = CONNECTING;
  if (connect(conn->fd, (struct sockaddr *)&address, sizeof address) == 0) {
    watch(conn, EPOLL_CTL_ADD, EPOLLIN);
    ask_upgrade(conn);
  } else if (errno == EINPROGRESS) {
    watch(conn, EPOLL_CTL_ADD, EPOLLOUT);
  } else {
    broken("connect");
  }
}

static void connected(struct conn *conn) {
  int error = 0;
  socklen_t len = sizeof error;
  getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len);
  if (error) fail("connect: %s", strerror(error));
  watch(conn, EPOLL_CTL_MOD, EPOLLIN);
  ask_upgrade(conn);
}

/* A sleeper has to be woken, which costs whoever sends to it (in a virtual machine as much as the sending itself), and
 * no server has to pay that for clients on other machines. So it looks and looks again, and counts how long for
 * nothing. */
static int look(int64_t timeout_ns) {
  uint64_t began = now_ns(), now = began;
  int count = epoll_wait(poller, events, EVENTS_MAX, 0);
  while (count == 0) {
    now = now_ns();
    if (timeout_ns >= 0 && now - began >= (uint64_t)timeout_ns) break;
    count = epoll_wait(poller, events, EVENTS_MAX, 0);
  }
  waited_ns += now - began;
  return count;
}

static int sleep_for(int64_t timeout_ns) {
  struct timespec wait = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  uint64_t began = now_ns();
  int count = epoll_pwait2(poller, events, EVENTS_MAX, timeout_ns < 0 ? NULL : &wait, NULL);
  waited_ns += now_ns() - began;
  return count;
}

bool turn(int64_t timeout_ns) {
  int count = options.sleep ? sleep_for(timeout_ns) : look(timeout_ns);
  if (count < 0 && errno != EINTR) broken("epoll_wait");
  for (int i = 0; i < count; i++) {
    struct conn *conn = events[i].data.ptr;
    if (conn->phase == CLOSED) continue;
    if (conn->phase == CONNECTING) {
      connected(conn);
      continue;
    }
    if (conn->ignored) {
      lost(conn, "reset");
      continue;
    }
    if (events[i].events & EPOLLOUT) send_on(conn);
    if (conn->phase != CLOSED && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(conn);
  }
  return count > 0;
}

void conns_open(struct conn *conns, size_t count) {
  unsigned target = opened + (unsigned)count, base = opened;
  uint64_t deadline = now_ns() + 60000000000U;
  for (size_t begun = 0; opened < target;) {
    while (begun < count && begun - (opened - base) < options.inflight) begin(&conns[begun++]);
    turn(1000000000);
    if (now_ns() > deadline) fail("only %u of %zu connections were upgraded", opened - base, count);
  }
}
