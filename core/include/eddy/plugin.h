/* The plugin interface of eddyd: the one header that a plugin needs. C11; compiles as C++ too.
 *
 * A plugin is a shared object that exports one symbol:
 *
 *     const struct eddy_plugin eddy_plugin = {.abi = EDDY_ABI, .size = sizeof eddy_plugin, .name = "hello", ...};
 *
 * Growth: both big tables of this file, eddy_plugin and eddy_host, begin with a number and their size, and only ever
 * grow at the end. A plugin built against an older header goes on loading (what it does not know of is not called); one
 * built against a newer header loads too, and asks with EDDY_HAS before it calls what an older host lacks. The structs
 * that are passed to callbacks begin with their size for the same reason. EDDY_ABI changes when that promise is broken,
 * and a plugin with another number is refused.
 *
 * Threads: every callback comes on the daemon's loop thread, and every function of the host is to be called on it, but
 * for `post`, which any thread may call. A callback must not block: the loop serves everybody.
 * Ownership: what a callback is handed is borrowed until it returns; what a plugin hands over is copied before the call
 * returns, unless it is said to stay the plugin's.
 * Errors: a function that can fail returns 0 (or what is said) or a negative errno. */
#ifndef EDDY_PLUGIN_H
#define EDDY_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EDDY_ABI 1u

/* Whether a table that the other side gave is long enough to have this field. */
#define EDDY_HAS(table, field) \
  ((size_t)(table)->size >= (size_t)((const char *)&(table)->field - (const char *)(table)) + sizeof((table)->field))

struct eddy_text { /* not NUL-terminated; UTF-8 unless said otherwise */
  const char *at;
  size_t len; /* bytes */
};

enum eddy_log_level { EDDY_LOG_ERROR, EDDY_LOG_WARN, EDDY_LOG_INFO, EDDY_LOG_DEBUG };
enum eddy_encoding { EDDY_JSON, EDDY_CBOR };
enum eddy_action { EDDY_RELAY, EDDY_APPEND, EDDY_REPLACE, EDDY_COMPACT };

/* A value in the encoding that it came in: one JSON text (RFC 8259) or one CBOR data item (RFC 8949), checked. */
struct eddy_value {
  enum eddy_encoding encoding;
  struct eddy_text bytes;
};

struct eddy_core; /* the daemon's side of one loaded plugin; first argument of every host function */
struct eddy_room; /* a room in memory; valid from room_load or room_open to room_close */
struct eddy_timer;
struct eddy_counter;

/* ---- what a plugin is told, and asked ---- */

/* Who takes part. `id` is unique in the room's lifetime; 0: nobody (the daemon itself, a policy, a plugin), and then
 * the rest means nothing. Never NULL. */
struct eddy_member {
  uint32_t size;
  enum eddy_encoding encoding; /* that it receives */
  uint64_t id;
  int transient; /* an HTTP call: it comes, asks once and goes */
};

/* A push on its way (push), or done (commit). */
struct eddy_push {
  uint32_t size;
  enum eddy_action action;
  struct eddy_text key;
  struct eddy_value value;
  uint64_t seq; /* commit: its number; compact, in both: what it compacts up to; otherwise 0 */
  /* What `room_push` was given, some address that is nobody's for a policy's own, NULL for a client's: so that nothing
   * is echoed to where it came from. */
  const void *origin;
};

enum eddy_verdict {
  EDDY_PASS,
  EDDY_DROP,   /* as if it had never been sent; the sender is told nothing */
  EDDY_REFUSE, /* nothing changes; the sender is told `why` */
};

/* What the room retains has changed, or a number was used. Told in order, for keepers. What is retained in memory only
 * (a policy's transient messages) is told as a number that was used, and where it takes the place of something else, as
 * a trim of that. A trim or drop may name what was never told; then there is nothing to do. */
enum eddy_change_kind {
  EDDY_CHANGE_NUMBER,  /* nothing retained changed: a relay, or something transient */
  EDDY_CHANGE_APPEND,  /* value in at the end */
  EDDY_CHANGE_REPLACE, /* everything out, value in */
  EDDY_CHANGE_COMPACT, /* everything up to seq out, value in at the front, with seq */
  EDDY_CHANGE_TRIM,    /* everything up to seq out */
  EDDY_CHANGE_DROP,    /* the one message seq out */
  EDDY_CHANGE_POLICY,  /* the room has another policy now: room_policy */
};

struct eddy_change {
  uint32_t size;
  enum eddy_change_kind kind;
  struct eddy_text key;    /* not of NUMBER and POLICY */
  uint64_t seq;            /* not of POLICY. NUMBER, APPEND and REPLACE use it up, the others use none */
  int64_t time_ms;         /* Unix time of the push; 0 where that is not known */
  struct eddy_value value; /* APPEND, REPLACE, COMPACT */
  uint64_t mark;           /* counts the changes of a room, without a gap; what room_outbox takes */
  int is_base;             /* room_each: a compact has left it at the front of its stream */
};

/* An HTTP request below /PLUGIN/ (the plugin's name), or for a path of its own, on the loop thread, with its whole
 * body. */
struct eddy_http_request {
  uint32_t size;
  struct eddy_text method; /* "GET" (a HEAD is one too: its answer goes without the body) or "POST" */
  struct eddy_text path;   /* what follows /PLUGIN, decoded, without the query: "" or "/..." */
  struct eddy_text query;  /* what follows "?", as it was sent, or "" */
  struct eddy_text body;
  /* Who asks: an IP address, or "unix" (a unix socket). From a proxy that the configuration lists it is whom that one
   * names; "" where it cannot be known, as a proxy that is not listed says that it asks for somebody else. */
  struct eddy_text peer;
  /* Where one of the plugin's own `paths` was asked for, all of it, decoded: "/...", any byte but NUL; then `path` is
   * "". Else "". What a proxy puts in front (the path of public_url) is not part of it. */
  struct eddy_text own_path;
  struct eddy_text if_none_match, accept_encoding; /* fields of the request; "" where it has none */
};

struct eddy_http_field { /* of lists, so it does not grow */
  struct eddy_text name, value;
};

/* Filled by the plugin; all that it points to stays the plugin's and must live until the callback has returned and the
 * daemon has copied it, so a static text or a buffer kept in `self` will do. */
struct eddy_http_answer {
  uint32_t size;
  int status;                    /* 200 where nothing is said */
  struct eddy_text content_type; /* "application/json" where nothing is said */
  struct eddy_text body;         /* not sent with 304 */
  /* More fields of the answer. Cache-Control and Allow take the place of the daemon's own. Left out are those that it
   * cannot do without itself (of the connection, the length and the type of the body, who may read it), and what is no
   * field: a name that is not of letters, digits and "-", a value with a byte that is not printable ASCII. */
  const struct eddy_http_field *fields;
  size_t fields_len;
  /* Where this is set the body is not copied: it stays as it is until body_done(body_arg) is called, once, on the loop
   * thread, at any time after `http` has returned and before unload. */
  void (*body_done)(void *arg);
  void *body_arg;
};

/* An option of a plugin, as it stands in the configuration under plugins.NAME. */
enum eddy_option_kind { EDDY_OPTION_TEXT, EDDY_OPTION_DURATION, EDDY_OPTION_SIZE, EDDY_OPTION_COUNT, EDDY_OPTION_BOOL };

struct eddy_option { /* of lists, so it does not grow */
  const char *name;  /* [a-z][a-z0-9_]*; NULL ends the list */
  enum eddy_option_kind kind;
  const char *standard; /* the default, as text: "50ms", "1MiB", "3", "true", "eddy.db" */
  const char *one_of;   /* TEXT: the values allowed, separated by spaces; NULL: any */
  const char *help;     /* a sentence */
  uint64_t min, max;    /* DURATION (in ms), SIZE, COUNT; max 0: any */
};

/* ---- what is measured ---- */

enum eddy_counter_kind {
  EDDY_COUNTER,   /* only rises; its name ends in _total */
  EDDY_GAUGE,     /* rises and falls */
  EDDY_HISTOGRAM, /* how many of what is observed lie below each of some bounds */
};

/* One line of the exposition format. */
struct eddy_sample {
  uint32_t size;
  enum eddy_counter_kind kind;
  const char *name;   /* of the family: what # HELP and # TYPE name */
  const char *help;   /* a sentence */
  const char *suffix; /* behind the name: "", or of a histogram "_bucket", "_sum", "_count" */
  const char *labels; /* without braces: "action=\"relay\"", or "" */
  double value;
};

/* A namespace of the configuration. */
struct eddy_space {
  uint32_t size;
  const char *name, *policy;
};

/* ---- the host: what a plugin may call ---- */

struct eddy_host {
  uint32_t abi;
  uint32_t size;

  /* A line in the daemon's log. Text that a stranger sent is made harmless. */
  void (*log)(struct eddy_core *core, enum eddy_log_level level, const char *text);

  /* Options: checked by then, defaults filled in. Unknown to the plugin's own list: NULL, 0. Durations in milliseconds,
   * sizes in bytes, booleans 0 or 1. The text lives as long as the plugin is loaded. */
  const char *(*option_text)(struct eddy_core *core, const char *name);
  uint64_t (*option_number)(struct eddy_core *core, const char *name);

  uint64_t (*now_ms)(struct eddy_core *core); /* monotonic */
  int64_t (*time_ms)(struct eddy_core *core); /* Unix time */

  /* Calls fn(arg) once after `after_ms`, or every so often. One that does not repeat is gone when fn is called; all are
   * when the plugin is unloaded. */
  struct eddy_timer *(*timer_start)(struct eddy_core *core, uint64_t after_ms, int repeats, void (*fn)(void *arg),
                                    void *arg);
  void (*timer_stop)(struct eddy_core *core, struct eddy_timer *timer);

  /* From any thread: fn(arg) is called on the loop thread soon, in the order of the posts of one thread. -ECANCELED
   * once unload has begun. */
  int (*post)(struct eddy_core *core, void (*fn)(void *arg), void *arg);

  /* ---- rooms ---- */
  struct eddy_text (*room_name)(struct eddy_core *core, const struct eddy_room *room); /* NAMESPACE/ID */
  const char *(*room_policy)(struct eddy_core *core, const struct eddy_room *room);
  uint64_t (*room_seq)(struct eddy_core *core, const struct eddy_room *room);  /* number of its last message */
  uint64_t (*room_mark)(struct eddy_core *core, const struct eddy_room *room); /* that of its last change */
  /* Unix time in ms when it is to be deleted for good, were nobody to come any more; 0: never. For keepers, at
   * room_close. */
  int64_t (*room_expires_ms)(struct eddy_core *core, const struct eddy_room *room);
  /* One address of the plugin's own per room, NULL at first; from room_load or room_open until room_close has
   * returned. */
  void *(*room_data)(struct eddy_core *core, const struct eddy_room *room);
  void (*room_set_data)(struct eddy_core *core, struct eddy_room *room, void *data);
  struct eddy_room *(*room_find)(struct eddy_core *core, struct eddy_text name); /* in memory only; NULL */
  /* Every room in memory, until fn gives something else than 0, which is then the result. fn may not end rooms. */
  int (*rooms_each)(struct eddy_core *core, int (*fn)(void *arg, struct eddy_room *room), void *arg);
  /* Every message that the room retains, stream by stream, oldest first, as APPEND; what is in memory only left out;
   * likewise. */
  int (*room_each)(struct eddy_core *core, const struct eddy_room *room,
                   int (*fn)(void *arg, const struct eddy_change *message), void *arg);
  /* Pushes in the name of `origin` (any address of the plugin's own). During a push it waits behind it, and then a
   * refusal is seen in the log only. -EINVAL for a key, value or compact_seq that is malformed, -E2BIG past a limit,
   * -EACCES where it was refused, -EIO where it cannot be kept, -EBUSY from room_load, room_close, room_change,
   * room_number and turn. */
  int (*room_push)(struct eddy_core *core, struct eddy_room *room, enum eddy_action action, struct eddy_text key,
                   const struct eddy_value *value, uint64_t compact_seq, const void *origin);

  /* ---- for keepers, in room_load only ---- */
  /* What the room retained, stream by stream, oldest first. -EINVAL for a malformed key or value, or a seq out of
   * order. */
  int (*restore_message)(struct eddy_core *core, struct eddy_room *room, struct eddy_text key, uint64_t seq,
                         int64_t time_ms, int is_base, const struct eddy_value *value);
  /* The number that later pushes go on from (no less than that of any message), and the policy. -EINVAL. */
  int (*restore_room)(struct eddy_core *core, struct eddy_room *room, uint64_t seq, const char *policy);

  /* ---- for keepers: the outbox (see room_open) ---- */
  /* Nobody is told of what came after the change `mark` until it is opened further; UINT64_MAX: it stands open, as at
   * first. What is said while it is held waits in order. */
  void (*room_outbox)(struct eddy_core *core, struct eddy_room *room, uint64_t mark);

  /* ---- counters, for /metrics: by Prometheus' conventions, one per name and label set ---- */
  /* A plugin's names begin with eddy_PLUGIN_. `labels` as in eddy_sample, or NULL. All is copied; it lives until
   * unload. NULL for a name or labels that are malformed, or a name that is there as another kind. */
  struct eddy_counter *(*counter)(struct eddy_core *core, enum eddy_counter_kind kind, const char *name,
                                  const char *labels, const char *help);
  /* Of `bounds_len` rising bounds; the last bucket, +Inf, comes by itself. */
  struct eddy_counter *(*histogram)(struct eddy_core *core, const char *name, const char *labels, const char *help,
                                    const double *bounds, size_t bounds_len);
  void (*counter_add)(struct eddy_core *core, struct eddy_counter *counter, double more); /* of a histogram: observes */
  void (*counter_set)(struct eddy_core *core, struct eddy_counter *counter, double value); /* not of a histogram */
  /* Every counter of the daemon and of all plugins, the samples of one family together. */
  void (*counters_each)(struct eddy_core *core, void (*fn)(void *arg, const struct eddy_sample *sample), void *arg);

  const char *version; /* of the daemon: "1.2.3" */
  /* Every namespace, the default one first, until fn gives something else than 0, which is then the result. They may
   * change while the daemon runs. */
  int (*spaces_each)(struct eddy_core *core, int (*fn)(void *arg, const struct eddy_space *space), void *arg);

  /* ---- for keepers: what a client that comes back has missed (eddy.v1's resume) ---- */
  /* A random number, the room's as long as nothing that was heard of it can be missing. Not 0. */
  uint64_t (*room_epoch)(struct eddy_core *core, const struct eddy_room *room);
  /* What was broadcast and is not among what room_each gives: for each key that retains something and lost something
   * the highest such number; then, with key.at NULL, the highest of all other keys, or 0. Until fn gives something else
   * than 0, which is then the result. */
  int (*room_lost)(struct eddy_core *core, const struct eddy_room *room,
                   int (*fn)(void *arg, struct eddy_text key, uint64_t seq), void *arg);
  /* In room_load only, after restore_room. The epoch, where every message that was heard is restored or is covered by
   * what restore_lost says; without it the room has a new one. -EINVAL for 0. */
  int (*restore_epoch)(struct eddy_core *core, struct eddy_room *room, uint64_t epoch);
  /* What room_lost told, when nothing of the room changed any more. Where it is not called at all, every key counts as
   * having lost something up to the room's last number. -EINVAL for a number beyond that. */
  int (*restore_lost)(struct eddy_core *core, struct eddy_room *room, struct eddy_text key, uint64_t seq);
};

/* ---- rooms as text, for backups and for moving house: eddyd --export and --import ---- */

struct eddy_transfer {
  uint32_t size;
  int imports;           /* 0: what is kept goes to `fd`; 1: what comes from `fd` is to be kept */
  int fd;                /* stays the daemon's, open; may be a pipe or a terminal */
  struct eddy_text room; /* export: NAMESPACE/ID; empty: every room */
  int force;             /* import: a room that is there already is replaced; else it is -EEXIST */
  /* import: 0, or -EINVAL for a key or a value that no room could be restored with. */
  int (*check)(struct eddy_core *core, struct eddy_text key, const struct eddy_value *value);
  /* Filled by the plugin: how much went over; and where it failed what is wrong, NUL-terminated. */
  uint64_t rooms, messages;
  char why[512];
};

/* ---- the plugin: callbacks that it has no use for stay NULL ---- */

struct eddy_plugin {
  uint32_t abi;     /* EDDY_ABI */
  uint32_t size;    /* sizeof(struct eddy_plugin) */
  const char *name; /* as in the configuration, and of its file NAME.so: [a-z][a-z0-9_]*, 32 bytes at most */
  const struct eddy_option *options; /* NULL: none */

  /* First and last. `self` is handed to every other callback. load: 0, or a negative errno after a line in the log;
   * then nothing else is called. unload: every thread of the plugin must have ended when it returns. */
  int (*load)(const struct eddy_host *host, struct eddy_core *core, void **self);
  void (*unload)(void *self);

  /* A room is asked for that is not in memory: 1 where it was kept and is restored, 0 where there is none such, a
   * negative errno where it could not be read: it is refused then, and stays as it is kept. It may just have been
   * closed: what was told of it counts, written or not. After 1 the keeper's room_open is the first. Only one plugin
   * may have this (a keeper). */
  int (*room_load)(void *self, struct eddy_room *room, struct eddy_text name);
  /* A room is in memory, restored or new; its policy begins after this. It may hold the outbox from here on. A negative
   * errno: it is refused, and room_close follows for those plugins whose room_open went well. From a keeper -EDQUOT
   * says that it has as many rooms as it may have. */
  int (*room_open)(void *self, struct eddy_room *room, int is_new);
  /* It leaves memory; `for_good`: it was deleted, and what is kept of it is to go. It still retains what it did. */
  void (*room_close)(void *self, struct eddy_room *room, int for_good);
  /* What it retains changed, or a number was used. */
  void (*room_change)(void *self, struct eddy_room *room, const struct eddy_change *change);
  /* Before a push is carried out: 0, or a negative errno: it is refused ("the room cannot be kept at the moment").
   * `seq` is the number that it will use; 0 for a compact, which uses none. */
  int (*room_number)(void *self, struct eddy_room *room, uint64_t seq);

  /* A connection comes: EDDY_PASS or EDDY_REFUSE, with why (copied; at most 127 bytes count). And goes. */
  enum eddy_verdict (*join)(void *self, struct eddy_room *room, const struct eddy_member *member,
                            struct eddy_text *why);
  void (*leave)(void *self, struct eddy_room *room, const struct eddy_member *member);

  /* A push, before it is numbered and before the policy sees it; and after it was broadcast. */
  enum eddy_verdict (*push)(void *self, struct eddy_room *room, const struct eddy_push *push,
                            const struct eddy_member *member, struct eddy_text *why);
  void (*commit)(void *self, struct eddy_room *room, const struct eddy_push *push, const struct eddy_member *member);

  /* The end of a turn of the loop in which any room has changed: after the last change, before anybody is sent
   * anything. */
  void (*turn)(void *self);

  /* A request below /NAME/, or for one of `paths`. */
  void (*http)(void *self, const struct eddy_http_request *request, struct eddy_http_answer *answer);

  /* For keepers: rooms out of what it keeps, or into it, in a format of its own. Nothing is loaded and nobody is
   * served: it is called instead of `load`, alone, once, and may block; of the host it may call `log` and the options.
   * The daemon proper may be at work meanwhile, as another process. An import is all or nothing. 0; or a negative
   * errno, with `why`: -ENOENT no such room, -EEXIST there already, -EBUSY another process is in the way, -EBADMSG what
   * came is malformed; others as they come. */
  int (*transfer)(const struct eddy_host *host, struct eddy_core *core, struct eddy_transfer *transfer);

  /* Paths of its own for `http`, which it needs then, besides /NAME; NULL ends the list; NULL: none. "x" is /x and all
   * that is below it, "" the path / alone. 1 to 32 of a-z 0-9 - _ . each, not beginning with a dot, and none of the
   * daemon's own (new, room, db, healthz, admin) nor of another plugin's: who wants such is not loaded. */
  const char *const *paths;
};

/* What a plugin defines. */
extern __attribute__((visibility("default"))) const struct eddy_plugin eddy_plugin;

#ifdef __cplusplus
}
#endif

#endif
