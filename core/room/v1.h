/* The subprotocol eddy.v1 (core/net/README.md): what is said to those only who speak it. For the files of this folder. */
#ifndef ED_ROOM_V1_H
#define ED_ROOM_V1_H

#include "room/room.h"

#define ED_V1_MOMENTS 10

/* What a room has from when the first one came who speaks it. */
struct ed_v1 {
  struct ed_members roster[2]; /* who is told of joins and leaves, by encoding */
  /* How long ago numbers were passed: an eighth of resume_ms and more apart, none older than that; the oldest first. At
   * that time or before, everything up to `seq` was said. */
  struct ed_moment {
    uint64_t at_ms, seq;
  } moments[ED_V1_MOMENTS];
  size_t moments_len;
  uint64_t forgotten; /* a number below was passed longer ago than resume_ms */
};

/* The first words to a member, before anything else is. */
void ed_v1_hello(struct ed_member *member);

/* A member (of any kind) is in the list of its kind now; or is not any more. */
void ed_v1_came(struct ed_member *member);
void ed_v1_left(struct ed_member *member);

/* `seq` NULL: the push was dropped. */
void ed_v1_ack(struct ed_member *member, const struct ed_request *request, const uint64_t *seq);
/* Adds the `error` for a member that speaks it. */
void ed_v1_tell(struct ed_buf *out, const struct ed_member *member, const struct ed_fault *fault,
                const struct ed_request *request);

/* -1 with a fault: limits.keys; then nothing has changed. */
int ed_v1_resume(struct ed_member *member, const struct ed_request *request, struct ed_fault *fault);
void ed_v1_members(struct ed_member *member, const struct ed_request *request);

/* Keeps account of how old numbers are: at the end of a turn in which the room said something. */
void ed_v1_note(struct ed_room *room);

void ed_v1_free(struct ed_room *room);

#endif
