-- What a policy gets from `require "eddy"`: the parts, and the words to put them together with. The manual is
-- ../README.md. This file runs once for many rooms, so nothing in it changes afterwards (the host locks what it
-- returns); what a room remembers is in the parts that its own script made.
local native = require "eddy.native"

local FUNCTIONS = { open = true, join = true, push = true, commit = true, leave = true, close = true }

-- What is wrong with a stage, as a sentence; nil where nothing is.
local function fault(stage, where)
  if type(stage) ~= "table" then
    return ("%s is a %s, and should be a table of functions"):format(where, type(stage))
  end
  local numbered = 0
  for name, value in pairs(stage) do
    local kind = type(value)
    if type(name) == "number" then
      numbered = numbered + 1
      local inner = fault(value, ("%s[%d]"):format(where, name))
      if inner then return inner end
    elseif FUNCTIONS[name] then
      if kind ~= "function" then return ("%s of %s is a %s, and should be a function"):format(name, where, kind) end
    elseif name == "key" or name == "name" then
      if kind ~= "string" then return ("%s of %s is a %s, and should be a text"):format(name, where, kind) end
    elseif name == "api" then
      if kind ~= "table" then return ("api of %s is a %s, and should be a table of functions"):format(where, kind) end
    else
      local known = "open, join, push, commit, leave, close, key, name, api"
      return ("%s has a field '%s', which means nothing (there are: %s)"):format(where, tostring(name), known)
    end
  end
  if numbered ~= #stage then return where .. " has a gap: one of its stages is nil" end
end

-- eddy.policy { stage, stage, ... }: what a policy file returns. A stage may be a part, or a table of your own with any
-- of open, join, push, commit, leave, close, key and api.
local function policy(stages)
  local wrong = fault(stages, "the policy")
  if wrong then error(wrong, 2) end
  return stages
end

-- eddy.on(pattern, part, ...): these parts, for these keys alone. A pattern is a key, or the beginning of one and a
-- "*".
local function on(pattern, ...)
  if type(pattern) ~= "string" then error("eddy.on: the first argument is a pattern, a text like \"cursor/*\"", 2) end
  if pattern:find("*", 1, true) and pattern:find("*", 1, true) < #pattern then
    error(("eddy.on: '%s': a * may only stand at the end of a pattern"):format(pattern), 2)
  end
  local count = select("#", ...)
  if count == 0 then error(("eddy.on: nothing is said to happen on '%s'"):format(pattern), 2) end
  local group = { key = pattern }
  for i = 1, count do
    local part = select(i, ...)
    local wrong = fault(part, ("argument %d of eddy.on"):format(i + 1))
    if wrong then error(wrong, 2) end
    if part.name then -- parts look up their own pattern, to find their keys again when a room opens
      if part.key and part.key ~= pattern then
        error(("eddy.on: this %s is at work on '%s' already: make one for each pattern"):format(part.name, part.key), 2)
      end
      part.key = pattern
    end
    if part.name == "debounce" and i < count then
      error("eddy.on: debounce comes last: what it holds back is not shown to the parts behind it", 2)
    end
    group[i] = part
  end
  return group
end

local eddy = {
  policy = policy,
  on = on,
  reducer = require "reducer",
  presence = require "presence",
  debounce = require "debounce",
  retention = require "retention",
}
local words = { "null", "array", "is_array", "bytes", "is_bytes", "integer", "is_integer", "seconds", "size", "knobs" }
for _, name in ipairs(words) do eddy[name] = native[name] end

return setmetatable(eddy, {
  __index = function(_, name) error(("eddy has no '%s'"):format(tostring(name)), 2) end,
})
