/* Where rates meet connections: who may come, speak, and make rooms. callers.c and pace.c measure, and know no socket.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "net/head.h"
#include "net/http.h"
#include "net/internal.h"
#include "room/room.h"

static int too_fast(struct ed_fault *fault, const char *what, uint64_t wait_ms) {
  ed_fault(fault, ED_FAULT_RATE, "%s", what);
  fault->wait_s = (uint32_t)(wait_ms / 1000 + 1);
  return -1;
}

bool ed_rates_enter(struct ed_net *net, const struct sockaddr *peer, struct ed_caller **caller, uint64_t *wait_ms) {
  uint8_t address[ED_CALLER_LEN];
  *caller = NULL;
  if (!ed_callers_wanted(&net->options.callers) || !ed_forwarded_bytes(peer, address)) return true;
  *caller = ed_callers_enter(&net->callers, address, net->timers.now_ms, wait_ms);
  return *caller != NULL;
}

int ed_rates_forwarded(struct ed_conn *conn, struct ed_span head, struct ed_fault *fault) {
  struct ed_net *net = conn->net;
  if (conn->admin || !conn->trusted || conn->caller || !ed_callers_wanted(&net->options.callers)) return 0;
  struct ed_buf *field = &net->scratch;
  struct ed_address peer = {.len = sizeof peer.room};
  field->len = 0;
  ed_head_fields(head, "x-forwarded-for:", field);
  struct ed_span text = ed_forwarded_for(ed_buf_span(field), net->proxies, net->options.proxies_len);
  if (!text.len || !ed_forwarded_address(text, &peer)) /* then it is the proxy itself who asks */
    if (ed_conn_peer(conn, &peer) != 0) return 0;
  uint64_t wait_ms;
  if (ed_rates_enter(net, &peer.any, &conn->caller, &wait_ms)) return 0;
  return too_fast(fault, ED_RATES_ARRIVAL, wait_ms);
}

static struct ed_space_pace *pace_of(struct ed_net *net, const struct ed_space *space) {
  struct ed_space_pace *pace;
  LL_FOREACH(net->paces, pace) if (pace->space == space) return pace;
  pace = ed_zalloc(sizeof *pace);
  pace->space = space;
  LL_PREPEND(net->paces, pace);
  return pace;
}

void ed_rates_begin(struct ed_conn *conn, const struct ed_space *space) {
  if (!ed_pace_wanted(space)) return;
  conn->pace = ed_zalloc(sizeof *conn->pace);
  conn->pace->all = pace_of(conn->net, space);
}

void ed_rates_end(struct ed_conn *conn) {
  if (conn->caller) ed_callers_leave(&conn->net->callers, conn->caller);
  conn->caller = NULL;
  free(conn->pace);
  conn->pace = NULL;
}

const char *ed_rates_paced(struct ed_conn *conn, size_t len) {
  return ed_pace_take(conn->pace, conn->net->timers.now_ms, len);
}

void ed_rates_refuse(struct ed_conn *conn, const char *why, const struct ed_request *request) {
  struct ed_net *net = conn->net;
  struct ed_conn_pace *pace = conn->pace;
  struct ed_fault fault;
  uint64_t most = conn->member.room->space->limits.excess;
  net->hub.counts.refusals[ED_FAULT_RATE]++;
  if (request) {
    ed_pace_told(pace);
    ed_fault(&fault, ED_FAULT_RATE, "messages come faster than %s allows", why);
    ed_room_tell(&conn->member, &fault, request);
  } else {
    uint32_t refused = ed_pace_tell(pace, net->timers.now_ms);
    ed_fault(&fault, ED_FAULT_RATE, "messages come faster than %s allows: %u refused", why, refused);
    if (refused) ed_room_tell(&conn->member, &fault, NULL);
  }
  if (most && pace->excess >= most) ed_conn_close(conn, 1008, "more messages over its rate than limits.excess allows");
}

int ed_rates_send(struct ed_conn *conn, const struct ed_space *space, struct ed_fault *fault) {
  struct ed_net *net = conn->net;
  if (!space->total_rate.amount) return 0;
  struct ed_bucket *bucket = &pace_of(net, space)->messages;
  if (ed_bucket_take(bucket, &space->total_rate, net->timers.now_ms, 1)) return 0;
  return too_fast(fault, "messages come faster than the namespace's total_rate allows",
                  ed_bucket_wait_ms(bucket, &space->total_rate));
}

int ed_rates_room(struct ed_conn *conn, const struct ed_space *space, struct ed_fault *fault) {
  struct ed_net *net = conn->net;
  uint64_t now_ms = net->timers.now_ms, wait_ms;
  if (conn->caller && !ed_callers_room(&net->callers, conn->caller, now_ms, &wait_ms))
    return too_fast(fault, "rooms are made faster than limits.address_rooms allows", wait_ms);
  if (!space->room_rate.amount) return 0;
  struct ed_bucket *bucket = &pace_of(net, space)->rooms;
  if (ed_bucket_take(bucket, &space->room_rate, now_ms, 1)) return 0;
  return too_fast(fault, "rooms are made faster than the namespace's room_rate allows",
                  ed_bucket_wait_ms(bucket, &space->room_rate));
}

void ed_rates_deinit(struct ed_net *net) {
  struct ed_space_pace *pace, *next;
  LL_FOREACH_SAFE(net->paces, pace, next) free(pace);
  net->paces = NULL;
  ed_callers_deinit(&net->callers);
}
