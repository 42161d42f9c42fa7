-- The debounce part: scripts/lib/debounce.lua.
local POLICY = [[
local eddy = require "eddy"
local knobs = eddy.knobs { every = "40ms", max_wait = "40ms" }
return eddy.policy {
  eddy.on("fast/*", { push = function(room, msg)
    if msg.value == "bad" then return nil, "refused before it" end
    return msg
  end }, eddy.debounce { every = knobs.every, max_wait = knobs.max_wait }),
}
]]

local function begin(t, knobs)
  t:policy(POLICY)
  local room = t:room { knobs = knobs }
  local reader = room:join()
  reader:get("fast/1")
  reader:get("fast/2")
  reader:received()
  return room, reader
end

local function values(reader)
  local list = {}
  for _, message in ipairs(reader:received()) do list[#list + 1] = message.value end
  return list
end

return {
  ["the first goes at once, then the latest each beat, and the last always"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    a:push("fast/1", 1)
    t:equal(values(reader), { 1 })
    a:push("fast/1", 2)
    t:wait("10ms")
    a:push("fast/1", 3)
    t:wait("29ms")
    t:equal(values(reader), {})
    t:wait("1ms")
    t:equal(values(reader), { 3 })
    a:push("fast/1", 4)
    t:wait("40ms")
    t:equal(values(reader), { 4 })
    t:wait("1s")
    t:equal(values(reader), {})
    a:push("fast/1", 5)
    t:equal(values(reader), { 5 })
  end,

  ["a hundred in 100 ms leave as a handful"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    for i = 1, 100 do
      a:push("fast/1", i)
      t:wait("1ms")
    end
    t:wait("40ms")
    t:equal(values(reader), { 1, 40, 80, 100 })
  end,

  ["members and keys are held back by themselves"] = function(t)
    local room, reader = begin(t)
    local a, b = room:join(), room:join()
    a:push("fast/1", "a1")
    b:push("fast/1", "b1")
    a:push("fast/2", "a2")
    t:equal(values(reader), { "a1", "b1", "a2" })
    a:push("fast/1", "a3")
    b:push("fast/1", "b3")
    t:wait("40ms")
    local got = values(reader)
    table.sort(got)
    t:equal(got, { "a3", "b3" })
  end,

  ["replace is held back, and ends as what is retained"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    for i = 1, 10 do a:push("fast/1", i, "replace") end
    t:equal(room:retained("fast/1"), { { seq = 1, value = 1 } })
    t:wait("40ms")
    t:equal(room:retained("fast/1"), { { seq = 2, value = 10 } })
    t:equal(values(reader), { 1, 10 })
  end,

  ["a relay does not take a replace's place"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    a:push("fast/1", "r1", "replace")
    a:push("fast/1", "r2", "replace")
    a:push("fast/1", "p1")
    a:push("fast/1", "p2")
    t:wait("40ms")
    t:equal(room:retained("fast/1")[1].value, "r2")
    local got = values(reader)
    table.sort(got)
    t:equal(got, { "p1", "p2", "r1", "r2" })
  end,

  ["append is never held back"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    for i = 1, 20 do a:push("fast/1", i, "append") end
    t:equal(#values(reader), 20)
    t:equal(#room:retained("fast/1"), 20)
  end,

  ["an append does not overtake a replace that is held"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    a:push("fast/1", "r1", "replace")
    a:push("fast/1", "r2", "replace")
    a:push("fast/1", "a1", "append")
    t:equal(values(reader), { "r1", "r2", "a1" })
    t:wait("1s")
    t:equal(values(reader), {})
    t:equal(#room:retained("fast/1"), 2)
    t:equal(a:received()[1], { type = "push", key = "fast/1", seq = 1, value = "r1" })
  end,

  ["what is held comes when its member leaves"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    a:push("fast/1", 1)
    a:push("fast/1", 2)
    a:push("fast/2", 3)
    a:push("fast/2", 4)
    values(reader)
    a:leave()
    local got = values(reader)
    table.sort(got)
    t:equal(got, { 2, 4 })
    t:wait("1s")
    t:equal(values(reader), {})
  end,

  ["what is held comes before a new version takes over"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    a:push("fast/1", 1)
    a:push("fast/1", 2)
    t:reload()
    t:equal(values(reader), { 1, 2 })
    a:push("fast/1", 3)
    a:push("fast/1", 4)
    t:policy(POLICY .. "-- another version")
    t:wait("1ms")
    t:equal(values(reader), { 3, 4 })
    t:wait("1s")
    t:equal(values(reader), {})
  end,

  ["what is held is what was sent, byte for byte"] = function(t)
    local room, reader = begin(t)
    local eddy = require "eddy"
    local writer, value = room:join(), [[{ "b":1.0e0, "a" : [ 12345678901234567890123 , "\u0041" ] }]]
    for _ = 1, 2 do
      t:ok(writer:send([[{"type":"push","key":"fast/1","action":{"type":"relay"},"value":]] .. value .. "}"))
    end
    t:wait("40ms")
    local texts = reader:texts()
    t:equal(#texts, 2)
    for _, text in ipairs(texts) do t:ok(text:find(value, 1, true), text) end
    local a = room:join { cbor = true }
    a:push("fast/1", 1)
    a:push("fast/1", { big = eddy.integer("18446744073709551615"), list = eddy.array {}, none = eddy.null, map = {} })
    t:wait("40ms")
    values(reader)
    a:get("fast/1")
    t:equal(room:retained("fast/1"), {})
    a:push("fast/1", 1, "replace")
    a:push("fast/1", { big = eddy.integer("18446744073709551615"), list = eddy.array {}, map = {} }, "replace")
    t:wait("40ms")
    local value = room:retained("fast/1")[1].value
    t:equal(value.big, eddy.integer("18446744073709551615"))
    t:ok(eddy.is_array(value.list) and not eddy.is_array(value.map), "an empty array stays one, and an empty map")
  end,

  ["stages before it judge everything"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    a:push("fast/1", 1)
    local _, why = a:push("fast/1", "bad")
    t:equal(why, "refused before it")
    t:wait("1s")
    t:equal(values(reader), { 1 })
  end,

  ["a crowd is served, all of it, on one beat"] = function(t)
    local room, reader = begin(t)
    for i = 1, 1500 do
      local a = room:join()
      a:push("fast/1", 0)
      a:push("fast/1", i)
      a:get("none")
    end
    values(reader)
    t:wait("40ms")
    local got = values(reader)
    table.sort(got)
    t:equal(#got, 1500)
    for i = 1, 1500 do t:equal(got[i], i) end
    t:wait("40ms")
    t:equal(values(reader), {})
  end,

  ["with a longer max_wait, a value that keeps changing is held until it rests"] = function(t)
    local room, reader = begin(t, { every = "40ms", max_wait = "400ms" })
    local a = room:join()
    a:push("fast/1", 0)
    for i = 1, 10 do -- 100 ms
      t:wait("10ms")
      a:push("fast/1", i)
    end
    t:equal(values(reader), { 0 })
    t:wait("80ms")
    t:equal(values(reader), { 10 })
  end,

  ["but for no longer than max_wait"] = function(t)
    local room, reader = begin(t, { every = "40ms", max_wait = "400ms" })
    local a = room:join()
    for i = 1, 100 do -- a second
      a:push("fast/1", i)
      t:wait("10ms")
    end
    local count = #values(reader)
    t:ok(count >= 3 and count <= 4, count .. " in a second")
  end,

  ["other keys are let alone"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("slow", 1)
    a:push("slow", 2)
    t:equal(#a:received(), 2)
  end,

  ["somebody who comes by HTTP is not held back"] = function(t)
    local room, reader = begin(t)
    room:http("fast/1", 1)
    room:http("fast/1", 2)
    t:equal(values(reader), { 1, 2 })
    t:wait("1s")
  end,

  ["every must be more than nothing"] = function(t)
    t:policy("local eddy = require 'eddy'\nlocal part = eddy.debounce { every = 0 }\nreturn eddy.policy { part }")
    local _, why = t:try_room()
    t:ok(why:find("rooms/debounce.lua:2: eddy.debounce: every must be more than nothing", 1, true), why)
  end,

  ["what a stage before it has assigned is held back as it was assigned"] = function(t)
    t:policy [[local eddy = require "eddy"
      return eddy.policy { eddy.on("k", { push = function(_, msg) msg.value = msg.value * 10 return msg end },
                                        eddy.debounce { every = "40ms" }) }]]
    local room = t:room()
    local a, reader = room:join(), room:join()
    for n = 1, 3 do t:ok(a:push("k", n)) end
    t:wait("40ms")
    t:equal(values(reader), { 10, 30 })
  end,

  ["more than 256 KiB is not held back in a room"] = function(t)
    local room, reader = begin(t)
    local a = room:join()
    local function push(key, n) t:ok(a:push(key, n .. (" "):rep(100000))) end
    local function numbers()
      local list = {}
      for _, message in ipairs(reader:received()) do list[#list + 1] = message.key .. " " .. message.value:match("%S+") end
      return table.concat(list, ", ")
    end
    for n = 1, 3 do
      push("fast/1", n)
      push("fast/2", n)
    end
    t:equal(numbers(), "fast/1 1, fast/2 1", "two are held")
    reader:get("fast/3")
    reader:received()
    for n = 1, 3 do push("fast/3", n) end
    t:equal(numbers(), "fast/3 1, fast/3 2, fast/3 3", "and no third one")
    t:wait("40ms")
    t:ok(({ ["fast/1 3, fast/2 3"] = 1, ["fast/2 3, fast/1 3"] = 1 })[numbers()])
    for n = 1, 3 do push("fast/3", n) end
    t:wait("80ms")
    t:equal(numbers(), "fast/3 1, fast/3 3", "there is room again")
  end,

  ["what is held is sent before a reload, even where another stage fails then"] = function(t)
    t:policy [[local eddy = require "eddy"
      return eddy.policy { { close = function() error("broken on purpose") end }, eddy.on("k", eddy.debounce {}) }]]
    local room = t:room()
    local a, reader = room:join(), room:join()
    for n = 1, 3 do a:push("k", n) end
    t:reload()
    room:failure()
    t:ok(t:log():find("broken on purpose", 1, true))
    t:equal(values(reader), { 1, 3 })
  end,
}
