/* The command line of eddyctl. */
#include "main/ctl/ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const struct ed_ctl_command ED_CTL_COMMANDS[] = {
    {"status", "", ed_ctl_status, "What the server is doing: version, uptime, connections, rooms, memory, namespaces."},
    {"rooms", "[PATTERN]", ed_ctl_rooms,
     "Rooms in memory, those whose NAMESPACE/ID is like PATTERN (* and ?; without these, has it anywhere)."},
    {"room", "ROOM", ed_ctl_room, "One room: sizes, policy, last failures, members."},
    {"keys", "ROOM [PATTERN]", ed_ctl_keys, "The keys of a room, and what each retains."},
    {"get", "ROOM KEY", ed_ctl_get, "What the room retains of a key, oldest first."},
    {"push", "ROOM KEY VALUE", ed_ctl_push, "Pushes a value, given as JSON, as a client would."},
    {"trim", "ROOM KEY", ed_ctl_trim, "Drops the oldest messages of a key: all but --keep, or those up to --upto."},
    {"drop", "ROOM KEY SEQ", ed_ctl_drop, "Drops the one message with this number."},
    {"tail", "ROOM [KEY]", ed_ctl_tail, "Shows every push to the room, or to one of its keys, as it happens."},
    {"policy", "ROOM [NAME]", ed_ctl_policy, "The room's policy; or moves the room to another, while it runs."},
    {"kick", "ROOM MEMBER", ed_ctl_kick, "Disconnects a member, by the number that `room` shows."},
    {"close", "ROOM", ed_ctl_close, "Disconnects everybody; the room and what it retains stay."},
    {"delete", "ROOM", ed_ctl_delete, "Ends the room for good, with all that is kept of it."},
    {"reload", "", ed_ctl_reload, "Reads again what may change while the server runs, and says what came of it."},
    {"log", "LEVEL", ed_ctl_log, "Sets the log level: error, warn, info or debug."},
    {"drain", "", ed_ctl_drain, "Ends the server as SIGTERM does: what is queued goes out first."},
    {"top", "", ed_ctl_top, "A live screen of the busiest rooms; q ends it."},
};
const size_t ED_CTL_COMMANDS_LEN = sizeof ED_CTL_COMMANDS / sizeof *ED_CTL_COMMANDS;

enum { URL = 256, KEY, CA, INSECURE, JSON, ACTION, SEQ, SORT, LIMIT, KEEP, UPTO, VERSION };

const struct ed_ctl_option ED_CTL_OPTIONS[] = {
    {'s', "socket", "PATH", NULL, "the server's unix socket; else the one that it makes by itself"},
    {0, "url", "URL", NULL,
     "http://HOST:PORT of the admin interface, instead; http://HOST:PORT/admin of a public one; or https"},
    {0, "key", "KEY", NULL,
     "admin.key, for --url; else the environment's EDDY_ADMIN_KEY, which other users do not see"},
    {0, "ca", "FILE", NULL, "of https: certificates (PEM) that are trusted, in place of those of the system"},
    {0, "insecure", NULL, NULL, "of https: whatever certificate the server has"},
    {0, "json", NULL, NULL, "what the server answers, as JSON: an object, or of a list an object in each line"},
    {'q', "names", NULL, "rooms keys", "names alone, one in each line"},
    {0, "sort", "BY", "rooms", "name, members or rate: the largest first"},
    {0, "limit", "N", "rooms keys get", "at most so many"},
    {0, "action", "ACTION", "push", "relay, append, replace or compact; else append"},
    {0, "seq", "N", "push", "of a compact: up to which number"},
    {0, "keep", "N", "trim", "how many stay"},
    {0, "upto", "SEQ", "trim", "the last number that goes"},
    {'n', "count", "N", "tail top", "ends after so many messages, or screens"},
    {'d', "delay", "SECONDS", "top", "between two screens; else 1"},
    {0, "version", NULL, NULL, "says which version this is"},
    {'h', "help", NULL, NULL, "says this"},
};
const size_t ED_CTL_OPTIONS_LEN = sizeof ED_CTL_OPTIONS / sizeof *ED_CTL_OPTIONS;

int ed_ctl_fail(const struct ed_ctl *ctl, int status, const char *format, ...) {
  va_list args;
  if (ctl->quiet) return status;
  va_start(args, format);
  fprintf(stderr, "%s: ", ctl->program);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return status;
}

static int help(void) {
  puts("Usage: eddyctl [OPTION]... COMMAND [WORD]...\nAsks and tells a running eddyd, over its admin interface.\n");
  for (size_t i = 0; i < ED_CTL_COMMANDS_LEN; i++) {
    const struct ed_ctl_command *command = &ED_CTL_COMMANDS[i];
    printf("  %-7s%-16s%s\n", command->name, command->words, command->says);
  }
  puts("\nROOM is an ID, or NAMESPACE/ID where the namespace is not `default`.\n");
  for (size_t i = 0; i < ED_CTL_OPTIONS_LEN; i++) {
    const struct ed_ctl_option *option = &ED_CTL_OPTIONS[i];
    char name[40];
    snprintf(name, sizeof name, "--%s%s%s", option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    printf("  %c%c%c %-17s%s%s%s\n", option->letter ? '-' : ' ', option->letter ? option->letter : ' ',
           option->letter ? ',' : ' ', name, option->commands ? option->commands : "", option->commands ? ": " : "",
           option->says);
  }
  puts(
      "\nExit status: 0 done, 1 refused or no such thing, 2 a bad command line, 3 no server answers.\n"
      "`man eddyctl` has examples.");
  return ED_CTL_FINE;
}

/* ---- options ---- */

/* http://HOST[:PORT][/PATH], or https */
static int read_url(struct ed_ctl *ctl, const char *url) {
  ctl->tls = strncmp(url, "https://", 8) == 0;
  if (!ctl->tls && strncmp(url, "http://", 7) != 0)
    return ed_ctl_fail(ctl, ED_CTL_USAGE, "--url is http://HOST:PORT or https://HOST:PORT");
  const char *host = url + (ctl->tls ? 8 : 7);
  bool bracket = *host == '[';
  host += bracket;
  size_t host_len = strcspn(host, bracket ? "]" : ":/");
  const char *port = host + host_len;
  if (bracket && *port == ']') port++;
  size_t port_len = *port == ':' ? strcspn(port + 1, "/") : 0;
  const char *path = port + (*port == ':' ? 1 + port_len : 0);
  size_t path_len = strlen(path);
  while (path_len && path[path_len - 1] == '/') path_len--;
  bool good = host_len && host_len < sizeof ctl->host && port_len < sizeof ctl->port && path_len < sizeof ctl->base;
  if (!good || (*path && *path != '/'))
    return ed_ctl_fail(ctl, ED_CTL_USAGE, "--url is http://HOST:PORT[/PATH], or https");
  snprintf(ctl->host, sizeof ctl->host, "%.*s", (int)host_len, host);
  if (!port_len) port = ctl->tls ? ":443" : ":80", port_len = strlen(port + 1);
  snprintf(ctl->port, sizeof ctl->port, "%.*s", (int)port_len, port + 1);
  snprintf(ctl->base, sizeof ctl->base, "%.*s", (int)path_len, path);
  ctl->socket[0] = 0;
  return ED_CTL_FINE;
}

static int read_socket(struct ed_ctl *ctl, const char *path) {
  if (strncmp(path, "unix:", 5) == 0) path += 5;
  if (!*path || strlen(path) >= sizeof ctl->socket)
    return ed_ctl_fail(ctl, ED_CTL_USAGE, "a socket's path has 1 to %zu bytes", sizeof ctl->socket - 1);
  snprintf(ctl->socket, sizeof ctl->socket, "%s", path);
  return ED_CTL_FINE;
}

static int take(struct ed_ctl *ctl, int value) {
  switch (value) {
    case 's': return read_socket(ctl, optarg);
    case URL: return read_url(ctl, optarg);
    case KEY: ctl->key = optarg; break;
    case CA: ctl->ca = optarg; break;
    case INSECURE: ctl->insecure = true; break;
    case JSON: ctl->json = true; break;
    case 'q': ctl->names = true; break;
    case SORT: ctl->sort = optarg; break;
    case LIMIT: ctl->limit = optarg; break;
    case ACTION: ctl->action = optarg; break;
    case SEQ: ctl->compact_seq = optarg; break;
    case KEEP: ctl->keep = optarg; break;
    case UPTO: ctl->upto = optarg; break;
    case 'n': ctl->count = optarg; break;
    case 'd': ctl->delay = optarg; break;
    default: break;
  }
  return ED_CTL_FINE;
}

static const int VALUES[] = {'s',    URL, KEY,  CA,   INSECURE, JSON, 'q',     SORT, LIMIT,
                             ACTION, SEQ, KEEP, UPTO, 'n',      'd',  VERSION, 'h'};
#define OPTIONS_LEN (sizeof VALUES / sizeof *VALUES)
_Static_assert(OPTIONS_LEN == sizeof ED_CTL_OPTIONS / sizeof *ED_CTL_OPTIONS, "a value for each option");

/* An exit status, or -1: go on. `seen` says which options there were. */
static int read_options(struct ed_ctl *ctl, int argc, char **argv, bool seen[OPTIONS_LEN]) {
  struct option options[OPTIONS_LEN + 1] = {0};
  char letters[2 * OPTIONS_LEN + 2] = ":";
  for (size_t i = 0, at = 1; i < OPTIONS_LEN; i++) {
    const struct ed_ctl_option *option = &ED_CTL_OPTIONS[i];
    options[i] = (struct option){option->name, option->argument ? required_argument : no_argument, NULL, VALUES[i]};
    if (option->letter) letters[at++] = option->letter;
    if (option->letter && option->argument) letters[at++] = ':';
  }
  opterr = 0;
  int value;
  while ((value = getopt_long(argc, argv, letters, options, NULL)) != -1) {
    if (value == ':') return ed_ctl_fail(ctl, ED_CTL_USAGE, "%s needs a value; see eddyctl --help", argv[optind - 1]);
    if (value == '?') return ed_ctl_fail(ctl, ED_CTL_USAGE, "unknown option %s; see eddyctl --help", argv[optind - 1]);
    if (value == 'h') return help();
    if (value == VERSION) return puts("eddyctl " EDDY_VERSION), ED_CTL_FINE;
    for (size_t i = 0; i < OPTIONS_LEN; i++) seen[i] = seen[i] || VALUES[i] == value;
    int status = take(ctl, value);
    if (status) return status;
  }
  return -1;
}

/* ---- the command ---- */

static bool listed(const char *list, const char *word) {
  size_t len = strlen(word);
  for (const char *at = list; (at = strstr(at, word)); at += len)
    if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len])) return true;
  return false;
}

/* How many words a command takes, and how many of these may be left out. */
static void count_words(const char *words, size_t *most, size_t *least) {
  *most = *least = 0;
  for (const char *at = words; *at; at += strcspn(at, " "), at += *at == ' ') {
    ++*most;
    if (*at != '[') ++*least;
  }
}

static int run(struct ed_ctl *ctl, int argc, char **argv, const bool seen[OPTIONS_LEN]) {
  for (size_t i = 0; i < ED_CTL_COMMANDS_LEN; i++) {
    const struct ed_ctl_command *command = &ED_CTL_COMMANDS[i];
    if (strcmp(command->name, argv[0]) != 0) continue;
    size_t most, least, given = (size_t)argc - 1;
    count_words(command->words, &most, &least);
    if (given < least || given > most)
      return ed_ctl_fail(ctl, ED_CTL_USAGE, "this is: eddyctl %s%s%s", command->name, *command->words ? " " : "",
                         command->words);
    for (size_t k = 0; k < OPTIONS_LEN; k++)
      if (seen[k] && ED_CTL_OPTIONS[k].commands && !listed(ED_CTL_OPTIONS[k].commands, command->name))
        return ed_ctl_fail(ctl, ED_CTL_USAGE, "--%s is not for %s", ED_CTL_OPTIONS[k].name, command->name);
    for (size_t k = 0; k < given; k++) ctl->words[k] = argv[k + 1];
    ctl->command = command->name;
    return command->fn(ctl);
  }
  return ed_ctl_fail(ctl, ED_CTL_USAGE, "unknown command %s; see eddyctl --help", argv[0]);
}

static void look_at_terminal(struct ed_ctl *ctl) {
  struct winsize size;
  ctl->screen = isatty(STDOUT_FILENO);
  bool known = ctl->screen && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;
  ctl->columns = known ? size.ws_col : 80;
  ctl->lines = known ? size.ws_row : 24;
}

int ed_ctl_main(int argc, char **argv) {
  struct ed_ctl ctl = {.program = "eddyctl", .key = getenv("EDDY_ADMIN_KEY")};
  bool seen[OPTIONS_LEN] = {0};
  ed_place_find(ctl.socket);
  look_at_terminal(&ctl);
  int status = read_options(&ctl, argc, argv, seen);
  if (status >= 0) return status;
  if ((ctl.ca || ctl.insecure) && !ctl.tls)
    return ed_ctl_fail(&ctl, ED_CTL_USAGE, "--ca and --insecure are for --url https://...");
  if (optind == argc) return ed_ctl_fail(&ctl, ED_CTL_USAGE, "which command? See eddyctl --help");
  status = run(&ctl, argc - optind, argv + optind, seen);
  bool written = fflush(stdout) == 0 && !ferror(stdout);
  if (!written && status == ED_CTL_FINE)
    return ed_ctl_fail(&ctl, ED_CTL_UNREACHABLE, "not all of it could be written: %s", strerror(errno));
  return status;
}
