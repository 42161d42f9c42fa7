-- eddyd --test scripts/rooms/chat_test.lua

local function say(member, text) return member:push("chat", { name = "Ann", text = text }, "append") end

return {
  ["what is said is kept, as it was said"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    t:ok(say(a, "hello"))
    t:equal(b:last().value, { name = "Ann", text = "hello" })
    t:equal(#room:retained("chat"), 1)
  end,

  ["so many are kept, and for so long"] = function(t)
    local room = t:room { knobs = { keep = 3, keep_for = "1h", burst = 100 } }
    local a = room:join()
    for i = 1, 10 do say(a, "number " .. i) end
    local kept = room:retained("chat")
    t:equal(#kept, 3)
    t:equal(kept[1].value.text, "number 8")
    t:wait("64m")
    t:equal(#room:retained("chat"), 0)
  end,

  ["each member may say so much in so long"] = function(t)
    local room = t:room { knobs = { burst = 3, burst_time = "10s" } }
    local a, b = room:join(), room:join()
    for i = 1, 3 do t:ok(say(a, "hello"), "message " .. i) end
    local _, why = say(a, "hello")
    t:equal(why, "not so fast")
    t:ok(say(b, "another may"))
    t:wait("10s")
    t:ok(say(a, "and again"))
  end,

  ["all who come by HTTP share one count"] = function(t)
    local room = t:room { knobs = { burst = 2 } }
    local message = { name = "bot", text = "hi" }
    t:ok(room:http("chat", message, "append"))
    t:ok(room:http("chat", message, "append"))
    local _, why = room:http("chat", message, "append")
    t:equal(why, "not so fast")
  end,

  ["bad words are starred out"] = function(t)
    local room = t:room { knobs = { bad_words = "darn heck" } }
    local a = room:join()
    say(a, "Darn, what the heck! Checkers?")
    t:equal(room:retained("chat")[1].value, { name = "Ann", text = "****, what the ****! Checkers?" })
  end,

  ["what is no message is refused"] = function(t)
    local room = t:room { knobs = { longest = 10 } }
    local a = room:join()
    for _, value in ipairs { 1, "x", {}, { name = "Ann" }, { name = 1, text = "x" } } do
      local _, why = a:push("chat", value, "append")
      t:equal(why, "a message is {\"name\": text, \"text\": text}")
    end
    local _, why = say(a, "far too long")
    t:equal(why, "a text has at most 10 bytes")
    _, why = a:push("chat", { name = "Ann", text = "x" }, "replace")
    t:equal(why, "what was said stays said: append")
    t:equal(room:retained("chat"), {})
  end,

  ["a chat cannot be filled up"] = function(t)
    local room = t:room()
    local ann, bob = room:join(), room:join()
    local huge = ("x"):rep(500000)
    for _, more in ipairs { { name = huge, text = "" }, { name = "Ann", text = "", picture = huge } } do
      local _, why = ann:push("chat", more, "append")
      t:equal(why, "this is too much at once")
    end
    t:ok(bob:push("chat", { name = "Bob", text = ("\1"):rep(2000) }, "append"))
  end,
}
