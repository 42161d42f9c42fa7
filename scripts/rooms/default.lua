-- The policy of rooms that have no other: whatever pages send goes to everyone, as without a policy. Three things can
-- be switched on and off in the configuration, with nothing to write here:
--
--   namespaces = { default = { policy = "default", knobs = { debounce_key = "cursor/*", debounce_every = "40ms" } } }
--
-- Each has a key, or a pattern such as "cursor/*" or "*", that says which messages it is about; "" switches it off.
local eddy = require "eddy"

local knobs = eddy.knobs {
  presence_key = "__presence", -- who is here: for pages that call usePresence with this key
  presence_timeout = "5s", --     gone after so long without a sign
  presence_grace = "2s", --       or so long after its connection has gone

  debounce_key = "", --           holds back values that change too often: the first at once, then the latest
  debounce_every = "20ms", --     each so often

  retain_key = "*", --            how much of each key is kept; 0 means without a limit
  retain_messages = 0,
  retain_bytes = "0B",
  retain_age = "0s",
}

local stages = {}

if knobs.presence_key ~= "" then
  local presence = eddy.presence { timeout = knobs.presence_timeout, grace = knobs.presence_grace }
  table.insert(stages, eddy.on(knobs.presence_key, presence))
end

if knobs.debounce_key ~= "" then
  table.insert(stages, eddy.on(knobs.debounce_key, eddy.debounce { every = knobs.debounce_every }))
end

-- In Lua, `x or nil`, and every condition, takes 0 for true: so the zeroes are asked for.
local messages = knobs.retain_messages > 0 and knobs.retain_messages or nil
local bytes = eddy.size(knobs.retain_bytes) > 0 and knobs.retain_bytes or nil
local age = eddy.seconds(knobs.retain_age) > 0 and knobs.retain_age or nil
if knobs.retain_key ~= "" and (messages or bytes or age) then
  table.insert(stages, eddy.on(knobs.retain_key, eddy.retention { messages = messages, bytes = bytes, age = age }))
end

return eddy.policy(stages)
