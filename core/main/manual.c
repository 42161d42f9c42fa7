/* Writes the manual pages and the shell's completion from the tables that the programs themselves are made from, so
 * that none can fall behind: manual PAGE, at build time. Not installed. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "main/cli.h"
#include "main/ctl/ctl.h"
#include "main/knobs.h"

/* Text as roff takes it: no line that begins with a command, a minus that can be copied, one line. */
static void say(const char *text) {
  for (bool first = true; *text; text++) {
    if (first && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
    first = *text == '\n';
    switch (*text) {
      case '\\': fputs("\\e", stdout); break;
      case '-': fputs("\\-", stdout); break;
      case '\'': fputs("\\(aq", stdout); break;
      case '`': fputs("\\(ga", stdout); break;
      case '\n':
        while (text[1] == ' ') text++;
        putchar(' ');
        break;
      default: putchar(*text);
    }
  }
}

static void paragraph(const char *text) {
  puts(".PP");
  say(text);
  putchar('\n');
}

static void heading(const char *name) { printf(".SH %s\n", name); }

/* A term in bold, and what it means. */
static void term(const char *bold, const char *argument, const char *means) {
  fputs(".TP\n\\fB", stdout);
  say(bold);
  fputs("\\fR", stdout);
  if (argument && *argument) {
    fputs(" \\fI", stdout);
    say(argument);
    fputs("\\fR", stdout);
  }
  putchar('\n');
  say(means);
  putchar('\n');
}

static void option(int letter, const char *name, const char *argument, const char *means) {
  char text[80];
  snprintf(text, sizeof text, letter ? "-%c, --%s" : "%c--%s", letter ? letter : ' ', name);
  term(letter ? text : text + 1, argument, means);
}

static void example(const char *text) {
  puts(".PP\n.nf\n.RS");
  for (const char *end; *text; text = *end ? end + 1 : end) {
    char line[200];
    end = text + strcspn(text, "\n");
    snprintf(line, sizeof line, "%.*s", (int)(end - text), text);
    say(line);
    putchar('\n');
  }
  puts(".RE\n.fi");
}

static void begin(const char *name, int section, const char *what) {
  char upper[32];
  size_t len = 0;
  for (; name[len] && len < sizeof upper - 1; len++) upper[len] = (char)toupper((unsigned char)name[len]);
  upper[len] = 0;
  printf(".TH %s %d \"\" \"eddy " EDDY_VERSION "\" \"eddy\"\n", upper, section);
  heading("NAME");
  printf("%s \\- %s\n", name, what);
}

static void see_also(const char *pages) {
  heading("SEE ALSO");
  puts(pages);
}

/* ---- eddyd(8) ---- */

static void eddyd(void) {
  begin("eddyd", 8, "server for real-time rooms over WebSocket");
  heading("SYNOPSIS");
  puts(".B eddyd\n.RI [ OPTION ]...");
  heading("DESCRIPTION");
  puts(
      "Keeps rooms: ordered messages, shared state and presence, over WebSocket and HTTP, in the protocol of DriftDB.");
  puts("What a room does with a message is a Lua script, a policy, that may be changed while the room is running.");
  paragraph(
      "It stays in the foreground and logs to standard error, where nothing else is said, and is asked and told with "
      "eddyctl(1).");
  heading("OPTIONS");
  for (size_t i = 0; i < ED_CLI_OPTIONS_LEN; i++) {
    const struct ed_cli_option *row = &ED_CLI_OPTIONS[i];
    const char *says = row->says           ? row->says
                       : row->value == 'h' ? "say which options there are"
                                           : "say which version this is";
    option(row->value < 256 ? row->value : 0, row->name, row->argument, says);
  }
  heading("SIGNALS");
  term("SIGTERM, SIGINT", NULL,
       "End it: nobody new is let in (GET /healthz answers 503), members are sent what waits for them and closed with "
       "1001, one after the other, evenly over the time of the knob drain. A second one ends it at once.");
  term("SIGHUP", NULL,
       "Read the configuration, certificate and key, and the scripts again, and open the knob log_file's file anew. No "
       "connection is closed. What has changed, and what waits for a restart, is logged; where anything is wrong, that "
       "is, and all stays as it was.");
  heading("EXIT STATUS");
  term("0", NULL, "It ended as asked.");
  term("1", NULL, "A bad configuration, or no way to listen.");
  term("2", NULL, "A bad command line.");
  term(
      "1, 3, 4, 5, 6", NULL,
      "Of an export or import: it cannot be read or written; no such room; a room is there already; another process is "
      "at work on it; a bad line.");
  heading("FILES");
  term("etc/eddy.lua", NULL, "The configuration, see eddy.lua(5), of the working folder where -c names no other.");
  term("/run/eddyd/admin.sock", NULL,
       "The admin interface, for the user who runs the server and for root; in the folder $RUNTIME_DIRECTORY where "
       "systemd has set one, in $XDG_RUNTIME_DIR/eddyd for other users than root.");
  see_also(".BR eddyctl (1),\n.BR eddy.lua (5)");
}

/* ---- eddyctl(1) ---- */

static void eddyctl(void) {
  begin("eddyctl", 1, "ask and tell a running eddyd");
  heading("SYNOPSIS");
  puts(".B eddyctl\n.RI [ OPTION ]...\n.I COMMAND\n.RI [ WORD ]...");
  heading("DESCRIPTION");
  puts(
      "Talks to the admin interface of\n.BR eddyd (8)\nover its unix socket, or over TCP with\n.B \\-\\-url\nand a "
      "key.");
  paragraph(
      "ROOM is an ID, or NAMESPACE/ID where the namespace is not default. A room that is kept but not in memory is "
      "loaded, as it is for a client. A word that begins with a minus comes behind --.");
  heading("COMMANDS");
  for (size_t i = 0; i < ED_CTL_COMMANDS_LEN; i++)
    term(ED_CTL_COMMANDS[i].name, ED_CTL_COMMANDS[i].words, ED_CTL_COMMANDS[i].says);
  heading("OPTIONS");
  for (size_t i = 0; i < ED_CTL_OPTIONS_LEN; i++) {
    const struct ed_ctl_option *row = &ED_CTL_OPTIONS[i];
    char says[300];
    snprintf(says, sizeof says, "%s%s%s", row->commands ? row->commands : "", row->commands ? ": " : "", row->says);
    option(row->letter, row->name, row->argument, says);
  }
  heading("EXIT STATUS");
  term("0", NULL, "Done.");
  term("1", NULL, "The server refused it, or there is no such room, key or member.");
  term("2", NULL, "A bad command line.");
  term("3", NULL, "No server answers, or what answers is none.");
  heading("EXAMPLES");
  example(
      "eddyctl top\n"
      "eddyctl rooms --sort members --limit 10\n"
      "eddyctl rooms 'chat/*' --names | while read room; do eddyctl close $room; done\n"
      "eddyctl push lobby notice '\"we restart at noon\"' --action relay\n"
      "eddyctl get lobby moves --json | jq .value\n"
      "eddyctl tail lobby\n"
      "EDDY_ADMIN_KEY=... eddyctl --url http://10.0.0.5:9090 status\n"
      "EDDY_ADMIN_KEY=... eddyctl --url https://rooms.example.org/admin top");
  heading("ENVIRONMENT");
  term("EDDY_ADMIN_KEY", NULL, "The key, where --key says none.");
  see_also(".BR eddyd (8),\n.BR eddy.lua (5)");
}

/* ---- eddy.lua(5) ---- */

static void knob(const struct ed_knob *row) {
  char range[80], means[700];
  ed_knob_range(row, range);
  snprintf(means, sizeof means, "%s%s%s; default: %s. %s", ed_knob_kind_text(row->kind), *range ? ", " : "", range,
           row->fallback ? row->fallback : "none", row->says);
  term(row->name, NULL, means);
  if (row->home != ED_HOME_LIMITS) return;
  fputs("A namespace may set its own: \\fBnamespaces.NAME.", stdout);
  say(row->name);
  puts("\\fR.");
}

static void configuration(void) {
  begin("eddy.lua", 5, "configuration of eddyd");
  heading("DESCRIPTION");
  puts("A Lua file that returns one table. It can compute, but sees no files, no network and no time, and ends after");
  puts("10 million instructions.\n.B eddyd \\-\\-check\nsays all that is wrong with it, with file and line;");
  puts(".B \\-s NAME=VALUE\non the command line sets a knob for once.");
  paragraph(
      "Durations are texts like \"40ms\", \"5s\", \"10m\", \"24h\", \"7d\", or numbers of seconds; sizes are texts "
      "like "
      "\"512B\", \"64KiB\", \"1MB\", or numbers of bytes.");
  paragraph("A dot in the name of a knob stands for a table within a table:");
  example(
      "return {\n"
      "  listen = \"127.0.0.1:8080\",\n"
      "  scripts = \"scripts\",\n"
      "  limits = { message = \"64KiB\" },\n"
      "  namespaces = {\n"
      "    default = { policy = \"default\", knobs = { presence_timeout = \"5s\" } },\n"
      "    board = { policy = \"whiteboard\", limits = { members = 100 } },\n"
      "  },\n"
      "}");
  heading("KNOBS");
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) knob(&ED_KNOBS[i]);
  term("namespaces.NAME.knobs.KNOB", NULL,
       "number, text, true or false. What the policy of the namespace leaves to be set.");
  term("plugins.PLUGIN.OPTION", NULL,
       "What a plugin leaves to be set: eddyd --knobs lists the options of those that are there.");
  see_also(".BR eddyd (8),\n.BR eddyctl (1)");
}

/* ---- completion ---- */

static void completion(void) {
  puts("# Completion of eddyctl for bash; made from its tables at build time.\n_eddyctl() {");
  puts(
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' options=() i\n"
      "  COMPREPLY=()");
  puts("  for ((i = 1; i < COMP_CWORD; i++)); do\n    case ${COMP_WORDS[i]} in");
  fputs("      ", stdout);
  for (size_t i = 0, put = 0; i < ED_CTL_OPTIONS_LEN; i++) {
    const struct ed_ctl_option *row = &ED_CTL_OPTIONS[i];
    if (!row->argument) continue;
    printf("%s--%s", put++ ? " | " : "", row->name);
    if (row->letter) printf(" | -%c", row->letter);
  }
  puts(
      ")\n        if [[ ${COMP_WORDS[i]} == -s || ${COMP_WORDS[i]} == --socket || ${COMP_WORDS[i]} == --url ]]; then\n"
      "          options+=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[i + 1]}\")\n        fi\n        i=$((i + 1)) ;;\n"
      "      -*) ;;\n      *) command=${command:-${COMP_WORDS[i]}} ;;\n    esac\n  done");
  puts(
      "  case $before in\n"
      "    -s | --socket) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") && return ;;\n"
      "    --action) mapfile -t COMPREPLY < <(compgen -W 'relay append replace compact' -- \"$word\") && return ;;\n"
      "    --sort) mapfile -t COMPREPLY < <(compgen -W 'name members rate' -- \"$word\") && return ;;\n"
      "    log) mapfile -t COMPREPLY < <(compgen -W 'error warn info debug' -- \"$word\") && return ;;\n  esac");
  fputs("  if [[ $word == -* ]]; then\n    mapfile -t COMPREPLY < <(compgen -W '", stdout);
  for (size_t i = 0; i < ED_CTL_OPTIONS_LEN; i++) printf("%s--%s", i ? " " : "", ED_CTL_OPTIONS[i].name);
  fputs("' -- \"$word\")\n  elif [[ -z $command ]]; then\n    mapfile -t COMPREPLY < <(compgen -W '", stdout);
  for (size_t i = 0; i < ED_CTL_COMMANDS_LEN; i++) printf("%s%s", i ? " " : "", ED_CTL_COMMANDS[i].name);
  fputs("' -- \"$word\")\n  elif [[ $before == \"$command\" ]]; then\n    case $command in\n      ", stdout);
  for (size_t i = 0, put = 0; i < ED_CTL_COMMANDS_LEN; i++)
    if (strncmp(ED_CTL_COMMANDS[i].words, "ROOM", 4) == 0) printf("%s%s", put++ ? " | " : "", ED_CTL_COMMANDS[i].name);
  puts(
      ")\n        # Not by compgen -W, which would carry out a $(command) that a server calls a room.\n"
      "        while IFS= read -r i; do\n          [[ $i != \"$word\"* || $i == *[!A-Za-z0-9_/-]* ]] || "
      "COMPREPLY+=(\"$i\")\n"
      "        done < <(eddyctl \"${options[@]}\" rooms --names --limit 1000 2>/dev/null) ;;\n"
      "    esac\n  fi\n}\ncomplete -F _eddyctl eddyctl");
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*write)(void);
  } pages[] = {{"eddyd.8", eddyd}, {"eddyctl.1", eddyctl}, {"eddy.lua.5", configuration}, {"completion", completion}};
  for (size_t i = 0; argc == 2 && i < sizeof pages / sizeof *pages; i++) {
    if (strcmp(argv[1], pages[i].name) != 0) continue;
    pages[i].write();
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  fputs("usage: manual eddyd.8|eddyctl.1|eddy.lua.5|completion\n", stderr);
  return EXIT_FAILURE;
}
