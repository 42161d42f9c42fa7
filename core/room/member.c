#include "room/member.h"

#include "room/conflate.h"
#include "room/room.h"

bool ed_member_peek(const struct ed_member *member, struct ed_span *bytes) {
  return ed_queue_peek(&member->queue, member->room->open, bytes);
}

size_t ed_member_gather(const struct ed_member *member, struct iovec *parts, size_t most, size_t bytes_most) {
  return ed_queue_gather(&member->queue, member->room->open, parts, most, bytes_most);
}

void ed_member_consume(struct ed_member *member, size_t len) {
  struct ed_hub_counts *counts = &member->room->hub->counts;
  counts->queued -= len;
  counts->bytes_out += len;
  ed_queue_consume(&member->queue, len);
}

/* Whether it is enough: an eighth of the limit must be free then, so that a walk through the whole queue is paid for by
 * what comes in until the next one. Of relays half of the limit is left. */
static bool conflate(struct ed_member *member, uint64_t limit) {
  struct ed_hub *hub = member->room->hub;
  struct ed_queue *queue = &member->queue;
  size_t before = queue->bytes;
  size_t left_out = ed_queue_conflate(queue, member->room->open, queue->excused + (size_t)limit / 2, &hub->secret);
  hub->counts.conflated += left_out;
  member->room->conflated += left_out;
  hub->counts.queued -= before - queue->bytes;
  return ed_member_backlog(member) <= limit - limit / 8;
}

void ed_member_check_queue(struct ed_member *member) {
  struct ed_room *room = member->room;
  uint64_t limit = room->space->limits.queue + ed_room_held(room); /* it is not slow for what it may not have yet */
  if (ed_member_backlog(member) <= limit) {
    /* what may go must not wait with what may not */
    if (room->mark <= room->open) ed_queue_spill(&member->queue);
    return;
  }
  if (room->space->slow == ED_SLOW_CONFLATE && !member->closing && conflate(member, limit)) return;
  room->hub->counts.slow += !member->closing;
  room->slow += !member->closing;
  ed_member_close(member, 1013, "too slow: more is waiting than limits.queue allows");
}

void ed_member_close(struct ed_member *member, unsigned code, const char *why) {
  if (member->closing) return;
  member->closing = true;
  member->ops->close(member, code, why);
}
