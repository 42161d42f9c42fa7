#include "room/outbox.h"

#include <stdlib.h>

#include "base/mem.h"
#include "room/conflate.h"
#include "room/v1.h"

/* A new chunk is begun past this size: what one slow member holds on to stays small. */
#define CHUNK_LEN (256 * 1024)

static struct ed_chunk **chunk_for(struct ed_feed *feed, enum ed_run_to to) {
  return to == ED_TO_STREAM ? &feed->chunk : &feed->aside;
}

/* What is laid by: so much in all, and no chunk that one wild turn has made large. */
#define SPARE_BYTES (1024 * 1024)
#define SPARE_CHUNK (16 * 1024)

static struct ed_chunk *new_chunk(struct ed_hub *hub) {
  if (!hub->spare_len) return ed_chunk_new();
  struct ed_chunk *chunk = hub->spare[--hub->spare_len];
  hub->spare_bytes -= chunk->buf.cap;
  return chunk;
}

static bool lay_by(struct ed_hub *hub, struct ed_chunk *chunk) {
  size_t cap = chunk->buf.cap;
  if (chunk->refs > 1 || chunk->notes || cap > SPARE_CHUNK || hub->spare_bytes + cap > SPARE_BYTES) return false;
  chunk->buf.len = 0;
  hub->spare = ed_grow(hub->spare, sizeof(struct ed_chunk *), hub->spare_len, &hub->spare_cap);
  hub->spare[hub->spare_len++] = chunk;
  hub->spare_bytes += cap;
  return true;
}

void ed_outbox_no_spare(struct ed_hub *hub) {
  while (hub->spare_len) ed_chunk_unref(hub->spare[--hub->spare_len]);
  free(hub->spare);
  hub->spare = NULL;
  hub->spare_cap = hub->spare_bytes = 0;
}

/* Nothing more is written to it. Where a slow member holds on to it, to no more than its bytes. */
static void put_away(struct ed_hub *hub, struct ed_chunk **at) {
  struct ed_chunk *chunk = *at;
  *at = NULL;
  if (!chunk || lay_by(hub, chunk)) return;
  if (chunk->refs > 1) ed_buf_trim(&chunk->buf);
  ed_chunk_unref(chunk);
}

struct ed_buf *ed_outbox_begin(struct ed_room *room, enum ed_encoding encoding, enum ed_run_to to, size_t *start) {
  struct ed_chunk **chunk = chunk_for(&room->feeds[encoding], to);
  if (*chunk && (*chunk)->buf.len >= CHUNK_LEN) {
    ed_room_dispatch(room); /* the runs speak of the old chunk */
    put_away(room->hub, chunk);
  }
  if (!*chunk) *chunk = new_chunk(room->hub);
  *start = (*chunk)->buf.len;
  return &(*chunk)->buf;
}

void ed_outbox_end(struct ed_room *room, enum ed_encoding encoding, size_t start, enum ed_run_to to, void *whom,
                   bool excused) {
  struct ed_feed *feed = &room->feeds[encoding];
  struct ed_run run = {.to = to, .excused = excused, .start = start, .stamp = room->mark};
  run.end = (*chunk_for(feed, to))->buf.len;
  if (to == ED_TO_MEMBER || to == ED_TO_MEMBER_NOW)
    run.member = whom;
  else
    run.stream = whom; /* NULL for debuggers and roster */
  ed_hub_mark_dirty(room);

  struct ed_run *last = feed->runs_len ? &feed->runs[feed->runs_len - 1] : NULL;
  if (last && last->to == to && last->stream == run.stream && last->end == start && last->excused == excused) {
    last->end = run.end;
    last->stamp = run.stamp;
    return;
  }
  if (to == ED_TO_STREAM) ed_stream_pin(run.stream);
  feed->runs = ed_grow(feed->runs, sizeof *feed->runs, feed->runs_len, &feed->runs_cap);
  feed->runs[feed->runs_len++] = run;
}

void ed_outbox_note(struct ed_room *room, enum ed_encoding encoding, size_t start, enum ed_run_to to,
                    enum ed_action action) {
  ed_chunk_note(*chunk_for(&room->feeds[encoding], to), start, action);
}

/* To who is behind, where the namespace conflates: bit by bit, as the whole may be more than it can take. */
static void give_copies(struct ed_member *member, struct ed_slot range, bool excused) {
  const struct ed_room *room = member->room;
  while (range.start < range.end && !member->closing) {
    size_t len = ed_queue_copy(&member->queue, &range, excused, room->open, room->space->limits.queue);
    range.start += len;
    room->hub->counts.queued += len;
    ed_member_check_queue(member);
  }
}

static void give(struct ed_hub *hub, struct ed_feed *feed, const struct ed_run *run, struct ed_member *member) {
  if (member->closing) return;
  const struct ed_room *room = member->room;
  const bool ahead = run->to == ED_TO_MEMBER_NOW;
  const struct ed_slot range = {
      .chunk = *chunk_for(feed, run->to), .start = run->start, .end = run->end, .stamp = ahead ? 0 : run->stamp};
  if (member->blocked && room->space->slow == ED_SLOW_CONFLATE &&
      ed_queue_copies(&member->queue, &range, room->open, room->space->limits.queue)) {
    give_copies(member, range, run->excused);
    return;
  }
  if (ahead)
    ed_queue_add_ahead(&member->queue, room->open, range.chunk, range.start, range.end);
  else
    ed_queue_add(&member->queue, range.chunk, range.start, range.end, range.stamp, run->excused);
  hub->counts.queued += range.end - range.start;
  if (!member->blocked) ed_hub_mark_ready(hub, member);
  /* What one alone is told can be many times what it sent (a get of a long stream, a hundred times in one turn), so it
   * is looked at as it grows; a broadcast to who can still take it, once that has been tried. */
  if (member->blocked || run->to != ED_TO_STREAM) ed_member_check_queue(member);
}

static void give_all(struct ed_hub *hub, struct ed_feed *feed, const struct ed_run *run,
                     const struct ed_members *members) {
  for (size_t i = 0; i < members->len; i++) give(hub, feed, run, members->list[i]);
}

/* `late`: those who hear a stream and have not been sent it. NULL: all. */
static void give_run(struct ed_room *room, enum ed_encoding encoding, const struct ed_run *run,
                     const struct ed_members *late) {
  struct ed_hub *hub = room->hub;
  struct ed_feed *feed = &room->feeds[encoding];
  if (run->to == ED_TO_MEMBER || run->to == ED_TO_MEMBER_NOW) {
    give(hub, feed, run, run->member);
  } else if (run->to == ED_TO_DEBUGGERS) {
    give_all(hub, feed, run, &room->debuggers[encoding]);
  } else if (run->to == ED_TO_ROSTER) {
    give_all(hub, feed, run, &room->v1->roster[encoding]);
  } else if (late) {
    give_all(hub, feed, run, late);
  } else {
    const struct ed_audience *audience = &run->stream->audience[encoding];
    for (size_t i = 0; i < audience->len; i++) give(hub, feed, run, audience->hearers[i].member);
    give_all(hub, feed, run, &room->everyone[encoding]);
  }
}

static void end_runs(struct ed_feed *feed) {
  for (size_t i = 0; i < feed->runs_len; i++)
    if (feed->runs[i].to == ED_TO_STREAM) ed_stream_unpin(feed->runs[i].stream);
  feed->runs_len = 0;
}

static void dispatch(struct ed_room *room, enum ed_encoding encoding) {
  struct ed_feed *feed = &room->feeds[encoding];
  for (size_t i = 0; i < feed->runs_len; i++) give_run(room, encoding, &feed->runs[i], NULL);
  end_runs(feed);
}

void ed_room_dispatch(struct ed_room *room) {
  dispatch(room, ED_JSON);
  dispatch(room, ED_CBOR);
}

/* Where all that was said to many in this turn was said to the same ones, and may be sent: all of it, as one run. It is
 * in one piece, whatever else was said in between. */
static bool one_audience(const struct ed_feed *feed, uint64_t open, struct ed_run *all) {
  all->stream = NULL;
  for (size_t i = 0; i < feed->runs_len; i++) {
    const struct ed_run *run = &feed->runs[i];
    if (run->to != ED_TO_STREAM) continue;
    if (!all->stream) *all = *run;
    if (all->stream != run->stream || run->stamp > open) return false;
    all->end = run->end;
    all->stamp = run->stamp;
  }
  return all->stream != NULL;
}

/* Sends it to a member for whom there is nothing else. False: it has to be given run by run. */
static bool send_all(struct ed_hub *hub, struct ed_feed *feed, const struct ed_run *all, struct ed_member *member) {
  if (member->addressed || !member->ops->send || member->queue.bytes || member->blocked) return false;
  if (member->closing) return true;
  size_t len = all->end - all->start;
  size_t sent = member->ops->send(member, ed_span(feed->chunk->buf.at + all->start, len));
  hub->counts.bytes_out += sent;
  if (sent == len) return true;
  struct ed_run rest = *all;
  rest.start += sent;
  ed_queue_sent(&member->queue, sent);
  give(hub, feed, &rest, member);
  return true;
}

static void mark_addressed(const struct ed_room *room, const struct ed_feed *feed, enum ed_encoding encoding,
                           bool addressed) {
  for (size_t i = 0; i < feed->runs_len; i++) {
    const struct ed_run *run = &feed->runs[i];
    if (run->to == ED_TO_MEMBER || run->to == ED_TO_MEMBER_NOW) run->member->addressed = addressed;
    if (run->to != ED_TO_ROSTER) continue;
    const struct ed_members *roster = &room->v1->roster[encoding];
    for (size_t k = 0; k < roster->len; k++) roster->list[k]->addressed = addressed;
  }
}

static void flush(struct ed_room *room, enum ed_encoding encoding) {
  struct ed_hub *hub = room->hub;
  struct ed_feed *feed = &room->feeds[encoding];
  struct ed_run all;
  if (!one_audience(feed, room->open, &all)) {
    dispatch(room, encoding);
    return;
  }
  const struct ed_audience *audience = &all.stream->audience[encoding];
  const struct ed_members *everyone = &room->everyone[encoding];
  size_t late_len = 0;
  mark_addressed(room, feed, encoding, true);
  for (size_t i = 0; i < audience->len + everyone->len; i++) {
    struct ed_member *member = i < audience->len ? audience->hearers[i].member : everyone->list[i - audience->len];
    if (send_all(hub, feed, &all, member)) continue;
    hub->late = ed_grow(hub->late, sizeof(struct ed_member *), late_len, &hub->late_cap);
    hub->late[late_len++] = member;
  }
  mark_addressed(room, feed, encoding, false);
  const struct ed_members late = {.list = hub->late, .len = late_len};
  for (size_t i = 0; i < feed->runs_len; i++) give_run(room, encoding, &feed->runs[i], &late);
  end_runs(feed);
}

void ed_outbox_flush(struct ed_room *room) {
  flush(room, ED_JSON);
  flush(room, ED_CBOR);
}

void ed_outbox_rest(struct ed_room *room) {
  for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    struct ed_feed *feed = &room->feeds[encoding];
    if (feed->runs_len) continue; /* deliveries have made it say something more: the next flush */
    put_away(room->hub, &feed->chunk);
    put_away(room->hub, &feed->aside);
    if (feed->runs_cap <= 64) continue;
    free(feed->runs); /* one wild turn should not be paid for until the room ends */
    feed->runs = NULL;
    feed->runs_cap = 0;
  }
}

void ed_outbox_deinit(struct ed_room *room) {
  room->feeds[ED_JSON].runs_len = room->feeds[ED_CBOR].runs_len = 0; /* nobody is left */
  ed_outbox_rest(room);
  free(room->feeds[ED_JSON].runs);
  free(room->feeds[ED_CBOR].runs);
}
