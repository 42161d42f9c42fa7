#include "room/outbox.h"

#include <stdlib.h>

#include "base/mem.h"

/* A new chunk is begun past this size: what one slow member holds on to stays small. */
#define CHUNK_LEN (256 * 1024)

struct ed_buf *ed_outbox_begin(struct ed_room *room, enum ed_encoding encoding, size_t *start) {
  struct ed_feed *feed = &room->feeds[encoding];
  if (feed->chunk && feed->chunk->buf.len >= CHUNK_LEN) {
    ed_room_dispatch(room); /* the runs speak of the old chunk */
    ed_chunk_unref(feed->chunk);
    feed->chunk = NULL;
  }
  if (!feed->chunk) feed->chunk = ed_chunk_new();
  *start = feed->chunk->buf.len;
  return &feed->chunk->buf;
}

void ed_outbox_end(struct ed_room *room, enum ed_encoding encoding, size_t start, enum ed_run_to to, void *whom,
                   bool excused) {
  struct ed_feed *feed = &room->feeds[encoding];
  struct ed_run run = {.to = to, .excused = excused, .start = start, .end = feed->chunk->buf.len, .stamp = room->mark};
  if (to == ED_TO_MEMBER)
    run.member = whom;
  else
    run.stream = whom; /* NULL for the debuggers */
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

static void give(struct ed_hub *hub, const struct ed_feed *feed, const struct ed_run *run, struct ed_member *member) {
  if (member->closing) return;
  ed_queue_add(&member->queue, feed->chunk, run->start, run->end, run->stamp, run->excused);
  hub->counts.queued += run->end - run->start;
  if (!member->blocked) ed_hub_mark_ready(hub, member);
  /* What one alone is told can be many times what it sent (a get of a long stream, a hundred times in one turn), so it
   * is looked at as it grows; a broadcast to who can still take it, once that has been tried. */
  if (member->blocked || run->to != ED_TO_STREAM) ed_member_check_queue(member);
}

static void give_all(struct ed_hub *hub, const struct ed_feed *feed, const struct ed_run *run,
                     const struct ed_members *members) {
  for (size_t i = 0; i < members->len; i++) give(hub, feed, run, members->list[i]);
}

static void dispatch(struct ed_room *room, enum ed_encoding encoding) {
  struct ed_feed *feed = &room->feeds[encoding];
  for (size_t i = 0; i < feed->runs_len; i++) {
    const struct ed_run *run = &feed->runs[i];
    switch (run->to) {
      case ED_TO_STREAM: {
        const struct ed_audience *audience = &run->stream->audience[encoding];
        for (size_t k = 0; k < audience->len; k++) give(room->hub, feed, run, audience->hearers[k].member);
        give_all(room->hub, feed, run, &room->everyone[encoding]);
        break;
      }
      case ED_TO_MEMBER: give(room->hub, feed, run, run->member); break;
      case ED_TO_DEBUGGERS: give_all(room->hub, feed, run, &room->debuggers[encoding]); break;
    }
  }
  for (size_t i = 0; i < feed->runs_len; i++)
    if (feed->runs[i].to == ED_TO_STREAM) ed_stream_unpin(feed->runs[i].stream);
  feed->runs_len = 0;
}

void ed_room_dispatch(struct ed_room *room) {
  dispatch(room, ED_JSON);
  dispatch(room, ED_CBOR);
}

void ed_outbox_rest(struct ed_room *room) {
  for (int encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    struct ed_feed *feed = &room->feeds[encoding];
    if (feed->chunk) ed_chunk_unref(feed->chunk);
    feed->chunk = NULL;
    if (feed->runs_cap <= 64) continue;
    free(feed->runs); /* one wild turn should not be paid for until the room ends */
    feed->runs = NULL;
    feed->runs_cap = 0;
  }
}

void ed_outbox_deinit(struct ed_room *room) {
  ed_outbox_rest(room);
  free(room->feeds[ED_JSON].runs);
  free(room->feeds[ED_CBOR].runs);
}
