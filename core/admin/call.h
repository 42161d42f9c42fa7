/* A call at hand, and what every call does with it. For the files of this folder. */
#ifndef ED_ADMIN_CALL_H
#define ED_ADMIN_CALL_H

#include <jansson.h>

#include "admin/admin.h"
#include "admin/print.h"
#include "room/room.h"

#define ED_PAGE_MAX 1000            /* rooms, keys, members or messages in one answer */
#define ED_PAGE_STANDARD 100        /* where nothing is said */
#define ED_PAGE_BYTES (1024 * 1024) /* past this an answer ends with the item at hand */
#define ED_SCAN_MAX 10000           /* keys that are looked at for one answer */

struct ed_admin {
  struct ed_admin_options options;
  struct ed_net_admin table;
  struct ed_net *net;
  struct ed_host *host; /* NULL: none */
  struct ed_hub *hub;
  uint64_t since_ms; /* by the hub's clock */
};

struct ed_admin_call {
  struct ed_admin *admin;
  struct ed_admin_page *page;
  struct ed_span space, id; /* of the room that the path names */
};

typedef void ed_admin_fn(struct ed_admin_call *call);

/* Answers {"error": TEXT}, in place of what was printed by then. -1. */
int ed_admin_fail(struct ed_admin_call *call, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int ed_admin_fault(struct ed_admin_call *call, const struct ed_fault *fault);

/* An argument of the query; {NULL, 0} where it is not there. */
struct ed_span ed_admin_arg(const struct ed_admin_call *call, const char *name);
/* The same as a number. 0, and `fallback` where it is not there; -1: answered. */
int ed_admin_number(struct ed_admin_call *call, const char *name, uint64_t fallback, uint64_t max, uint64_t *number);

/* Whether it is one of the words of a list, which are separated by spaces. */
bool ed_admin_listed(const char *list, struct ed_span name);

/* The body, which must be an object with these members alone, separated by spaces: owned by the caller. NULL:
 * answered. */
json_t *ed_admin_body(struct ed_admin_call *call, const char *members);
/* Members of it. False: answered. */
bool ed_admin_text(struct ed_admin_call *call, const json_t *body, const char *name, struct ed_span *text);
bool ed_admin_count(struct ed_admin_call *call, const json_t *body, const char *name, uint64_t *number);

/* The room of the path, from memory or from where it is kept. NULL: answered. */
struct ed_room *ed_admin_room(struct ed_admin_call *call);

/* Texts with * and ? for any bytes and any one byte; one without them is looked for anywhere in `text`. */
bool ed_admin_match(struct ed_span pattern, struct ed_span text);

/* What a room's connections have still to be sent. */
uint64_t ed_admin_queued(const struct ed_room *room);

/* server.c, survey.c, room.c, stream.c: the calls */
ed_admin_fn ed_admin_status, ed_admin_reload, ed_admin_log, ed_admin_drain;
ed_admin_fn ed_admin_rooms;
ed_admin_fn ed_admin_room_show, ed_admin_members, ed_admin_kick, ed_admin_close, ed_admin_delete, ed_admin_policy;
ed_admin_fn ed_admin_keys, ed_admin_stream, ed_admin_push, ed_admin_trim, ed_admin_drop;

/* survey.c: the list of rooms is made in pieces. */
void ed_admin_rooms_more(struct ed_admin *admin, struct ed_admin_page *page);
void ed_admin_rooms_drop(void *job);

#endif
