/* The busiest rooms, live: a screen that is drawn anew each second; where there is no terminal, a table each time. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "main/ctl/ctl.h"
#include "main/ctl/view.h"

#define HEAD_LINES 4
#define ROOMS_MAX 1000

struct top {
  struct ed_ctl *ctl;
  unsigned long count; /* screens that are still to come */
  int delay_ms;
  struct termios terminal; /* as it was */
  bool raw;                /* it is not any more */
  double in, out, time_ms; /* the last totals; time_ms 0: none */
  struct ed_buf status, rooms;
};

static volatile sig_atomic_t ended; /* by a signal: the terminal is to be put right first */

static void on_signal(int number) {
  (void)number;
  ended = 1;
}

static double number_of(struct ed_span object, const char *name) {
  return ed_view_number(ed_view_member(object, name));
}

/* ---- the terminal ---- */

static void enter(struct top *top) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  if (!top->ctl->screen) return;
  if (tcgetattr(STDIN_FILENO, &top->terminal) == 0) {
    struct termios raw = top->terminal;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    top->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  fputs("\033[?1049h\033[?25l", stdout); /* the other screen, without a cursor */
}

static void leave(struct top *top) {
  if (top->raw) tcsetattr(STDIN_FILENO, TCSANOW, &top->terminal);
  if (top->ctl->screen) fputs("\033[?25h\033[?1049l", stdout);
  fflush(stdout);
}

static void measure(struct ed_ctl *ctl) {
  struct winsize size;
  if (!ctl->screen || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row) return;
  ctl->columns = size.ws_col;
  ctl->lines = size.ws_row;
}

/* Waits for the next screen. False: it is over. */
static bool wait(struct top *top) {
  struct pollfd keys = {.fd = top->raw ? STDIN_FILENO : -1, .events = POLLIN};
  int ready = poll(&keys, 1, top->delay_ms);
  char key = 0;
  if (ready > 0 && read(STDIN_FILENO, &key, 1) <= 0) return false;
  return !ended && key != 'q' && key != 'Q';
}

/* ---- what is drawn ---- */

static void end_line(const struct ed_ctl *ctl) { fputs(ctl->screen ? "\033[K\n" : "\n", stdout); }

/* What the next screen's rates begin with. */
static void remember(struct top *top) {
  struct ed_span status = ed_buf_span(&top->status);
  top->in = number_of(status, "messages_in");
  top->out = number_of(status, "messages_out");
  top->time_ms = number_of(status, "time_ms");
}

static void head(const struct top *top) {
  struct ed_span status = ed_buf_span(&top->status);
  char up[16], memory[16], queued[16], in[16] = "-", out[16] = "-", text[160];
  double total_in = number_of(status, "messages_in"), total_out = number_of(status, "messages_out");
  double now_ms = number_of(status, "time_ms"), seconds = (now_ms - top->time_ms) / 1000;
  if (top->time_ms > 0 && seconds > 0) {
    ed_ctl_count_text((total_in - top->in) / seconds, in);
    ed_ctl_count_text((total_out - top->out) / seconds, out);
  }
  ed_ctl_span_text(number_of(status, "uptime_ms"), up);
  ed_ctl_size_text(number_of(status, "memory_bytes"), memory);
  ed_ctl_size_text(number_of(status, "queued_bytes"), queued);
  struct ed_buf state = {0};
  ed_view_text(&state, ed_view_member(status, "state"));
  snprintf(text, sizeof text, "eddyd %.*s for %s   rooms %.0f   members %.0f   connections %.0f",
           (int)(state.len < 20 ? state.len : 20), state.at ? (const char *)state.at : "", up,
           number_of(status, "rooms"), number_of(status, "members"), number_of(status, "connections"));
  ed_buf_deinit(&state);
  ed_ctl_put(stdout, ed_span_text(text), (int)top->ctl->columns);
  end_line(top->ctl);
  snprintf(text, sizeof text, "messages/s in %s, out %s   memory %s, queued %s%s", in, out, memory, queued,
           top->ctl->screen ? "   (q quits)" : "");
  ed_ctl_put(stdout, ed_span_text(text), (int)top->ctl->columns);
  end_line(top->ctl);
  end_line(top->ctl);
}

static void row(const struct ed_ctl *ctl, struct ed_span room) {
  char in[16] = "-", out[16] = "-", queued[16], bytes[16];
  if (ed_view_member(room, "in").at) {
    ed_ctl_count_text(number_of(room, "in"), in);
    ed_ctl_count_text(number_of(room, "out"), out);
  }
  ed_ctl_size_text(number_of(room, "queued_bytes"), queued);
  ed_ctl_size_text(number_of(room, "bytes"), bytes);
  struct ed_buf text = {0};
  ed_buf_printf(&text, "%7s %7s %8.0f %8s %8s  ", in, out, number_of(room, "members"), queued, bytes);
  ed_view_text(&text, ed_view_member(room, "room"));
  ed_ctl_put(stdout, ed_buf_span(&text), ctl->screen ? (int)ctl->columns : 0);
  ed_buf_deinit(&text);
  end_line(ctl);
}

static void draw(const struct top *top) {
  struct ed_ctl *ctl = top->ctl;
  struct ed_span array = ed_view_member(ed_buf_span(&top->rooms), "rooms"), room;
  if (ctl->screen) fputs("\033[H", stdout);
  head(top);
  if (ctl->screen) fputs("\033[7m", stdout);
  ed_ctl_put(stdout, ED_LIT("   IN/S   OUT/S  MEMBERS   QUEUED    BYTES  ROOM"), -(int)ctl->columns);
  if (ctl->screen) fputs("\033[0m", stdout);
  end_line(ctl);
  size_t at = 0;
  unsigned left = ctl->lines > HEAD_LINES + 1 ? ctl->lines - HEAD_LINES - 1 : 1;
  for (; left && ed_view_next(array, &at, &room); left--) row(ctl, room);
  fputs(ctl->screen ? "\033[J" : "\n", stdout);
  fflush(stdout);
}

static void print_json(const struct top *top) {
  fputs("{\"status\":", stdout);
  ed_ctl_put(stdout, ed_buf_span(&top->status), 0);
  fputs(",\"rooms\":", stdout);
  ed_ctl_put(stdout, ed_view_member(ed_buf_span(&top->rooms), "rooms"), 0);
  puts("}");
  fflush(stdout);
}

/* ---- the loop ---- */

static int ask(struct top *top) {
  char path[64];
  measure(top->ctl);
  unsigned rooms = top->ctl->lines < ROOMS_MAX ? top->ctl->lines : ROOMS_MAX;
  snprintf(path, sizeof path, "/rooms?sort=rate&limit=%u", rooms);
  int status = ed_ctl_call(top->ctl, "/status", NULL, &top->status);
  return status ? status : ed_ctl_call(top->ctl, path, NULL, &top->rooms);
}

static int run(struct top *top) {
  int status = ask(top); /* a first look, as rates are from one look to the next */
  if (!status) remember(top);
  if (!status && !top->ctl->screen && !wait(top)) return ED_CTL_FINE;
  while (!status && top->count) {
    if (!status) status = ask(top);
    if (status) break;
    if (top->ctl->json)
      print_json(top);
    else
      draw(top);
    remember(top);
    if (--top->count && !wait(top)) break;
  }
  return status;
}

int ed_ctl_top(struct ed_ctl *ctl) {
  struct top top = {.ctl = ctl, .count = (unsigned long)-1, .delay_ms = 1000};
  char *end = NULL;
  if (ctl->count) top.count = strtoul(ctl->count, &end, 10);
  if (ctl->count && (*end || !top.count)) return ed_ctl_fail(ctl, ED_CTL_USAGE, "--count is a number from 1 on");
  double seconds = ctl->delay ? strtod(ctl->delay, &end) : 1;
  if (ctl->delay && (*end || !(seconds >= 0.1 && seconds <= 3600)))
    return ed_ctl_fail(ctl, ED_CTL_USAGE, "--delay is 0.1 to 3600 seconds");
  top.delay_ms = (int)(seconds * 1000);
  if (ctl->json) ctl->screen = false;
  /* Once before the screen is taken, so that what is wrong is said on the screen that stays. */
  struct ed_buf answer = {0};
  int status = ed_ctl_call(ctl, "/status", NULL, &answer);
  ed_buf_deinit(&answer);
  if (status) return status;
  enter(&top);
  ctl->quiet = true;
  status = run(&top);
  ctl->quiet = false;
  leave(&top);
  if (status) ed_ctl_fail(ctl, status, "the server answers no longer");
  ed_buf_deinit(&top.status);
  ed_buf_deinit(&top.rooms);
  return status;
}
