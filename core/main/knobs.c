#include "main/knobs.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "main/config.h"

#define HOUR ((uint64_t)3600 * 1000)
#define DAY (24 * HOUR)
#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define CONFIG(field) ED_HOME_CONFIG, offsetof(struct ed_config, field), false
#define FIXED(field) ED_HOME_CONFIG, offsetof(struct ed_config, field), true /* a change waits for a restart */
#define LIMITS(field) ED_HOME_LIMITS, offsetof(struct ed_limits, field), false
#define SPACE(field) ED_HOME_SPACE, offsetof(struct ed_space, field), false

const struct ed_knob ED_KNOBS[] = {
    {"listen", ED_KIND_ADDRESSES, FIXED(listen), "127.0.0.1:8080", 0, 0,
     "Where to listen: \"HOST:PORT\", \"[IPV6]:PORT\" or \"unix:/PATH\"; one, or a list of them. Sockets that systemd\n"
     "    passes (LISTEN_FDS) are listened on in its place."},
    {"scripts", ED_KIND_PATH, FIXED(scripts), "scripts", 0, 0,
     "The folder of the policies' scripts, relative to the folder of the configuration file."},
    {"plugin_path", ED_KIND_PATH, FIXED(plugin_path), NULL, 0, 0,
     "The folder of the plugins; else plugins/ beside the program, or where it was installed."},
    {"public_url", ED_KIND_URL, CONFIG(public_url), NULL, 0, 0,
     "What clients call this server, such as \"https://rooms.example.org/base\"; else what their requests say."},
    {"proxies", ED_KIND_NETWORKS, CONFIG(proxies), NULL, 0, 0,
     "Addresses and networks (\"10.0.0.0/8\") of proxies whose X-Forwarded-Proto, -Host, -Prefix and -For are\n"
     "    believed, \"unix\" for those on a unix socket."},
    {"log", ED_KIND_LEVEL, CONFIG(log), "info", 0, 0,
     "How much is logged: \"error\", \"warn\", \"info\" or \"debug\"; \"info,net=debug,sqlite=error\" where\n"
     "    a part or a plugin is to have another level: base, codec, room, host, policy, net, lws, admin, main."},
    {"log_format", ED_KIND_FORMAT, CONFIG(log_format), "logfmt", 0, 0, "A line of the log: \"logfmt\" or \"json\"."},
    {"log_file", ED_KIND_PATH, CONFIG(log_file), NULL, 0, 0,
     "Where the log goes once the server serves; else to standard error, or with --daemon nowhere. SIGHUP opens it\n"
     "    anew."},
    {"drain", ED_KIND_DURATION, CONFIG(drain_ms), "5s", 0, HOUR,
     "After SIGTERM or SIGINT members are sent away evenly over so long; few of them sooner, one every 250 ms."},

    {"tls.listen", ED_KIND_ADDRESSES, FIXED(tls.listen), NULL, 0, 0,
     "Where to listen for TLS (https, wss), besides `listen`: \"HOST:PORT\" or \"[IPV6]:PORT\"; one, or a list of them."},
    {"tls.certificate", ED_KIND_PATH, CONFIG(tls.certificate), NULL, 0, 0,
     "The certificate and its chain, PEM, relative to the folder of the configuration file."},
    {"tls.key", ED_KIND_PATH, CONFIG(tls.key), NULL, 0, 0, "Its private key, PEM, likewise."},
    {"admin.listen", ED_KIND_ADMIN, FIXED(admin_listen), "auto", 0, 0,
     "Where the admin interface, which eddyctl talks to, listens: \"auto\" for a unix socket in the runtime folder,\n"
     "    \"off\", or one address; with a TCP one it needs admin.key."},
    {"admin.key", ED_KIND_KEY, CONFIG(admin_key), NULL, 0, 0,
     "What whoever does not come over its unix socket must know: 16 to 256 printable characters."},
    {"admin.public", ED_KIND_BOOL, CONFIG(admin_public), "false", 0, 0,
     "Whether the admin interface is on the public addresses too, below /admin; it needs admin.key then."},
    {"admin.origins", ED_KIND_ORIGINS, CONFIG(admin_origins), NULL, 0, 0,
     "Pages of other addresses that may use the admin interface, with the key: \"https://example.org\", a list, or \"*\"\n"
     "    for all. Over TCP its own page, /console/, is one of these."},

    {"limits.rooms", ED_KIND_COUNT, CONFIG(rooms), "100000", 1, 100000000, "Rooms at the same time."},
    {"limits.connections", ED_KIND_COUNT, CONFIG(connections), "50000", 1, 10000000,
     "Connections at the same time, HTTP and WebSocket. While it runs it does not rise above what it began with."},
    {"limits.address_connections", ED_KIND_COUNT, CONFIG(callers.connections), "0", 0, 10000000,
     "Connections at the same time from one address, of IPv6 from one /64; 0: any number. Behind proxies that are not\n"
     "    listed under proxies, all clients have the proxy's address."},
    {"limits.address_rate", ED_KIND_RATE, CONFIG(callers.arrivals), "off", 0, 0,
     "New connections of one address; a call over HTTP is one."},
    {"limits.address_rooms", ED_KIND_RATE, CONFIG(callers.rooms), "off", 0, 0, "New rooms of one address."},
    {"limits.header", ED_KIND_SIZE, FIXED(header_bytes), "8KiB", 256, 256 * KIB,
     "One HTTP request without its body: the line and all headers."},
    {"limits.upgrade", ED_KIND_DURATION, CONFIG(upgrade_ms), "10s", 0, HOUR,
     "How long a connection may take to send a whole request, and to take the answer; 0: for ever."},
    {"limits.ping_interval", ED_KIND_DURATION, CONFIG(ping_interval_ms), "30s", 0, DAY,
     "A WebSocket that was silent for so long is sent a ping; 0: never."},
    {"limits.ping_timeout", ED_KIND_DURATION, CONFIG(ping_timeout_ms), "90s", 0, DAY,
     "A WebSocket that after a ping stays silent for so long is closed; 0: never."},

    {"limits.message", ED_KIND_SIZE, LIMITS(message), "1MiB", 16, 256 * MIB, "One message of a client."},
    {"limits.depth", ED_KIND_COUNT, LIMITS(depth), "128", 1, 1024, "How deep a message may be nested."},
    {"limits.key", ED_KIND_SIZE, LIMITS(key), "512B", 1, 64 * KIB, "The key of a message."},
    {"limits.keys", ED_KIND_COUNT, LIMITS(keys), "10000", 1, 100000000, "Keys of a room that retain something."},
    {"limits.room_messages", ED_KIND_COUNT, LIMITS(room_messages), "100000", 1, 1000000000,
     "Messages that a room retains, all keys together."},
    {"limits.room_bytes", ED_KIND_SIZE, LIMITS(room_bytes), "64MiB", 1, 1024 * GIB,
     "Bytes of the values that a room retains, all keys together."},
    {"limits.stream_messages", ED_KIND_COUNT, LIMITS(stream_messages), "50000", 1, 1000000000,
     "Messages that a room retains of one key."},
    {"limits.stream_bytes", ED_KIND_SIZE, LIMITS(stream_bytes), "16MiB", 1, 1024 * GIB,
     "Bytes of the values that a room retains of one key."},
    {"limits.members", ED_KIND_COUNT, LIMITS(members), "10000", 1, 10000000, "Connections of a room."},
    {"limits.queue", ED_KIND_SIZE, LIMITS(queue), "4MiB", 1, 4 * GIB,
     "Bytes waiting for one connection, besides what it asked for itself; past it, it is closed with 1013."},
    {"limits.errors", ED_KIND_COUNT, LIMITS(errors), "100", 1, 1000000,
     "Bad messages in a row before a connection is closed with 1008."},
    {"limits.message_rate", ED_KIND_RATE, LIMITS(message_rate), "off", 0, 0,
     "Messages, and pings, of one WebSocket; those beyond it are refused."},
    {"limits.byte_rate", ED_KIND_BYTE_RATE, LIMITS(byte_rate), "off", 0, 0, "Bytes of the messages of one WebSocket."},
    {"limits.excess", ED_KIND_COUNT, LIMITS(excess), "1000", 0, 1000000000,
     "Messages over these two rates before a WebSocket is closed with 1008, counted anew once it was quiet for a\n"
     "    while; 0: it never is."},

    {"policies.instructions", ED_KIND_COUNT, CONFIG(policies.instructions), "5000000", 10000, 1000000000000,
     "Instructions of one call into a policy; past it, the call fails and the push at hand is refused."},
    {"policies.call", ED_KIND_DURATION, CONFIG(policies.call_ms), "20ms", 1, HOUR,
     "How long one call into a policy may take."},
    {"policies.call_bytes", ED_KIND_SIZE, CONFIG(policies.call_bytes), "64MiB", 64 * KIB, 64 * GIB,
     "Bytes that one call into a policy may allocate in all, whether or not they are freed meanwhile."},
    {"policies.allocation", ED_KIND_SIZE, CONFIG(policies.allocation), "1MiB", 16 * KIB, GIB,
     "One text or one table of a policy."},
    {"policies.memory", ED_KIND_SIZE, CONFIG(policies.memory), "8MiB", MIB, 64 * GIB,
     "What one Lua state may hold: plan for two to three times what its rooms keep. Collecting garbage in a full one\n"
     "    takes about 4 ms per MiB, in which nobody is served."},
    {"policies.rooms", ED_KIND_COUNT, CONFIG(policies.rooms), "1000", 1, 1000000,
     "Rooms that share a Lua state; 1: each room has its own, for 38 KB more of memory."},
    {"policies.source", ED_KIND_SIZE, CONFIG(policies.source), "256KiB", KIB, 16 * MIB, "One script file."},
    {"policies.timers", ED_KIND_COUNT, CONFIG(policies.timers), "1000", 1, 1000000, "Timers of a room."},

    {"namespaces.NAME.policy", ED_KIND_NAME, SPACE(policy), "default", 0, 0, "The policy of its rooms."},
    {"namespaces.NAME.idle", ED_KIND_DURATION, SPACE(idle_ms), "24h", 0, 3650 * DAY,
     "A room with no connection and no message for so long is deleted; 0: never."},
    {"namespaces.NAME.unload", ED_KIND_DURATION, SPACE(unload_ms), "60s", 0, DAY,
     "A room that a plugin keeps leaves memory when nobody was in it for so long; 0: never."},
    {"namespaces.NAME.resume", ED_KIND_DURATION, SPACE(resume_ms), "2m", 0, 30 * DAY,
     "A client of the subprotocol eddy.v1 that comes back within so long may be given just what it missed; 0: never."},
    {"namespaces.NAME.slow", ED_KIND_SLOW, SPACE(slow), "close", 0, 0,
     "What becomes of a connection for which more waits than limits.queue: \"close\", or \"conflate\": what was replaced\n"
     "    since, and then the oldest relays, are dropped first."},
    {"namespaces.NAME.total_rate", ED_KIND_RATE, SPACE(total_rate), "off", 0, 0,
     "Messages of all its clients together."},
    {"namespaces.NAME.room_rate", ED_KIND_RATE, SPACE(room_rate), "off", 0, 0, "New rooms in it."},
    {"namespaces.NAME.origins", ED_KIND_ORIGINS, SPACE(origins), "*", 0, 0,
     "Pages that may use it: \"https://example.org\", \"https://*.example.org\" for every host below that one, a list\n"
     "    of these, or \"*\" for all."},
    {"namespaces.NAME.create_on_connect", ED_KIND_BOOL, SPACE(create_on_connect), "false", 0, 0,
     "Whether connecting to a room that does not exist makes it."},
    {"namespaces.NAME.debug", ED_KIND_BOOL, SPACE(debug), "false", 0, 0,
     "Whether ?debug=true shows all keys of a room to whoever knows its name."},
};

const size_t ED_KNOBS_LEN = sizeof ED_KNOBS / sizeof *ED_KNOBS;

const struct ed_knob *ed_knob_find(enum ed_home home, const char *prefix, const char *name) {
  size_t len = strlen(prefix);
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) {
    const struct ed_knob *knob = &ED_KNOBS[i];
    if (knob->home == home && strncmp(knob->name, prefix, len) == 0 && strcmp(knob->name + len, name) == 0) return knob;
  }
  return NULL;
}

const char *ed_knob_kind_text(enum ed_kind kind) {
  switch (kind) {
    case ED_KIND_DURATION: return "duration";
    case ED_KIND_SIZE: return "size";
    case ED_KIND_COUNT: return "number";
    case ED_KIND_BOOL: return "true or false";
    case ED_KIND_LEVEL: return "log level";
    case ED_KIND_SLOW: return "close or conflate";
    case ED_KIND_FORMAT: return "logfmt or json";
    case ED_KIND_NAME: return "name";
    case ED_KIND_PATH: return "path";
    case ED_KIND_URL: return "URL";
    case ED_KIND_ADMIN: return "address";
    case ED_KIND_KEY: return "key";
    case ED_KIND_ADDRESSES: return "address or list";
    case ED_KIND_NETWORKS: return "address or list";
    case ED_KIND_ORIGINS: return "origin or list";
    case ED_KIND_RATE:
    case ED_KIND_BYTE_RATE: return "rate";
  }
  return "";
}

void ed_knob_range(const struct ed_knob *knob, char out[80]) {
  char min[32], max[32];
  *out = 0;
  switch (knob->kind) {
    case ED_KIND_DURATION:
      ed_units_duration_text(knob->min, min);
      ed_units_duration_text(knob->max, max);
      break;
    case ED_KIND_SIZE:
      ed_units_size_text(knob->min, min);
      ed_units_size_text(knob->max, max);
      break;
    case ED_KIND_COUNT:
      snprintf(min, sizeof min, "%" PRIu64, knob->min);
      snprintf(max, sizeof max, "%" PRIu64, knob->max);
      break;
    default: return;
  }
  snprintf(out, 80, "%s to %s", min, max);
}

void ed_knobs_print(FILE *out) {
  fputs(
      "Durations are texts like \"40ms\", \"5s\", \"10m\", \"24h\", \"7d\", or numbers of seconds; sizes are texts "
      "like\n"
      "\"512B\", \"64KiB\", \"1MB\", or numbers of bytes; rates are texts like \"20/s\", \"100/m\", \"5/h\", \"64KiB/s\",\n"
      "with what may come at once where that is not as much as comes in the s, m or h, \"20/s burst 100\", or \"off\".\n"
      "On the command line: -s NAME=VALUE, lists with commas.\n",
      out);
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) {
    const struct ed_knob *knob = &ED_KNOBS[i];
    char range[80];
    ed_knob_range(knob, range);
    fprintf(out, "\n%s\n    %s%s%s; default: %s\n    %s\n", knob->name, ed_knob_kind_text(knob->kind),
            *range ? ", " : "", range, knob->fallback ? knob->fallback : "none", knob->says);
    if (knob->home == ED_HOME_LIMITS) fprintf(out, "    A namespace may set its own: namespaces.NAME.%s\n", knob->name);
  }
  fputs(
      "\nnamespaces.NAME.knobs.KNOB\n    number, text, true or false\n    What the policy of the namespace leaves to "
      "be set.\n"
      "\nplugins.PLUGIN.OPTION\n    What a plugin leaves to be set: below, of those that are there.\n",
      out);
}
