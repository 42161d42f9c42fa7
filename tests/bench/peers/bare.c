/* The limit: what epoll and one send per receiver and turn can reach on this machine, with as little between as there
 * can be. It understands what eddy_load's relays look like and nothing else, checks nothing and retains nothing: a
 * yardstick, not a server. peer_bare: says `listening PORT`. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 16384
#define READ_LEN (256 * 1024)
#define ROOMS_MAX 100000

struct client {
  int fd;
  bool upgraded;
  struct room *room;
  uint8_t *part; /* of a frame, or of the request's head */
  size_t part_len;
};

struct room {
  uint64_t seq;
  uint8_t *said; /* in this turn, framed */
  size_t len, cap;
  struct client **members;
  size_t count;
  bool dirty;
};

static struct room rooms[ROOMS_MAX];
static struct room *dirty[ROOMS_MAX];
static size_t room_count, dirty_count;
static int poller, listener;
static unsigned port;

static void check(bool good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static void put(int fd, const void *bytes, size_t len) {
  const uint8_t *at = bytes;
  while (len) {
    ssize_t n = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) { /* eddy_load reads on */
      struct pollfd wait = {.fd = fd, .events = POLLOUT};
      poll(&wait, 1, -1);
    } else if (n <= 0) {
      return;
    } else {
      at += n, len -= (size_t)n;
    }
  }
}

static void say(struct room *room, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len) {
  size_t need = room->len + key_len + value_len + 128;
  if (need > room->cap) {
    room->cap = need * 2;
    room->said = realloc(room->said, room->cap);
    check(room->said, "realloc");
  }
  uint8_t *frame = room->said + room->len, *at = frame + 4;
  at = mempcpy(at, "{\"type\":\"push\",\"key\":\"", 22);
  at = mempcpy(at, key, key_len);
  at = mempcpy(at, "\",\"value\":", 10);
  at = mempcpy(at, value, value_len);
  at += sprintf((char *)at, ",\"seq\":%llu}", (unsigned long long)++room->seq);
  size_t len = (size_t)(at - frame) - 4, head = len < 126 ? 2 : 4;
  if (head == 2) memmove(frame + 2, frame + 4, len);
  frame[0] = 0x81;
  frame[1] = head == 2 ? (uint8_t)len : 126;
  if (head == 4) frame[2] = (uint8_t)(len >> 8), frame[3] = (uint8_t)len;
  room->len += head + len;
  if (!room->dirty) dirty[dirty_count++] = room;
  room->dirty = true;
}

static void subscribe(struct client *client) {
  struct room *room = client->room;
  if ((room->count & (room->count + 1)) == 0) { /* 1, 3, 7, ...: doubled */
    room->members = realloc(room->members, (room->count + 1) * 2 * sizeof(struct client *));
    check(room->members, "realloc");
  }
  room->members[room->count++] = client;
  const char init[] = "\x81\x23{\"type\":\"init\",\"key\":\"k00\",\"data\":[]}";
  uint8_t frame[sizeof init];
  memcpy(frame, init, sizeof init);
  frame[1] = sizeof init - 3;
  put(client->fd, frame, sizeof init - 1);
}

static void message(struct client *client, const uint8_t *text, size_t len) {
  const uint8_t *key = memmem(text, len, "\"key\":\"", 7), *value = memmem(text, len, "\"value\":", 8);
  if (!key || !memcmp(text, "{\"type\":\"get\"", 13)) {
    subscribe(client);
  } else if (value) {
    key += 7, value += 8;
    const uint8_t *key_end = memchr(key, '"', (size_t)(text + len - key));
    say(client->room, key, (size_t)(key_end - key), value, (size_t)(text + len - 1 - value));
  }
}

static size_t frames(struct client *client, uint8_t *at, size_t len) {
  size_t done = 0;
  while (len - done >= 6) {
    uint8_t *frame = at + done;
    size_t size = frame[1] & 127, head = 2;
    if (size == 126) size = (size_t)frame[2] << 8 | frame[3], head = 4;
    if (len - done < head + 4 + size) break;
    uint8_t *mask = frame + head, *payload = mask + 4;
    for (size_t i = 0; i < size; i++) payload[i] ^= mask[i & 3];
    message(client, payload, size);
    done += head + 4 + size;
  }
  return done;
}

static size_t request(struct client *client, uint8_t *at, size_t len) {
  char answer[512], body[128];
  uint8_t *end = memmem(at, len, "\r\n\r\n", 4);
  if (!end) return 0;
  if (!memcmp(at, "POST", 4)) {
    check(room_count < ROOMS_MAX, "rooms");
    int body_len =
        snprintf(body, sizeof body, "{\"room\":\"%zu\",\"socket_url\":\"ws://127.0.0.1:%u/room/%zu/connect\"}",
                 room_count, port, room_count);
    room_count++;
    int answer_len = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", body_len, body);
    put(client->fd, answer, (size_t)answer_len);
  } else {
    client->room = &rooms[strtoul((char *)at + strlen("GET /room/"), NULL, 10) % ROOMS_MAX];
    client->upgraded = true;
    const char upgrade[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"; /* to the one key of eddy_load */
    put(client->fd, upgrade, sizeof upgrade - 1);
  }
  return (size_t)(end - at) + 4;
}

static void gone(struct client *client) {
  struct room *room = client->room;
  for (size_t i = 0; room && i < room->count; i++)
    if (room->members[i] == client) room->members[i--] = room->members[--room->count];
  close(client->fd);
  free(client->part);
  free(client);
}

static void readable(struct client *client) {
  static uint8_t input[READ_LEN];
  size_t len = client->part_len;
  memcpy(input, client->part, len); /* 0 of NULL, mostly */
  ssize_t n = recv(client->fd, input + len, sizeof input - len, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    gone(client);
    return;
  }
  len += (size_t)n;
  size_t done = client->upgraded ? 0 : request(client, input, len);
  if (client->upgraded) done += frames(client, input + done, len - done);
  client->part_len = len - done;
  if (client->part_len) {
    client->part = realloc(client->part, client->part_len);
    check(client->part, "realloc");
    memcpy(client->part, input + done, client->part_len);
  }
}

static void accept_all(void) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct client *client = calloc(1, sizeof *client);
    check(client, "calloc");
    client->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    check(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  }
}

int main(void) {
  static struct epoll_event events[EVENTS_MAX];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) files.rlim_cur = files.rlim_max, setrlimit(RLIMIT_NOFILE, &files);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  check(bind(listener, (struct sockaddr *)&address, len) == 0 && listen(listener, 4096) == 0, "listen");
  getsockname(listener, (struct sockaddr *)&address, &len);
  port = ntohs(address.sin_port);
  poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  check(epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) == 0, "epoll_ctl");
  printf("listening %u\n", port);
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(poller, events, EVENTS_MAX, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr) {
        readable(events[i].data.ptr);
      } else {
        accept_all();
      }
    }
    for (size_t i = 0; i < dirty_count; i++) {
      struct room *room = dirty[i];
      for (size_t k = 0; k < room->count; k++) put(room->members[k]->fd, room->said, room->len);
      room->len = 0;
      room->dirty = false;
    }
    dirty_count = 0;
  }
}
