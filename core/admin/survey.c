/* The list of rooms. There may be a million, and the loop serves everybody: so they are gone through in short pieces,
 * one in each turn, and only the best of a page are kept meanwhile, by name, as a room may end before it is printed. */
#include <stdlib.h>

#include "admin/call.h"
#include "base/mem.h"

#define PIECE 500 /* rooms, and connections of rooms, that are looked at in one turn */

enum sort { BY_NAME, BY_MEMBERS, BY_RATE };

struct row {
  double value; /* what is sorted by, the largest first; equal ones by name */
  char *name;   /* owned */
};

struct survey {
  struct ed_hub_walk walk;
  enum sort sort;
  char *match;      /* owned */
  struct row after; /* only what comes behind it; name NULL: everything */
  size_t limit;
  struct row *rows; /* a heap, the last of the page at its top; when all are seen, in order */
  size_t len, printed;
  bool more;   /* there are others behind the page */
  bool walked; /* all are seen */
  struct ed_buf out;
};

static bool before(const struct row *a, const struct row *b) {
  return a->value != b->value ? a->value > b->value : strcmp(a->name, b->name) < 0;
}

static int order(const void *a, const void *b) { return before(a, b) ? -1 : before(b, a); }

/* ---- the heap ---- */

static void swap(struct row *a, struct row *b) {
  struct row row = *a;
  *a = *b;
  *b = row;
}

static void rise(struct row *rows, size_t i) {
  while (i && before(&rows[(i - 1) / 2], &rows[i])) {
    swap(&rows[i], &rows[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
}

static void sink(struct row *rows, size_t len) {
  for (size_t i = 0, child; (child = 2 * i + 1) < len; i = child) {
    if (child + 1 < len && before(&rows[child], &rows[child + 1])) child++;
    if (!before(&rows[i], &rows[child])) return;
    swap(&rows[i], &rows[child]);
  }
}

static void keep(struct survey *survey, const struct row *row) {
  struct row *rows = survey->rows;
  if (survey->len == survey->limit) {
    survey->more = true;
    if (!before(row, rows)) return;
    free(rows[0].name);
    rows[0] = *row;
    rows[0].name = ed_strdup(row->name);
    sink(rows, survey->len);
  } else {
    rows[survey->len] = *row;
    rows[survey->len].name = ed_strdup(row->name);
    rise(rows, survey->len++);
  }
}

/* ---- one room ---- */

static double value_of(enum sort sort, struct ed_room *room) {
  if (sort == BY_MEMBERS) return (double)ed_room_members(room);
  if (sort == BY_NAME) return 0;
  const struct ed_pace *pace = ed_room_pace(room);
  return (double)pace->in + (double)pace->out;
}

static void see(void *arg, struct ed_room *room) {
  struct survey *survey = arg;
  if (!ed_admin_match(ed_span_text(survey->match), ed_span(room->name, room->name_len))) return;
  struct row row = {value_of(survey->sort, room), room->name};
  if (!survey->after.name || before(&survey->after, &row)) keep(survey, &row);
}

static void print_room(struct ed_buf *out, struct ed_room *room) {
  const struct ed_pace *pace = ed_room_pace(room);
  ed_print_open(out, NULL, '{');
  ed_print_text(out, "room", room->name);
  ed_print_text(out, "policy", room->policy);
  ed_print_count(out, "members", ed_room_members(room));
  ed_print_count(out, "keys", HASH_COUNT(room->streams));
  ed_print_count(out, "messages", room->messages);
  ed_print_count(out, "bytes", room->bytes);
  ed_print_count(out, "seq", room->seq);
  ed_print_count(out, "queued_bytes", ed_admin_queued(room));
  if (pace->known) {
    ed_print_number(out, "in", (double)pace->in);
    ed_print_number(out, "out", (double)pace->out);
  }
  ed_print_close(out, '}');
}

/* ---- the pieces ---- */

static void forget(struct survey *survey) {
  for (size_t i = 0; i < survey->len; i++) free(survey->rows[i].name);
  survey->len = 0;
  survey->more = false;
}

static void survey_free(struct survey *survey) {
  forget(survey);
  free(survey->rows);
  free(survey->match);
  free(survey->after.name);
  ed_buf_deinit(&survey->out);
  free(survey);
}

/* Some more rooms; true when all were seen. */
static bool walk(struct survey *survey, struct ed_hub *hub) {
  if (ed_hub_walk_begin(hub, &survey->walk)) forget(survey);
  bool goes_on = ed_hub_walk(hub, &survey->walk, PIECE, see, survey);
  if (!goes_on) qsort(survey->rows, survey->len, sizeof *survey->rows, order);
  return !goes_on;
}

/* Some more rows; true when all are printed. */
static bool print(struct survey *survey, struct ed_hub *hub) {
  for (size_t cost = 0; survey->printed < survey->len && cost < PIECE; survey->printed++) {
    struct ed_room *room = ed_hub_find_name(hub, ed_span_text(survey->rows[survey->printed].name));
    if (!room) continue;
    print_room(&survey->out, room);
    cost += 1 + ed_room_members(room);
  }
  return survey->printed == survey->len;
}

void ed_admin_rooms_more(struct ed_admin *admin, struct ed_admin_page *page) {
  struct survey *survey = page->job;
  struct ed_buf *out = &survey->out;
  if (!survey->walked) survey->walked = walk(survey, admin->hub);
  if (!survey->walked || !print(survey, admin->hub)) {
    page->status = 0;
    return;
  }
  ed_print_close(out, ']');
  if (survey->more) {
    const struct row *last = &survey->rows[survey->len - 1];
    struct ed_buf next = {0};
    ed_buf_printf(&next, "%.17g %s", last->value, last->name);
    ed_print_span(out, "next", ed_buf_span(&next));
    ed_buf_deinit(&next);
  }
  ed_print_close(out, '}');
  page->answer = *out;
  *out = (struct ed_buf){0};
  page->job = NULL;
  survey_free(survey);
}

void ed_admin_rooms_drop(void *job) { survey_free(job); }

/* ---- the call ---- */

static char *copy(struct ed_span text) { return ed_strndup(text.len ? (const char *)text.at : "", text.len); }

static int read_sort(struct ed_admin_call *call, enum sort *sort) {
  static const char *const names[] = {[BY_NAME] = "name", [BY_MEMBERS] = "members", [BY_RATE] = "rate"};
  struct ed_span text = ed_admin_arg(call, "sort");
  *sort = BY_NAME;
  if (!text.at) return 0;
  for (int i = BY_NAME; i <= BY_RATE; i++)
    if (ed_span_equal(text, ed_span_text(names[i]))) {
      *sort = (enum sort)i;
      return 0;
    }
  return ed_admin_fail(call, 400, "rooms are sorted by name, members or rate");
}

/* "VALUE NAME", as the page before gave it. */
static int read_after(struct ed_admin_call *call, struct row *after) {
  struct ed_span text = ed_admin_arg(call, "after");
  if (!text.at) return 0;
  char *all = copy(text), *end;
  after->value = strtod(all, &end);
  bool good = end != all && *end == ' ' && after->value == after->value;
  if (good) after->name = ed_strdup(end + 1);
  free(all);
  return good ? 0 : ed_admin_fail(call, 400, "\"after\" is not what \"next\" of a page said");
}

void ed_admin_rooms(struct ed_admin_call *call) {
  uint64_t limit;
  struct row after = {0};
  enum sort sort;
  if (ed_admin_number(call, "limit", ED_PAGE_STANDARD, ED_PAGE_MAX, &limit) < 0 || read_sort(call, &sort) < 0) return;
  if (limit == 0) limit = 1;
  struct ed_span match = ed_admin_arg(call, "match");
  if (match.len > ED_ROOM_ID_MAX * 2) {
    ed_admin_fail(call, 400, "\"match\" is longer than %d bytes", ED_ROOM_ID_MAX * 2);
    return;
  }
  if (read_after(call, &after) < 0) return;
  struct survey *survey = ed_zalloc(sizeof *survey);
  *survey = (struct survey){.sort = sort, .match = copy(match), .after = after, .limit = (size_t)limit};
  survey->rows = ed_alloc((size_t)limit * sizeof *survey->rows);
  ed_print_open(&survey->out, NULL, '{');
  ed_print_count(&survey->out, "rooms_in_memory", ed_hub_rooms(call->admin->hub));
  ed_print_open(&survey->out, "rooms", '[');
  call->page->job = survey;
  ed_admin_rooms_more(call->admin, call->page);
}
