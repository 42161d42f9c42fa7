/* Everything that a client may be told has gone wrong: one table. A fault is a row of it with the sentence for the case
 * at hand. Over WebSocket it becomes an `error` message, over HTTP a status and {"error": TEXT}. */
#ifndef ED_CODEC_FAULT_H
#define ED_CODEC_FAULT_H

#include <stdint.h>

/* code, its stable name, HTTP status, the sentence used where there is nothing more exact to say */
#define ED_FAULTS(X)                                                          \
  X(MALFORMED, "malformed", 400, "the message is malformed")                  \
  X(TOO_DEEP, "too_deep", 400, "the message is nested too deeply")            \
  X(BAD_SEQ, "bad_seq", 400, "there is no such sequence number in this room") \
  X(REFUSED, "refused", 403, "the room refused this")                         \
  X(NO_ROOM, "no_room", 404, "there is no such room")                         \
  X(NO_SPACE, "no_namespace", 404, "there is no such namespace")              \
  X(NO_PAGE, "not_found", 404, "there is nothing here")                       \
  X(BAD_METHOD, "bad_method", 405, "this method does not work here")          \
  X(TOO_LARGE, "too_large", 413, "this is larger than the limit")             \
  X(ROOM_FULL, "room_full", 403, "the room is full")                          \
  X(TOO_MANY, "too_many", 503, "the server is full")                          \
  X(RATE, "rate", 429, "this comes faster than the limit")                    \
  X(ORIGIN, "origin", 403, "pages of this origin may not come here")          \
  X(DRAINING, "draining", 503, "the server is shutting down")                 \
  X(STORAGE, "storage", 503, "the room cannot be kept at the moment")         \
  X(BROKEN, "broken", 500, "something went wrong in the server")

enum ed_fault_code {
  ED_FAULT_NONE,
#define X(code, name, status, text) ED_FAULT_##code,
  ED_FAULTS(X)
#undef X
  ED_FAULT_COUNT
};

struct ed_fault {
  enum ed_fault_code code;
  uint32_t wait_s; /* RATE: when it is worth another try; ed_fault sets 0 */
  char text[200];  /* NUL-terminated UTF-8, a sentence fragment without a full stop */
};

const char *ed_fault_name(enum ed_fault_code code);
int ed_fault_status(enum ed_fault_code code); /* HTTP */

/* Fills `fault` (which may be NULL) and returns -1, so that a function can `return ed_fault(...)`. With format NULL the
 * table's own sentence is taken. Never put text that a client sent into it. */
int ed_fault(struct ed_fault *fault, enum ed_fault_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
