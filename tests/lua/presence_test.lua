-- The presence part: scripts/lib/presence.lua.
local eddy = require "eddy"

local POLICY = [[
local eddy = require "eddy"
local knobs = eddy.knobs { timeout = "5s", grace = "2s" }
return eddy.policy {
  eddy.on("here", eddy.presence {
    timeout = knobs.timeout, grace = knobs.grace,
    on_join = function(room, key, client, value, member)
      room:push("events", { "join", key, client, value, member and member.id or eddy.null }, "append")
    end,
    on_leave = function(room, key, client) room:push("events", { "leave", key, client }, "append") end,
  }),
  eddy.on("cursor/*", eddy.presence {}, eddy.debounce { every = "40ms" }),
  eddy.on("who", { push = function(room, msg)
    msg.value = room:present(msg.value)
    return msg
  end }),
  eddy.on("bot", { commit = function(room, msg)
    room:push("here", { client = "bot", value = msg.value }, "append", { transient = true })
  end }),
}
]]

local function here(client, value) return { client = client, value = value } end

-- client -> value of what a key shows to a newcomer
local function shown(room, key)
  local member = room:join()
  member:get(key)
  local values = {}
  for _, message in ipairs(member:received()) do
    if message.type == "init" then
      for _, one in ipairs(message.data) do values[one.value.client] = one.value.value end
    end
  end
  member:leave()
  return values
end

local function events(room)
  local list = {}
  for _, one in ipairs(room:retained("events")) do list[#list + 1] = one.value[1] .. " " .. one.value[3] end
  return table.concat(list, ", ")
end

return {
  ["others are told, byte for byte, and newcomers get the latest of everyone"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    b:get("here")
    b:received()
    a:push("here", here("a", { x = 1 }))
    a:push("here", here("a", { x = 2 }))
    b:push("here", here("b", "hello"))
    t:equal(b:received(), {
      { type = "push", key = "here", seq = 1, value = here("a", { x = 1 }) },
      { type = "push", key = "here", seq = 3, value = here("a", { x = 2 }) },
      { type = "push", key = "here", seq = 4, value = here("b", "hello") },
    })
    t:equal(shown(room, "here"), { a = { x = 2 }, b = "hello" })
    t:equal(#room:retained("here"), 2)
  end,

  ["the sender is told of no stream size"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:get("other")
    a:received()
    a:push("here", here("a", 1))
    a:push("here", here("b", 1))
    t:equal(a:received(), {})
  end,

  ["it ends after the timeout, counted from the last sign"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a, b = room:join(), room:join()
    a:push("here", here("a", 1))
    b:push("here", here("b", 1))
    t:wait("4s")
    a:push("here", here("a", 2))
    t:wait("999ms")
    t:equal(shown(room, "here"), { a = 2, b = 1 })
    t:wait("1ms")
    t:equal(shown(room, "here"), { a = 2 })
    t:wait("3999ms")
    t:equal(shown(room, "here"), { a = 2 })
    t:wait("1ms")
    t:equal(shown(room, "here"), {})
    t:equal(events(room), "join a, join b, leave b, leave a")
  end,

  ["it ends grace after the connection has gone"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("here", here("a", 1))
    t:wait("1s")
    a:leave()
    t:wait("1999ms")
    t:equal(shown(room, "here"), { a = 1 })
    t:wait("1ms")
    t:equal(shown(room, "here"), {})
    t:equal(events(room), "join a, leave a")
  end,

  ["grace does not make it last beyond the timeout"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("here", here("a", 1))
    t:wait("4500ms")
    a:leave()
    t:wait("500ms")
    t:equal(shown(room, "here"), {})
  end,

  ["who comes back within grace never flickers"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("here", here("a", 1))
    a:leave()
    t:wait("1s")
    local again = room:join()
    again:push("here", here("a", 2))
    t:wait("3s")
    t:equal(shown(room, "here"), { a = 2 })
    t:equal(events(room), "join a")
  end,

  ["the old connection of one who is back already takes nothing along"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local old, new = room:join(), room:join()
    old:push("here", here("a", 1))
    new:push("here", here("a", 2))
    old:leave()
    t:wait("4s")
    t:equal(shown(room, "here"), { a = 2 })
  end,

  ["one connection may be several clients"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("here", here("one", 1))
    a:push("here", here("two", 2))
    t:equal(shown(room, "here"), { one = 1, two = 2 })
    a:leave()
    t:wait("2s")
    t:equal(shown(room, "here"), {})
  end,

  ["what would break a page is refused"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a, b = room:join(), room:join()
    b:get("here")
    b:received()
    for _, value in ipairs { eddy.null, 1, "x", {}, eddy.array {}, { client = "a" }, { value = 1 }, { client = 1, value = 1 } } do
      local fine, why = a:push("here", value)
      t:equal(fine, nil)
      t:equal(why, "this key is for presence: relay {\"client\": id, \"value\": anything}")
    end
    t:equal(a:push("here", here("a", 1), "compact", 1), nil)
    t:equal(b:received(), {})
    t:equal(room:retained("here"), {})
  end,

  ["a value of null is a farewell"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a, b = room:join(), room:join()
    b:get("here")
    t:ok(a:push("here", here("nobody", eddy.null)))
    a:push("here", here("a", 1))
    b:received()
    t:ok(a:push("here", here("a", eddy.null)))
    t:equal(b:received(), {})
    t:equal(room:retained("here"), {})
    a:push("here", here("a", eddy.null))
    t:equal(events(room), "join a, leave a")
    a:push("here", here("a", 2))
    t:equal(shown(room, "here"), { a = 2 })
    t:equal(events(room), "join a, leave a, join a")
    t:wait("10s")
    t:equal(events(room), "join a, leave a, join a, leave a")
  end,

  ["after a reload everyone is there, and gets a whole timeout"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a, b, c = room:join(), room:join(), room:join()
    a:push("here", here("a", 1))
    b:push("here", here("b", 1))
    c:push("cursor/c", here("c", 1))
    t:wait("4s")
    t:reload()
    t:equal(shown(room, "here"), { a = 1, b = 1 })
    t:wait("3s")
    a:push("here", here("a", 2)) -- goes on as the same member
    t:equal(#room:retained("here"), 2)
    t:wait("1999ms")
    t:equal(shown(room, "cursor/c"), { c = 1 })
    t:wait("1ms")
    t:equal(shown(room, "here"), { a = 2 })
    t:equal(shown(room, "cursor/c"), {})
    a:leave()
    t:wait("2s")
    t:equal(shown(room, "here"), {})
    t:equal(events(room), "join a, join b, leave b, leave a")
  end,

  ["who leaves after a reload before it has said anything ends by the timeout"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("here", here("a", 1))
    t:reload()
    a:leave()
    t:wait("4999ms")
    t:equal(shown(room, "here"), { a = 1 })
    t:wait("1ms")
    t:equal(shown(room, "here"), {})
  end,

  ["somebody who comes by HTTP ends by the timeout"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    t:ok(room:http("here", here("h", 1)))
    t:wait("4999ms")
    t:equal(shown(room, "here"), { h = 1 })
    t:wait("1ms")
    t:equal(shown(room, "here"), {})
  end,

  ["room:present tells other stages"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:get("who")
    a:push("here", here("a", { x = 1 }))
    a:push("here", here("b", 2))
    a:received()
    a:push("who", "here")
    t:equal(a:last().value, { a = { x = 1 }, b = 2 })
    a:push("who", "elsewhere")
    t:equal(a:last().value, {})
  end,

  ["a policy may be present too"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("bot", { mood = "fine" })
    t:equal(shown(room, "here"), { bot = { mood = "fine" } })
    t:wait("5s")
    t:equal(shown(room, "here"), {})
  end,

  ["with a debounce behind it, the last of everyone is what is shown"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a, b = room:join(), room:join()
    b:get("cursor/1")
    b:received()
    for x = 1, 100 do
      a:push("cursor/1", here("a", x))
      t:wait("1ms")
    end
    t:wait("40ms")
    local messages = b:received()
    t:ok(#messages >= 3 and #messages <= 5, #messages .. " of 100 arrived")
    t:equal(messages[1].value, here("a", 1))
    t:equal(messages[#messages].value, here("a", 100))
    t:equal(shown(room, "cursor/1"), { a = 100 })
    t:equal(#room:retained("cursor/1"), 1)
  end,

  ["a farewell is not undone by what a debounce still holds"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("cursor/1", here("a", 1))
    a:push("cursor/1", here("a", 2))
    a:push("cursor/1", here("a", eddy.null))
    t:wait("100ms")
    t:equal(room:retained("cursor/1"), {})
    a:push("cursor/1", here("a", 3))
    t:equal(shown(room, "cursor/1"), { a = 3 })
  end,

  ["what is held back when its member leaves still comes, and ends after grace"] = function(t)
    t:policy(POLICY)
    local room = t:room()
    local a = room:join()
    a:push("cursor/1", here("a", 1))
    a:push("cursor/1", here("a", 2))
    a:leave()
    t:equal(shown(room, "cursor/1"), { a = 2 })
    t:wait("1999ms")
    t:equal(shown(room, "cursor/1"), { a = 2 })
    t:wait("1ms")
    t:equal(shown(room, "cursor/1"), {})
  end,

  ["a thousand clients cost one timer"] = function(t)
    t:policy(POLICY)
    local room = t:room { knobs = { timeout = "1s" } }
    local members = {}
    for i = 1, 1200 do -- more than a room may have timers
      members[i] = room:join()
      members[i]:push("here", here("c" .. i, i))
    end
    t:wait("1s")
    t:equal(room:retained("here"), {})
  end,
}
