/* HTTP to the admin interface, and the WebSocket that follows a room. A call is a connection of its own. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "main/ctl/line.h"
#include "main/ctl/view.h"

#define ANSWER_MAX ((size_t)1 << 30) /* a value of a room may be large, but not that large */

/* ---- a request, and the head of what it is answered with ---- */

static int silent(const struct ed_ctl *ctl, ssize_t got) {
  if (got < 0 && errno == EAGAIN)
    return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "the daemon has not answered in %d seconds", ED_CTL_PATIENCE_S);
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "the daemon has ended the connection");
}

static int send_request(const struct ed_ctl *ctl, struct ed_ctl_line *line, const char *path, const char *headers,
                        const char *body) {
  struct ed_buf head = {0};
  ed_buf_printf(&head, "%s %s%s HTTP/1.1\r\nHost: %s\r\n%s", body ? "POST" : "GET", ctl->base, path,
                ctl->socket[0] ? "localhost" : ctl->host, headers);
  if (ctl->key) ed_buf_printf(&head, "Authorization: Bearer %s\r\n", ctl->key);
  if (body) ed_buf_printf(&head, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
  ed_buf_add_text(&head, "\r\n");
  /* A server that answers before it has read all is heard nonetheless, so what this says does not matter. */
  if (ed_ctl_line_send(line, ed_buf_span(&head)) && body) (void)ed_ctl_line_send(line, ed_span_text(body));
  ed_buf_deinit(&head);
  return ED_CTL_FINE;
}

static int strange(const struct ed_ctl *ctl) {
  return ed_ctl_fail(ctl, ED_CTL_UNREACHABLE, "what answers at %s is not the admin interface of eddyd",
                     ctl->socket[0] ? ctl->socket : ctl->host);
}

/* Until the head is there: its HTTP status, and where the body begins. */
static int read_head(const struct ed_ctl *ctl, struct ed_ctl_line *line, struct ed_buf *input, int *http,
                     size_t *body_at) {
  const uint8_t *end;
  while (!(end = input->len ? memmem(input->at, input->len, "\r\n\r\n", 4) : NULL)) {
    ssize_t got = input->len < 65536 ? ed_ctl_line_receive(line, input) : 0;
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
  struct ed_ctl_line line;
  int http = 0;
  size_t body_at = 0;
  int status = ed_ctl_line_open(ctl, &line);
  if (status) return status;
  struct ed_buf input = {0};
  ssize_t got = 1;
  status = send_request(ctl, &line, path, "Connection: close\r\n", body);
  if (!status) status = read_head(ctl, &line, &input, &http, &body_at);
  while (!status && got > 0 && input.len < ANSWER_MAX) got = ed_ctl_line_receive(&line, &input);
  if (!status && got < 0) status = silent(ctl, got);
  ed_ctl_line_close(&line);
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

int ed_ctl_follow(const struct ed_ctl *ctl, const char *path, struct ed_ctl_line *line, struct ed_buf *input) {
  int http = 0, status = ed_ctl_line_open(ctl, line);
  size_t body_at = 0;
  if (status) return status;
  status = send_request(ctl, line, path,
                        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: ZWRkeWN0bCBmb2xsb3dzIQ==\r\n",
                        NULL);
  if (!status) status = read_head(ctl, line, input, &http, &body_at);
  if (!status && http != 101) {
    ssize_t got = 1;
    while (got > 0 && input->len < ANSWER_MAX) got = ed_ctl_line_receive(line, input);
    status = judge(ctl, http, ed_span(input->at + body_at, input->len - body_at));
    if (!status) status = strange(ctl);
  }
  if (!status) { /* frames may have come with the head */
    memmove(input->at, input->at + body_at, input->len - body_at);
    input->len -= body_at;
  }
  if (status)
    ed_ctl_line_close(line);
  else
    ed_ctl_line_wait(line, 0);
  return status;
}

/* A frame of a client: masked, with a mask of zeros. */
static void answer_ping(struct ed_ctl_line *line, struct ed_span payload) {
  uint8_t frame[6 + 125] = {0x8a, (uint8_t)(0x80 | payload.len)};
  if (payload.len) memcpy(frame + 6, payload.at, payload.len);
  (void)ed_ctl_line_send(line, ed_span(frame, 6 + payload.len));
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

/* The frame that `input` begins with: its length, or 0 where it is not all there; SIZE_MAX: it is too long. */
static size_t frame_at(const struct ed_buf *input, struct ed_span *payload) {
  if (input->len < 2) return 0;
  size_t len = input->at[1] & 127, head = len == 127 ? 10 : len == 126 ? 4 : 2;
  if (input->len < head) return 0;
  if (head > 2) len = 0;
  for (size_t i = 2; i < head; i++) len = len << 8 | input->at[i];
  if (len > ANSWER_MAX) return SIZE_MAX;
  if (input->len - head < len) return 0;
  *payload = ed_span(input->at + head, len);
  return head + len;
}

int ed_ctl_hear(const struct ed_ctl *ctl, struct ed_ctl_line *line, struct ed_buf *input, struct ed_buf *frame) {
  for (;;) {
    struct ed_span payload;
    size_t len = frame_at(input, &payload);
    if (len == SIZE_MAX) return strange(ctl);
    if (!len) {
      ssize_t got = ed_ctl_line_receive(line, input);
      if (got <= 0) return silent(ctl, got);
      continue;
    }
    uint8_t op = input->at[0] & 15;
    if (op == 8) return closed(ctl, payload);
    if (op == 9 && payload.len <= 125) answer_ping(line, payload);
    frame->len = 0;
    if (op == 1) ed_buf_add_span(frame, payload);
    memmove(input->at, input->at + len, input->len - len);
    input->len -= len;
    if (op == 1) return ED_CTL_FINE;
  }
}
