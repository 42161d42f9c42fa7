-- debounce: of a value that changes many times a second, such as a cursor, everybody gets the latest a few times a
-- second. The first one goes out at once, then the latest each `every`; the last one always arrives. It concerns each
-- member's relays and replaces by themselves; what is appended, and so must not be lost, is never held back.
--
-- All that is held back in a room goes out on one beat, so that whoever receives it is sent to once for all of it.
--
-- List it last on its keys: what it holds back goes out past the parts behind it.
local options_of = require "options"

-- So much goes out in one go, and the rest right after: of pushes that wait, a room takes 1,000.
local AT_ONCE = 500

-- In a room no more than so many bytes are held back, which live in the policy's memory: beyond that, messages go
-- through at once.
local MOST = 262144

-- eddy.debounce {
--   every    = "20ms",
--   max_wait = every: give more, and a value that keeps changing is held back until it has been at rest for `every`,
--              but for no longer than this,
-- }
return function(options)
  options = options_of("debounce", options, { every = "time", max_wait = "time" })
  local every = options.every or 0.02
  local max_wait = options.max_wait or every
  if every <= 0 then error("eddy.debounce: every must be more than nothing", 2) end

  local part = { name = "debounce" }
  local lanes = {} -- member -> action and key -> lane: there while something went out on the present beat, or is held
  local beat -- the timer; runs while there are lanes
  local beats = 0 -- so many were there so far
  local bytes = 0 -- that are held

  -- Sends what the lane holds. (Pushes of a policy's own are not judged again, so it does not come back here.)
  local function flush(room, member, lane)
    local held = lane.held
    lane.held, bytes = nil, bytes - lane.size
    room:push(lane.key, held, lane.action, { from = member, transient = lane.transient })
  end

  local look
  function look(room)
    local now, sent = room:now(), 0
    for member, mine in pairs(lanes) do
      for name, lane in pairs(mine) do
        if lane.seen ~= beats then
          if not lane.held then
            mine[name] = nil
          elseif not lane.changed or now - lane.since + every >= max_wait then -- it rests, or the next beat is too late
            if sent == AT_ONCE then return room:after(0, look) end
            flush(room, member, lane)
            sent = sent + 1
          end
          lane.seen, lane.changed = beats, false
        end
      end
      if next(mine) == nil then lanes[member] = nil end
    end
    if next(lanes) == nil and beat then
      beat:cancel()
      beat = nil
    end
  end

  local function on_beat(room)
    beats = beats + 1
    look(room)
  end

  function part.push(room, msg, member)
    local action = msg.action
    if not member or action == "compact" then return msg end
    local mine = lanes[member]
    if action == "append" and not msg.transient then
      -- It may not overtake a replace that is held, which would wipe it out: so that one goes first, and then this.
      local lane = mine and mine["replace " .. msg.key]
      if not lane or not lane.held then return msg end
      flush(room, member, lane)
      room:push(msg.key, msg.raw, "append", { from = member })
      return nil
    end

    if not mine then
      mine = {}
      lanes[member] = mine
    end
    beat = beat or room:every(every, on_beat)
    local name = action .. " " .. msg.key
    local lane = mine[name]
    if not lane then
      mine[name] = { key = msg.key, action = action, transient = msg.transient, seen = beats }
      return msg
    end
    local raw = msg.raw -- before the size: a part before this may have assigned the value
    if lane.held then bytes = bytes - lane.size else lane.since = room:now() end
    if bytes + msg.size > MOST then
      lane.held = nil
      return msg
    end
    lane.held, lane.size, lane.changed = raw, msg.size, true
    bytes = bytes + lane.size
    return nil
  end

  function part.leave(room, member)
    for _, lane in pairs(lanes[member] or {}) do
      if lane.held then flush(room, member, lane) end
    end
    lanes[member] = nil
  end

  -- The policy is about to be replaced by a newer version of itself, which knows nothing of these.
  function part.close(room)
    for member in pairs(lanes) do part.leave(room, member) end
  end

  return part
end
