-- The retention part: scripts/lib/retention.lua.
local function policy(options)
  return "local eddy = require 'eddy'\nreturn eddy.policy { eddy.on('log*', eddy.retention { " .. options .. " }) }"
end

local function values(room, key)
  local list = {}
  for _, one in ipairs(room:retained(key)) do list[#list + 1] = one.value end
  return list
end

return {
  ["by count, each key by itself"] = function(t)
    t:policy(policy "messages = 3")
    local room = t:room()
    local a = room:join()
    for i = 1, 10 do
      a:push("log/a", i, "append")
      if i <= 2 then a:push("log/b", i, "append") end
      a:push("other", i, "append")
    end
    t:equal(values(room, "log/a"), { 8, 9, 10 })
    t:equal(values(room, "log/b"), { 1, 2 })
    t:equal(#values(room, "other"), 10)
  end,

  ["by bytes"] = function(t)
    t:policy(policy "bytes = '100B'")
    local room = t:room()
    local a = room:join()
    for i = 1, 9 do a:push("log", ("x"):rep(28) .. i, "append") end -- 31 bytes each, with the quotes
    t:equal(#values(room, "log"), 3)
  end,

  ["by age, with nobody saying anything"] = function(t)
    t:policy(policy "age = '1m'")
    local room = t:room()
    local a = room:join()
    a:push("log", 1, "append")
    t:wait("30s")
    a:push("log", 2, "append")
    t:wait("29s")
    t:equal(values(room, "log"), { 1, 2 })
    t:wait("5s") -- looked at every 3 s
    t:equal(values(room, "log"), { 2 })
    t:wait("1m")
    t:equal(values(room, "log"), {})
  end,

  ["age goes on being looked at after a reload"] = function(t)
    t:policy(policy "age = '1m'")
    local room = t:room()
    room:join():push("log", 1, "append")
    t:reload()
    t:wait("64s")
    t:equal(values(room, "log"), {})
  end,

  ["an idle room goes"] = function(t)
    t:policy(policy "idle = '10m'")
    local room = t:room()
    local a = room:join()
    a:push("log", 1, "append")
    t:wait("1h")
    t:ok(room:exists(), "somebody is in it")
    a:leave()
    t:wait("9m")
    t:ok(room:exists(), "not yet")
    t:wait("1m")
    t:ok(not room:exists(), "gone")
  end,

  ["with nothing given it keeps everything"] = function(t)
    t:policy(policy "")
    local room = t:room()
    local a = room:join()
    for i = 1, 5 do a:push("log", i, "append") end
    t:equal(#values(room, "log"), 5)
  end,
}
