-- eddyd --test scripts/rooms/text_test.lua
local eddy = require "eddy"

local function write(member, bytes) return member:push("text", eddy.bytes(bytes), "append") end

-- What a member was asked to fold up to; nil where it was not.
local function asked(member)
  for _, message in ipairs(member:received()) do
    if message.key == "fold" then return message.value end
  end
end

local function join(room) return room:join { cbor = true } end

return {
  ["updates are kept, byte for byte"] = function(t)
    local room = t:room()
    local a, b = join(room), join(room)
    t:ok(write(a, "\0\1\255"))
    t:equal(b:last().value, eddy.bytes "\0\1\255")
    t:equal(#room:retained("text"), 1)
  end,

  ["what is no update is refused"] = function(t)
    local room = t:room { knobs = { longest = "10B" } }
    local a = join(room)
    for _, value in ipairs { "text", 1, {}, eddy.array { 1, 2 }, eddy.null } do
      local _, why = a:push("text", value, "append")
      t:equal(why, "an update is a byte string: connect with ?cbor=true")
    end
    local _, why = a:push("text", eddy.bytes "x", "replace")
    t:equal(why, "a text grows by appended updates")
    _, why = write(a, ("x"):rep(20))
    t:equal(why, "this is too much at once")
    _, why = a:push("fold", 1)
    t:equal(why, "only the room asks")
    t:equal(room:retained("text"), {})
  end,

  ["who wrote is asked to fold, when there is much"] = function(t)
    local room = t:room { knobs = { fold = 3 } }
    local a, b = join(room), join(room)
    for i = 1, 2 do write(a, "a" .. i) end
    t:equal(asked(a), nil)
    write(b, "b")
    t:equal(asked(b), 3)
    t:equal(asked(a), nil, "nobody else")
    write(a, "a3")
    t:equal(asked(a), nil, "while one is at it")
    t:ok(b:push("text", eddy.bytes "all", "compact", 3))
    t:equal(room:retained("text"), { { seq = 3, value = eddy.bytes "all" }, { seq = 4, value = eddy.bytes "a3" } })
    write(a, "a4")
    t:equal(asked(a), 5)
  end,

  ["who does not do it is not waited for"] = function(t)
    local room = t:room { knobs = { fold = 2, patience = "5s" } }
    local a, b = join(room), join(room)
    for i = 1, 2 do write(a, "a" .. i) end
    t:equal(asked(a), 2)
    t:wait("5s")
    write(b, "b")
    t:equal(asked(b), 3)
    b:leave()
    write(a, "a3")
    t:equal(asked(a), 4, "nor who has gone")
  end,

  ["nobody folds who was not asked"] = function(t)
    local room = t:room { knobs = { fold = 2 } }
    local a, b = join(room), join(room)
    for i = 1, 2 do write(a, "a" .. i) end
    b:push("text", eddy.bytes "nothing", "compact", 2)
    t:equal(#room:retained("text"), 2)
    t:ok(a:push("text", eddy.bytes "all", "compact", 2))
    t:equal(#room:retained("text"), 1)
    a:push("text", eddy.bytes "again", "compact", 2)
    t:equal(room:retained("text"), { { seq = 2, value = eddy.bytes "all" } })
  end,

  ["a text is full at some time"] = function(t)
    local room = t:room { knobs = { most = "100B", fold = 2 } }
    local a = join(room)
    t:ok(write(a, ("x"):rep(60)))
    local _, why = write(a, ("x"):rep(60))
    t:equal(why, "the text is full")
    t:ok(write(a, "y"))
    t:ok(a:push("text", eddy.bytes "xy", "compact", 2))
    t:ok(write(a, ("x"):rep(60)), "folded, it is smaller")
  end,

  ["it is folded as well by a policy that has just come"] = function(t)
    local room = t:room { knobs = { fold = 3 } }
    local a = join(room)
    for i = 1, 2 do write(a, "a" .. i) end
    t:reload()
    write(a, "a3")
    t:equal(asked(a), 3)
    t:reload()
    a:push("text", eddy.bytes "all", "compact", 3)
    t:equal(#room:retained("text"), 3, "it does not know whom it asked")
    write(a, "a4")
    t:equal(asked(a), 4)
  end,
}
