/* From a socket to the room: frames to messages, messages to requests. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/http.h"
#include "net/internal.h"
#include "room/room.h"

#define PONGS_AT_ONCE 16 /* for what is read at once: each is a write; of more pings the last one is answered */

static const struct ed_limits *limits_of(const struct ed_conn *conn) { return &conn->member.room->space->limits; }

static void refuse(struct ed_conn *conn, const struct ed_fault *fault, const struct ed_request *request) {
  conn->net->hub.counts.refusals[fault->code]++;
  ed_room_tell(&conn->member, fault, request);
}

/* One that comes too fast. Its beginning is looked at, where its sender may want to hear of it by its id. */
static void too_fast(struct ed_conn *conn, const char *why, enum ed_encoding encoding, struct ed_span bytes,
                     const struct ed_wire_limits *limits) {
  struct ed_request request = {0};
  if (conn->member.v1) ed_wire_find_id(encoding, bytes, limits, &conn->net->scratch, &request);
  ed_rates_refuse(conn, why, request.id.len ? &request : NULL);
}

/* One whole message. What is wrong with it is told, and the connection goes on; a peer that sends nothing but rubbish
 * is closed. */
static void message(struct ed_conn *conn, uint8_t op, struct ed_span bytes) {
  const char *why = ed_rates_message(conn, bytes.len);
  struct ed_net *net = conn->net;
  const struct ed_limits *limits = limits_of(conn);
  struct ed_wire_limits wire = {.depth = (unsigned)limits->depth,
                                .key = (size_t)limits->key,
                                .keys = (size_t)limits->keys,
                                .v1 = conn->member.v1};
  struct ed_request request;
  struct ed_fault fault;
  enum ed_encoding encoding = op == ED_OP_TEXT ? ED_JSON : ED_CBOR;
  if (why) {
    too_fast(conn, why, encoding, bytes, &wire);
    return;
  }
  if (ed_wire_decode(encoding, bytes, &wire, &net->scratch, &request, &fault) != 0) {
    refuse(conn, &fault, &request);
    if (++conn->errors >= limits->errors)
      ed_conn_close(conn, 1008, "more bad messages in a row than limits.errors allows");
    return;
  }
  conn->errors = 0;
  if (ed_room_request(&conn->member, &request, &fault) != 0) refuse(conn, &fault, &request);
}

static void data(struct ed_conn *conn, const struct ed_piece *piece) {
  if (piece->begins && piece->op != ED_OP_CONTINUE) conn->op = piece->op;
  uint64_t most = limits_of(conn)->message;
  if (piece->begins && (piece->len > most || conn->input.len > most - piece->len)) {
    conn->net->hub.counts.refusals[ED_FAULT_TOO_LARGE]++;
    ed_conn_close(conn, 1009, "the message is larger than limits.message");
    return;
  }
  bool whole = piece->ends && piece->fin;
  if (whole && conn->input.len == 0) { /* the usual case: nothing is copied */
    message(conn, conn->op, piece->bytes);
    return;
  }
  ed_buf_add_span(&conn->input, piece->bytes);
  if (!whole) return;
  struct ed_buf bytes = conn->input;
  conn->input = (struct ed_buf){0};
  message(conn, conn->op, ed_buf_span(&bytes));
  ed_buf_deinit(&bytes);
}

static void control_whole(struct ed_conn *conn, uint8_t op, struct ed_span payload) {
  const char *why = op == ED_OP_PING ? ed_rates_message(conn, payload.len) : NULL;
  if (why) {
    ed_rates_refuse(conn, why, NULL);
  } else if (op == ED_OP_PING) {
    if (++conn->net->pings <= PONGS_AT_ONCE)
      ed_outgoing_pong(conn, payload);
    else
      ed_outgoing_owe_pong(conn, payload);
  }
  if (op != ED_OP_CLOSE) return;
  conn->peer_closed = true;
  ed_conn_close(conn, ed_frame_close_answer(payload), NULL);
}

static void control(struct ed_conn *conn, const struct ed_piece *piece) {
  if (piece->begins && piece->ends) {
    control_whole(conn, piece->op, piece->bytes);
    return;
  }
  if (!conn->aside) conn->aside = ed_zalloc(sizeof *conn->aside);
  struct ed_aside *aside = conn->aside;
  if (piece->begins) aside->part_len = 0;
  if (piece->bytes.len) memcpy(aside->part + aside->part_len, piece->bytes.at, piece->bytes.len);
  aside->part_len = (uint8_t)(aside->part_len + piece->bytes.len);
  if (!piece->ends) return;
  uint8_t payload[ED_FRAME_CONTROL_MAX];
  memcpy(payload, aside->part, aside->part_len);
  size_t len = aside->part_len;
  if (!aside->pong_due && !aside->rest_len) {
    free(aside);
    conn->aside = NULL;
  }
  control_whole(conn, piece->op, ed_span(payload, len));
}

void ed_incoming(struct ed_conn *conn, uint8_t *at, size_t len) {
  conn->net->pings = 0;
  conn->pinged = false;
  conn->since_ms = conn->net->timers.now_ms;
  while (conn->phase == ED_OPEN && !conn->doomed) {
    struct ed_piece piece;
    switch (ed_frames_next(&conn->frames, &at, &len, &piece)) {
      case ED_FRAMES_MORE: goto read;
      case ED_FRAMES_ERROR: ed_conn_close(conn, 1002, "a breach of the WebSocket protocol"); return;
      case ED_FRAMES_PIECE: piece.op & 8 ? control(conn, &piece) : data(conn, &piece); break;
    }
  }
read:
  if (conn->net->pings > PONGS_AT_ONCE) ed_outgoing_owed_pong(conn);
  /* Who does not read is not read from: so what it asks for cannot grow without bound. */
  if (conn->phase == ED_OPEN && conn->member.blocked && conn->member.queue.bytes > limits_of(conn)->queue) {
    conn->paused = true;
    ed_conn_watch(conn, false);
  }
}

void ed_incoming_open(struct ed_conn *conn) {
  struct ed_buf early = conn->input;
  conn->input = (struct ed_buf){0};
  conn->frame_left = 0;
  ed_conn_phase(conn, ED_OPEN);
  if (!ed_conn_watch(conn, true))
    ed_conn_doom(conn);
  else if (early.len)
    ed_incoming(conn, early.at, early.len);
  ed_buf_deinit(&early);
}
