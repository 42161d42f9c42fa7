-- What eddy.policy and eddy.on say of mistakes: scripts/lib/eddy.lua.
local HEAD = "local eddy = require 'eddy'\n"

local function fails(t, text, wanted)
  t:policy(HEAD .. text)
  local room, why = t:try_room()
  t:equal(room, nil, text)
  t:ok(why:find(wanted, 1, true), text .. " gives: " .. tostring(why))
end

return {
  ["eddy.on names the line of the script"] = function(t)
    local cases = {
      ["eddy.on(5, {})"] = "eddy.on: the first argument is a pattern",
      ["eddy.on('a*b', {})"] = "eddy.on: 'a*b': a * may only stand at the end of a pattern",
      ["eddy.on('a')"] = "eddy.on: nothing is said to happen on 'a'",
      ["eddy.on('a', nil)"] = "argument 2 of eddy.on is a nil, and should be a table of functions",
      ["eddy.on('a', {}, print)"] = "argument 3 of eddy.on is a function, and should be a table of functions",
      ["eddy.on('a', { push = 3 })"] = "push of argument 2 of eddy.on is a number, and should be a function",
      ["eddy.on('a', { psuh = print })"] = "argument 2 of eddy.on has a field 'psuh', which means nothing",
      ["eddy.on('a', eddy.debounce {}, eddy.presence {})"] = "eddy.on: debounce comes last",
      ["eddy.presense {}"] = "eddy has no 'presense'",
    }
    for text, wanted in pairs(cases) do
      fails(t, "\nlocal stage = " .. text .. "\nreturn eddy.policy { stage }", "rooms/eddy.lua:3: " .. wanted)
    end
  end,

  ["eddy.policy says which stage it is"] = function(t)
    fails(t, "return eddy.policy { {}, { join = 1 } }", "join of the policy[2] is a number, and should be a function")
    fails(t, "return eddy.policy { { {}, 5 } }", "the policy[1][2] is a number, and should be a table of functions")
    fails(t, "return eddy.policy { {}, nil, {} }", "the policy has a gap: one of its stages is nil")
    fails(t, "return eddy.policy { open = 1 }", "open of the policy is a number")
    fails(t, "return eddy.policy { { api = 1 } }", "api of the policy[1] is a number, and should be a table of functions")
    fails(t, "return eddy.policy { { key = 1 } }", "key of the policy[1] is a number, and should be a text")
    fails(t, "return eddy.policy()", "the policy is a nil")
  end,

  ["a part is at work on one pattern"] = function(t)
    fails(t, "local part = eddy.presence {}\nlocal a = eddy.on('a', part)\nlocal b = eddy.on('b', part)\nreturn { a, b }",
      "rooms/eddy.lua:4: eddy.on: this presence is at work on 'a' already: make one for each pattern")
  end,

  ["options of parts are named where they are wrong"] = function(t)
    fails(t, "local part = eddy.presence { timeout = 'x' }\nreturn { part }",
      "rooms/eddy.lua:2: eddy.presence: timeout must be a number of seconds, or a text such as")
    fails(t, "local part = eddy.retention { bytes = 'many' }\nreturn { part }",
      "rooms/eddy.lua:2: eddy.retention: bytes must be a number of bytes, or a text such as")
    fails(t, "local part = eddy.debounce { evry = 1 }\nreturn { part }",
      "rooms/eddy.lua:2: eddy.debounce has no option 'evry' (it has: every, max_wait)")
  end,

  ["what rooms share cannot be changed"] = function(t)
    for _, text in ipairs { "eddy.null = 1", "eddy.reducer = nil", "table.insert(eddy, 1)", "setmetatable(eddy, {})",
                            "require('eddy.native').knobs = 1", "table.insert(require 'eddy.native', 1)" } do
      t:policy(HEAD .. text .. "\nreturn {}")
      t:equal(t:try_room(), nil, text)
    end
  end,
}
