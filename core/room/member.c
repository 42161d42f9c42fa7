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

/* Under `conflate` a member is brought down before it is at its limit: what is in memory besides (copies under way,
 * where messages begin) is to fit below it, too. */
static uint64_t most_of(uint64_t limit) { return limit - limit / 4; }

/* Whether it is enough: an eighth of the limit must be free then, so that a walk through the whole queue is paid for by
 * what comes in until the next one. Of relays half of the limit is left. */
static bool conflate(struct ed_member *member, uint64_t limit) {
  struct ed_hub *hub = member->room->hub;
  struct ed_queue *queue = &member->queue;
  size_t before = queue->bytes;
  size_t left_out =
      ed_queue_conflate(queue, member->room->open, queue->excused + (size_t)limit / 2, limit, &hub->secret);
  hub->counts.conflated += left_out;
  member->room->conflated += left_out;
  hub->counts.queued -= before - queue->bytes;
  return ed_member_backlog(member) <= most_of(limit) - limit / 8;
}

/* Whether it may stay. */
static bool keep_behind(struct ed_member *member, uint64_t limit) {
  const struct ed_room *room = member->room;
  bool conflates = room->space->slow == ED_SLOW_CONFLATE && !member->closing;
  if (conflates && ed_member_backlog(member) > most_of(limit)) return conflate(member, limit);
  if (ed_member_backlog(member) > limit) return false;
  if (conflates && member->blocked)
    ed_queue_settle(&member->queue, room->open, room->space->limits.queue);
  else if (!conflates && room->mark <= room->open) /* what may go must not wait with what may not */
    ed_queue_spill(&member->queue);
  return true;
}

void ed_member_check_queue(struct ed_member *member) {
  struct ed_room *room = member->room;
  uint64_t limit = room->space->limits.queue + ed_room_held(room); /* it is not slow for what it may not have yet */
  if (keep_behind(member, limit)) return;
  room->hub->counts.slow += !member->closing;
  room->slow += !member->closing;
  ed_member_close(member, 1013, "too slow: more is waiting than limits.queue allows");
}

void ed_member_close(struct ed_member *member, unsigned code, const char *why) {
  if (member->closing) return;
  member->closing = true;
  member->ops->close(member, code, why);
}
