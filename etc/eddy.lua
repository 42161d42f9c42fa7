-- The configuration of eddyd. It is Lua that can compute but touch nothing, and returns one table. Durations are texts
-- like "40ms", "5s", "24h", sizes like "512B", "1MiB". `eddyd --knobs` lists every knob with its range; what stands
-- here behind dashes is the default. `eddyd -c etc/eddy.lua --check` says all that is wrong with this file, and
-- `-s NAME=VALUE` (say -s limits.depth=64) overrides it.

return {
  -- Where to listen: "HOST:PORT", "[IPV6]:PORT" or "unix:/PATH"; one, or a list of them.
  listen = "127.0.0.1:8080",

  -- The folder of the policies' scripts, relative to this file.
  scripts = "../scripts",

  -- What clients call this server, where that is not what their requests say. Its path, if any, may be part of requests.
  -- public_url = "https://rooms.example.org",

  -- https and wss: certificate (with its chain) and key are PEM files, relative to this one; SIGHUP reads both again.
  -- tls = { listen = "0.0.0.0:8443", certificate = "cert.pem", key = "key.pem" },

  -- Proxies whose X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Prefix and X-Forwarded-For are believed.
  -- proxies = { "127.0.0.1", "10.0.0.0/8" },

  -- "error", "warn", "info" or "debug"; with other levels for single parts or plugins: "info,net=debug,sqlite=error".
  -- log = "info",

  -- How a line of the log is written, "logfmt" or "json"; and where to, else to standard error. SIGHUP opens it anew.
  -- log_format = "logfmt",
  -- log_file = "/var/log/eddyd.log",

  -- The admin interface, which eddyctl talks to: "auto" is a unix socket in the runtime folder, for this user and root
  -- only; "off"; or an address, of which a TCP one needs the key, as does being on the public addresses (below /admin).
  -- The console, /console/, is a page: it may use an address of its own where `origins` lists where the console comes from,
  -- or the public one.
  -- admin = { listen = "127.0.0.1:9090", key = "at least 16 characters, without spaces", public = false,
  --           origins = { "http://127.0.0.1:8080" } },

  -- When the server is told to end it sends its members away evenly over so long; few of them sooner, four a second.
  -- drain = "5s",

  -- A namespace is a set of policy, knobs and limits; a page chooses one by its URL, /db/NAME/... Without /db/NAME it
  -- is `default`, which there always is.
  namespaces = {
    default = {
      -- What its rooms do with a message.
      policy = "default",

      -- A room with no connection and no message for so long is deleted; 0: never.
      idle = "24h",

      -- A client of the subprotocol eddy.v1 that comes back within so long may be given just what it missed; 0: never.
      -- resume = "2m",

      -- What becomes of a connection that is too slow (limits.queue): "close", or "conflate", which first drops what was
      -- replaced since, and then the oldest relays.
      -- slow = "close",

      -- Whether connecting to a room that does not exist makes it (with a name that the client chose).
      -- create_on_connect = false,

      -- Whether ?debug=true shows all keys of a room. A room's name is its key: who knows it may read it anyway.
      debug = true,

      -- What its policy leaves to be set: who is silent for so long is no longer present, who lost the connection has so
      -- long to come back; pushes of one member to keys that match are thinned out ("" for none).
      knobs = {
        presence_timeout = "5s",
        presence_grace = "2s",
        -- debounce_key = "cursor/*",
        -- debounce_every = "20ms",
      },

      -- Pages that may use it: { "https://example.org", "https://*.example.org" }, or "*" for all.
      -- origins = "*",

      -- Messages of all its clients together, and new rooms in it: "5000/s", "20/s burst 200", or "off".
      -- total_rate = "off",
      -- room_rate = "off",

      -- Limits of its rooms, where they differ from those below.
      -- limits = { members = 100 },
    },

    -- The shipped policies, to try and to copy: http://HOST/db/counter is the base URL of the first one, and so on.
    counter = { policy = "counter" },
    whiteboard = { policy = "whiteboard" },
    chat = { policy = "chat" },
    tictactoe = { policy = "tictactoe" },
    voxel = { policy = "voxel" },
    text = { policy = "text" },
  },

  -- Plugins, in the order in which they are asked: see plugins/README.md. Each may be left out.
  plugins = {
    -- Rooms outlive the process: plugins/sqlite/README.md. The file is relative to the folder that eddyd is started in.
    -- durability: "sync": nobody hears what a crash could take back; "batch": the last 200 ms may be lost; "snapshot": 5 s.
    -- No new rooms beyond so many, so much in the file, or with less than so much free on the disk; 0: no such bound.
    sqlite = { path = "eddy.db", durability = "batch" }, -- max_rooms = 1000000, max_bytes = "0B", min_free = "256MiB"

    -- GET /metrics, for Prometheus: plugins/metrics/README.md. Who may read it: addresses and ranges, "unix".
    metrics = { allow = "127.0.0.0/8 ::1" },

    -- A start page, the console, demos, the JavaScript client, QR codes: plugins/web/README.md.
    web = {},
  },

  limits = {
    -- Of the whole server.
    -- rooms = 100000,
    -- connections = 50000,
    -- address_connections = 0,  -- at the same time from one address (of IPv6 one /64); 0: any number
    -- address_rate = "off",     -- new connections of one address, such as "50/s burst 500"
    -- address_rooms = "off",    -- new rooms of one address, such as "1/s burst 100"
    -- header = "8KiB",          -- one HTTP request without its body
    -- upgrade = "10s",          -- to send a whole request
    -- ping_interval = "30s",    -- a WebSocket silent for so long is sent a ping
    -- ping_timeout = "90s",     -- and if it stays silent for so long then, it is closed

    -- Of each room, and of each connection to it.
    -- message = "1MiB",
    -- depth = 128,              -- nesting of a message
    -- key = "512B",
    -- keys = 10000,             -- of a room
    -- room_messages = 100000,   -- retained in all
    -- room_bytes = "64MiB",
    -- stream_messages = 50000,  -- retained of one key
    -- stream_bytes = "16MiB",
    -- members = 10000,          -- connections of a room
    -- queue = "4MiB",           -- waiting for one connection; past it, it is closed
    -- errors = 100,             -- bad messages in a row before a connection is closed
    -- message_rate = "off",     -- messages of one connection, such as "100/s burst 1000"
    -- byte_rate = "off",        -- bytes of these, such as "1MiB/s burst 8MiB"
    -- excess = 1000,            -- messages over these two rates before a connection is closed; 0: never
  },
}
