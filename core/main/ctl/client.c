/* HTTP to the admin interface, and the WebSocket that follows a room. A call is a connection of its own. */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "main/ctl/ctl.h"
#include "main/ctl/view.h"

#define PATIENCE_S 30
#define ANSWER_MAX ((size_t)1 << 30) /* a value of a room may be large, but not that large */

/* ---- connecting ---- */

static int no_socket(const struct ed_ctl *ctl, int error) {
  if (error == EACCES || error == EPERM)
    return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "%s is another user's: run this as that user, or as root", ctl->socket);
  if (error == ENOENT || error == ECONNREFUSED)
    return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE,
                       "no daemon answers at %s; is it running? (-s PATH names another socket)", ctl->socket);
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "%s: %s", ctl->socket, strerror(error));
}

static int connect_local(const struct ed_ctl *ctl, int *fd) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", ctl->socket);
  *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (*fd >= 0 && connect(*fd, (struct sockaddr *)(void *)&address, sizeof address) == 0) return ED_CTL_FINE;
  int error = errno;
  if (*fd >= 0) close(*fd);
  return no_socket(ctl, error);
}

static int connect_tcp(const struct ed_ctl *ctl, int *fd) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *at;
  int error = getaddrinfo(ctl->host, ctl->port, &hints, &found);
  if (error) return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "%s:%s: %s", ctl->host, ctl->port, gai_strerror(error));
  error = 0;
  *fd = -1;
  for (at = found; at && *fd < 0; at = at->ai_next) {
    *fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || connect(*fd, at->ai_addr, at->ai_addrlen) == 0) continue;
    error = errno;
    close(*fd);
    *fd = -1;
  }
  freeaddrinfo(found);
  if (*fd >= 0) return ED_CTL_FINE;
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "no daemon answers at %s:%s: %s", ctl->host, ctl->port, strerror(error));
}

static int open_connection(const struct ed_ctl *ctl, int *fd) {
  int status = ctl->socket[0] ? connect_local(ctl, fd) : connect_tcp(ctl, fd);
  struct timeval patience = {.tv_sec = PATIENCE_S};
  if (status) return status;
  setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return ED_CTL_FINE;
}

/* ---- a request, and the head of what it is answered with ---- */

static bool send_all(int fd, struct ed_span bytes) {
  while (bytes.len) {
    ssize_t sent = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes = ed_span(bytes.at + sent, bytes.len - (size_t)sent);
  }
  return true;
}

/* More bytes: how many, 0 at the end, -1 (errno) where none come. */
static ssize_t receive(int fd, struct ed_buf *input) {
  ssize_t got;
  do got = recv(fd, ed_buf_reserve(input, 65536), 65536, 0);
  while (got < 0 && errno == EINTR);
  if (got > 0) input->len += (size_t)got;
  return got;
}

static int silent(const struct ed_ctl *ctl, ssize_t got) {
  if (got < 0 && errno == EAGAIN)
    return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "the daemon has not answered in %d seconds", PATIENCE_S);
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "the daemon has ended the connection");
}

static int send_request(const struct ed_ctl *ctl, int fd, const char *path, const char *headers, const char *body) {
  struct ed_buf head = {0};
  ed_buf_printf(&head, "%s %s%s HTTP/1.1\r\nHost: %s\r\n%s", body ? "POST" : "GET", ctl->base, path,
                ctl->socket[0] ? "localhost" : ctl->host, headers);
  if (ctl->key) ed_buf_printf(&head, "Authorization: Bearer %s\r\n", ctl->key);
  if (body) ed_buf_printf(&head, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
  ed_buf_add_text(&head, "\r\n");
  /* A server that answers before it has read all is heard nonetheless, so what this says does not matter. */
  if (send_all(fd, ed_buf_span(&head)) && body) (void)send_all(fd, ed_span_text(body));
  ed_buf_deinit(&head);
  return ED_CTL_FINE;
}

static int strange(const struct ed_ctl *ctl) {
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "what answers at %s is not the admin interface of eddyd",
                     ctl->socket[0] ? ctl->socket : ctl->host);
}

/* Until the head is there: its HTTP status, and where the body begins. */
static int read_head(const struct ed_ctl *ctl, int fd, struct ed_buf *input, int *http, size_t *body_at) {
  const uint8_t *end;
  while (!(end = input->len ? memmem(input->at, input->len, "\r\n\r\n", 4) : NULL)) {
    ssize_t got = input->len < 65536 ? receive(fd, input) : 0;
    if (got <= 0) return silent(ctl, got);
  }
  *body_at = (size_t)(end - input->at) + 4;
  if (input->len < 13 || memcmp(input->at, "HTTP/1.1 ", 9) != 0) return strange(ctl);
  *http = atoi((const char *)input->at + 9);
  return ED_CTL_FINE;
}

static int judge(const struct ed_ctl *ctl, int http, struct ed_span body) {
  if (!ed_view_valid(body)) return strange(ctl);
  if (http == 200 || http == 101) return ED_CTL_FINE;
  if (ctl->quiet) return ED_CTL_REFUSED;
  fprintf(stderr, "%s: ", ctl->program);
  ed_ctl_put_lines(stderr, ed_view_member(body, "error"));
  fputc('\n', stderr);
  return ED_CTL_REFUSED;
}

int ed_ctl_call(const struct ed_ctl *ctl, const char *path, const char *body, struct ed_buf *answer) {
  int fd, http = 0;
  size_t body_at = 0;
  int status = open_connection(ctl, &fd);
  if (status) return status;
  struct ed_buf input = {0};
  ssize_t got = 1;
  status = send_request(ctl, fd, path, "Connection: close\r\n", body);
  if (!status) status = read_head(ctl, fd, &input, &http, &body_at);
  while (!status && got > 0 && input.len < ANSWER_MAX) got = receive(fd, &input);
  if (!status && got < 0) status = silent(ctl, got);
  close(fd);
  answer->len = 0;
  if (!status) ed_buf_add(answer, input.at + body_at, input.len - body_at);
  if (!status) status = judge(ctl, http, ed_buf_span(answer));
  ed_buf_deinit(&input);
  return status;
}

/* ---- paths ---- */

static void terminate(struct ed_buf *path) {
  ed_buf_add_byte(path, 0);
  path->len--;
}

static void add_escaped(struct ed_buf *path, struct ed_span text, const char *besides) {
  for (size_t i = 0; i < text.len; i++) {
    uint8_t c = text.at[i];
    if (isalnum(c) || (c && strchr("-_.~", c)) || (c && strchr(besides, c)))
      ed_buf_add_byte(path, c);
    else
      ed_buf_printf(path, "%%%02X", c);
  }
}

void ed_ctl_path(struct ed_buf *path, const char *room, const char *tail) {
  path->len = 0;
  ed_buf_add_text(path, strchr(room, '/') ? "/rooms/" : "/rooms/default/");
  add_escaped(path, ed_span_text(room), "/");
  ed_buf_add_text(path, tail);
  terminate(path);
}

void ed_ctl_arg(struct ed_buf *path, const char *name, struct ed_span value) {
  ed_buf_add_byte(path, memchr(path->at, '?', path->len) ? '&' : '?');
  ed_buf_add_text(path, name);
  ed_buf_add_byte(path, '=');
  add_escaped(path, value, "");
  terminate(path);
}

/* ---- the WebSocket ---- */

int ed_ctl_follow(const struct ed_ctl *ctl, const char *path, int *fd, struct ed_buf *input) {
  int http = 0, status = open_connection(ctl, fd);
  size_t body_at = 0;
  if (status) return status;
  status = send_request(ctl, *fd, path,
                        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: ZWRkeWN0bCBmb2xsb3dzIQ==\r\n",
                        NULL);
  if (!status) status = read_head(ctl, *fd, input, &http, &body_at);
  if (!status && http != 101) {
    ssize_t got = 1;
    while (got > 0 && input->len < ANSWER_MAX) got = receive(*fd, input);
    status = judge(ctl, http, ed_span(input->at + body_at, input->len - body_at));
    if (!status) status = strange(ctl);
  }
  if (!status) { /* frames may have come with the head */
    memmove(input->at, input->at + body_at, input->len - body_at);
    input->len -= body_at;
  }
  struct timeval for_ever = {0};
  setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof for_ever);
  if (status) close(*fd);
  return status;
}

/* A frame of a client: masked, with a mask of zeros. */
static void answer_ping(int fd, struct ed_span payload) {
  uint8_t frame[6 + 125] = {0x8a, (uint8_t)(0x80 | payload.len)};
  if (payload.len) memcpy(frame + 6, payload.at, payload.len);
  (void)send_all(fd, ed_span(frame, 6 + payload.len));
}

static int closed(const struct ed_ctl *ctl, struct ed_span payload) {
  fprintf(stderr, "%s: the server has closed this", ctl->program);
  if (payload.len >= 2) {
    fprintf(stderr, " (%u): ", payload.at[0] * 256u + payload.at[1]);
    ed_ctl_put(stderr, ed_span(payload.at + 2, payload.len - 2), 0);
  }
  fputc('\n', stderr);
  return ED_CTL_REFUSED;
}

/* The frame that `input` begins with: its length, or 0 where it is not all there. */
static size_t frame_at(const struct ed_buf *input, struct ed_span *payload) {
  if (input->len < 2) return 0;
  size_t len = input->at[1] & 127, head = len == 127 ? 10 : len == 126 ? 4 : 2;
  if (input->len < head) return 0;
  if (head > 2) len = 0;
  for (size_t i = 2; i < head; i++) len = len << 8 | input->at[i];
  if (len > ANSWER_MAX || input->len - head < len) return 0;
  *payload = ed_span(input->at + head, len);
  return head + len;
}

int ed_ctl_hear(const struct ed_ctl *ctl, int fd, struct ed_buf *input, struct ed_buf *frame) {
  for (;;) {
    struct ed_span payload;
    size_t len = frame_at(input, &payload);
    if (!len) {
      ssize_t got = receive(fd, input);
      if (got <= 0) return silent(ctl, got);
      continue;
    }
    uint8_t op = input->at[0] & 15;
    if (op == 8) return closed(ctl, payload);
    if (op == 9 && payload.len <= 125) answer_ping(fd, payload);
    frame->len = 0;
    if (op == 1) ed_buf_add_span(frame, payload);
    memmove(input->at, input->at + len, input->len - len);
    input->len -= len;
    if (op == 1) return ED_CTL_FINE;
  }
}
