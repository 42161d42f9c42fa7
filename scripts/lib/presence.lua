-- presence: who is here, and what each of them shows. For pages that call usePresence(key, value), which relay
-- { client = id, value = anything } now and then, and forget a peer that they have not heard of for a while.
--
-- The latest of each client is retained while it lasts, in memory only, so whoever comes gets all of them at once. It
-- ends `grace` after its connection has gone, or `timeout` after its last sign. Who comes back in time was never away.
--
-- A message without a client's name, or without a value, would break a page: such are refused. A value of null says: I
-- am not here any more.
local native = require "eddy.native"
local options_of = require "options"

-- So many end in one go, and the rest right after: on_leave may want to push something for each.
local AT_ONCE = 200

local function is_presence(value)
  return type(value) == "table" and type(value.client) == "string" and value.value ~= nil
end

-- room:present(key): client -> value, of all that are here.
local function present(room, key)
  local values = {}
  for _, value in room:each(key) do
    if is_presence(value) then values[value.client] = value.value end
  end
  return values
end

-- eddy.presence {
--   timeout  = "5s": after so long without a sign a client is gone,
--   grace    = "2s": or after so long without its connection,
--   on_join  = function(room, key, client, value, member) for one who was not there,
--   on_leave = function(room, key, client) for one who has gone,
-- }
return function(options)
  options = options_of("presence", options, { timeout = "time", grace = "time", on_join = "hook", on_leave = "hook" })
  local timeout, grace = options.timeout or 5, options.grace or 2

  local part = { name = "presence", api = { present = present } }
  local keys = {} -- key -> client -> { seq, due, member }: its message, when it ends unless renewed, whose it is
  local timer, timer_due -- one for all: at the earliest end there was when it was set

  local sweep
  local function wake_at(room, due)
    if timer then
      if timer_due <= due then return end
      timer:cancel()
    end
    timer_due = due
    timer = room:after(math.max(0, due - room:now()), sweep)
  end

  -- Pages that are open have their own clocks for whoever has gone; those to come will not hear of it.
  local function forget(room, key, client)
    local clients = keys[key]
    if clients[client].seq then room:drop(key, clients[client].seq) end
    clients[client] = nil
    if next(clients) == nil then keys[key] = nil end
  end

  local function tell(room, key, client)
    if options.on_leave then options.on_leave(room, key, client) end
  end

  function sweep(room)
    timer = nil
    local now, earliest, over = room:now(), math.huge, {}
    for key, clients in pairs(keys) do
      for client, at in pairs(clients) do
        if at.due <= now and #over < AT_ONCE then
          over[#over + 1] = { key, client, at.seq }
        else
          earliest = math.min(earliest, at.due)
        end
      end
    end
    if earliest < math.huge then wake_at(room, earliest) end
    for _, one in ipairs(over) do forget(room, one[1], one[2]) end
    for _, one in ipairs(over) do
      if one[3] then tell(room, one[1], one[2]) end
    end
  end

  -- It has said that it is gone. What it said before may still be held back by a debounce, so this is remembered a
  -- while.
  local function take_leave(room, key, client)
    local clients = keys[key]
    if not clients or not clients[client] or not clients[client].seq then return end
    room:drop(key, clients[client].seq)
    clients[client] = { due = room:now() + timeout }
    wake_at(room, clients[client].due)
    tell(room, key, client)
  end

  -- After a reload: everyone whom the key still shows. Whose connection each is shows when it next says something.
  function part.open(room)
    local due, any = room:now() + timeout, false
    for _, key in ipairs(room:keys(part.key or "*")) do
      for seq, value in room:each(key) do
        if is_presence(value) then
          keys[key] = keys[key] or {}
          keys[key][value.client] = { seq = seq, due = due }
          any = true
        end
      end
    end
    if any then wake_at(room, due) end
  end

  function part.push(room, msg)
    local value = msg.value
    if msg.action == "compact" or not is_presence(value) then
      return nil, "this key is for presence: relay {\"client\": id, \"value\": anything}"
    end
    if value.value == native.null then
      take_leave(room, msg.key, value.client)
      return nil
    end
    msg.action, msg.transient = "append", true
    return msg
  end

  function part.commit(room, msg, member)
    local key, value = msg.key, msg.value
    if msg.action ~= "append" or not is_presence(value) then return end
    local clients = keys[key] or {}
    keys[key] = clients
    local client, now = value.client, room:now()
    local before = clients[client]
    local at = { seq = msg.seq, due = now + timeout, member = member }
    if before and not before.seq and msg.own then -- held back, and meanwhile it took its leave
      room:drop(key, msg.seq)
      return
    elseif before and before.seq then
      room:drop(key, before.seq)
      if before.left and not member then at.due, at.left = before.due, true end -- held back until it had gone
    end
    clients[client] = at
    wake_at(room, at.due)
    if options.on_join and not (before and before.seq) then options.on_join(room, key, client, value.value, member) end
  end

  function part.leave(room, member)
    local due = room:now() + grace
    for _, clients in pairs(keys) do
      for _, at in pairs(clients) do
        if at.member == member then
          at.member, at.left, at.due = nil, true, math.min(at.due, due)
          wake_at(room, at.due)
        end
      end
    end
  end

  return part
end
