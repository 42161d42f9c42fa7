-- retention: how much of a key is kept, and for how long a room with nobody in it. The oldest goes first. (Not for the
-- key of a reducer, which needs all of its stream, and folds it by itself.)
local options_of = require "options"

-- eddy.retention {
--   messages = 500, bytes = "64KiB", age = "24h": of each key, as many as are within all that are given,
--   idle     = "7d": a room with no connection and no message for so long goes, with all that is in it,
-- }
return function(options)
  options = options_of("retention", options, { messages = "count", bytes = "size", age = "time", idle = "time" })
  local limits = { messages = options.messages, bytes = options.bytes, age = options.age }
  local any = next(limits) ~= nil

  local part = { name = "retention" }
  local timer -- looks for what has grown old; runs while anything is kept

  local watch
  local function sweep(room)
    timer = nil
    for _, key in ipairs(room:keys(part.key or "*")) do room:trim(key, { age = limits.age }) end
    watch(room)
  end

  -- What is too old goes within a twentieth of its age, at least a second.
  function watch(room)
    if timer or not limits.age or #room:keys(part.key or "*") == 0 then return end
    timer = room:after(math.max(1, limits.age / 20), sweep)
  end

  function part.open(room)
    if options.idle then room:expire(options.idle) end
    watch(room)
  end

  function part.commit(room, msg)
    if not any or msg.action == "relay" or msg.transient then return end -- presence looks after its own
    room:trim(msg.key, limits)
    watch(room)
  end

  return part
end
