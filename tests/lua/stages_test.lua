-- Stages, and the objects that they are given: what scripts/README.md says of them.
local eddy = require "eddy"

local function begin(t, text, options)
  t:policy("local eddy = require 'eddy'\n" .. text)
  return t:room(options)
end

local function values(member)
  local list = {}
  for _, message in ipairs(member:received()) do list[#list + 1] = message.value end
  return list
end

return {
  ["push passes, changes, drops and refuses"] = function(t)
    local room = begin(t, [[return { { key = "k", push = function(room, msg)
      if msg.value == "drop" then return nil end
      if msg.value == "refuse" then return nil, "no" end
      if msg.value == "change" then msg.value = { "changed" } end
      if msg.value == "keep" then msg.action = "append" end
      return msg
    end } }]])
    local a, b = room:join(), room:join { cbor = true }
    t:ok(a:push("k", "pass"))
    t:ok(a:push("k", "drop"))
    local fine, why = a:push("k", "refuse")
    t:equal(fine, nil)
    t:equal(why, "no")
    t:ok(a:push("k", "change"))
    t:ok(a:push("k", "keep"))
    t:ok(a:push("other", "refuse"))
    t:equal(values(b), { "pass", { "changed" }, "keep", "refuse" })
    t:equal(room:retained("k"), { { seq = 3, value = "keep" } })
  end,

  ["a table that was changed and not assigned changes nothing"] = function(t)
    local room = begin(t, [[return { push = function(room, msg) msg.value.x = 2; return msg end,
      commit = function(room, msg) if msg.value.x ~= 1 then error("commit sees what everyone was sent") end end }]])
    local a = room:join()
    a:push("k", { x = 1 })
    t:equal(a:last().value, { x = 1 })
  end,

  ["stages run in the order listed, and the first no ends it"] = function(t)
    local room = begin(t, [[
      local function stage(name) return { push = function(room, msg)
        local value = msg.value
        value[#value + 1] = name
        msg.value = value
        if name == "stop" and value.stop then return nil, "stopped" end
        return msg
      end } end
      return { eddy.on("a*", stage "one", eddy.on("ab", stage "two")), stage "three" }]])
    local a = room:join()
    a:push("ab", eddy.array {})
    a:push("ac", eddy.array {})
    a:push("b", eddy.array {})
    t:equal(values(a), { { "one", "two", "three" }, { "one", "three" }, { "three" } })
  end,

  ["a push waits, skips push stages, and is seen by commit"] = function(t)
    local room = begin(t, [[return {
      push = function(room, msg) if msg.key == "echo" then return nil, "not for pages" end return msg end,
      commit = function(room, msg, member)
        if msg.own and msg.key == "echo" then
          room:push("seen", { msg.value, member and member.id or eddy.null }, "append")
        end
      end,
      { key = "go", push = function(room, msg, member)
        room:push("echo", 1)
        room:push("echo", 2, "relay", { from = member })
        return msg
      end },
    }]])
    local a, b = room:join(), room:join()
    b:get("go")
    b:get("echo")
    b:received()
    t:equal(select(2, a:push("echo", 0)), "not for pages")
    a:push("go", "go")
    t:equal(values(b), { "go", 1, 2 })
    t:equal(room:retained("seen"), { { seq = 4, value = { 1, eddy.null } }, { seq = 5, value = { 2, 1 } } })
  end,

  ["a chain of pushes without an end is cut off"] = function(t)
    local room = begin(t, [[return { commit = function(room, msg) room:push("k", msg.value + 1) end }]])
    room:join():push("k", 0)
    t:ok(room:failure():find("more than 1000 pushes follow from one", 1, true), room:failure())
  end,

  ["join refuses, and leave is told"] = function(t)
    local room = begin(t, [[return {
      join = function(room, member) if #room:members() >= 2 then return nil, "two is company" end end,
      leave = function(room, member)
        room:push("gone", { member.id, member.here }, "append")
        if member:send("gone", 1) then room:log("said something to it") end
      end }]])
    local a, b = room:join(), room:join()
    local c, why = room:join()
    t:equal(c, nil)
    t:equal(why, "two is company")
    b:leave()
    t:ok(room:join())
    t:equal(#room:retained("gone"), 1)
    t:equal(room:retained("gone")[1].value[1], 2)
  end,

  ["a member is one object, sends and is closed"] = function(t)
    local room = begin(t, [[local count = {}
      return { push = function(room, msg, member)
        count[member] = (count[member] or 0) + 1
        member:send("count", count[member])
        if count[member] == 3 then member:close("enough") end
        return msg
      end }]])
    local a, b = room:join(), room:join { cbor = true }
    a:get("none")
    b:get("none")
    a:received()
    b:received()
    a:push("k", 1)
    a:push("k", 1)
    b:push("k", 1)
    t:equal(values(a), { 1, 2 })
    t:equal(values(b), { 1 })
    a:push("k", 1)
    t:equal({ a:closed() }, { 1008, "enough" })
    t:ok(b:push("k", 1))
  end,

  ["who is closed is told why, and with a code that an application may give"] = function(t)
    local room = begin(t, [[return { push = function(room, msg, member)
        member:close(unpack(msg.value))
        return msg
      end }]])
    for _, case in ipairs {
      { {}, 1008, "closed by the room's policy" }, { { "x", 4999 }, 4999, "x" }, { { "", 1000 }, 1000, "" },
      { { ("ü"):rep(62), 3000 }, 3000, ("ü"):rep(61) }, { { ("x"):rep(200) }, 1008, ("x"):rep(123) },
    } do
      local a = room:join()
      a:push("k", eddy.array(case[1]))
      t:equal({ a:closed() }, { case[2], case[3] })
    end
    for _, code in ipairs { 0, 999, 1001, 1005, 2999, 5000, 4000.5, -1, 1e300 } do
      local a = room:join()
      a:push("k", eddy.array { "x", code })
      t:equal(a:closed(), nil)
      t:ok(room:failure():find("a code is 1000, 1008, or 3000 to 4999", 1, true), room:failure())
    end
  end,

  ["somebody who came by HTTP is let go of"] = function(t)
    local room = begin(t, [[local last
      return { push = function(room, msg, member)
        if last then room:log("last", last.here, last.connected, last:send("k", 1)) end
        last = member
        return msg
      end }]])
    room:http("k", 1)
    room:http("k", 1)
    t:ok(t:log():find("last false false false", 1, true), t:log())
  end,

  ["timers run once, or again and again, until cancelled or replaced"] = function(t)
    local room = begin(t, [[return { open = function(room)
      room:after("1s", function(room) room:push("once", room:now() % 1000, "append") end)
      local left = 3
      local timer
      timer = room:every("100ms", function(room)
        room:push("again", left, "append")
        left = left - 1
        if left == 0 then timer:cancel() end
      end)
      room:after("10s", function(room) room:push("late", 1, "append") end)
    end }]])
    t:wait("5s")
    t:equal(#room:retained("once"), 1)
    t:equal(#room:retained("again"), 3)
    t:policy "return {}"
    t:wait("10s")
    t:equal(room:retained("late"), {})
  end,

  ["open reads what is retained, and does not push"] = function(t)
    local room = begin(t, [[local sum = 0
      return { open = function(room) for _, value in room:each("k") do sum = sum + value end end,
        push = function(room, msg)
          if msg.key == "sum" then msg.value = sum end
          return msg
        end }]])
    local a = room:join()
    for i = 1, 4 do a:push("k", i, "append") end
    t:reload()
    a:received()
    a:push("sum", 0)
    t:equal(a:last().value, 10)
    t:policy "return { open = function(room) room:push('k', 1) end }"
    room:failure()
    t:ok(t:log():find("a policy cannot push in open: use room:after(0, ...)", 1, true), t:log())
    a:push("sum", 0)
    t:equal(a:last().value, 10, "it keeps the version that it had")
  end,

  ["a broken version changes nothing but the log"] = function(t)
    local room = begin(t, "return { push = function(room, msg) return nil, 'one' end }")
    local a = room:join()
    for _, broken in ipairs { "return {", "error('at once')", "return 5", "x = 1 return {}", "return { pull = 1 }",
                              "while true do end", "return { open = function() error('x') end }" } do
      t:policy(broken)
      t:equal(select(2, a:push("k", 1)), "one", broken)
    end
    room:failure()
    t:policy "return { push = function(room, msg) return nil, 'two' end }"
    t:equal(select(2, a:push("k", 1)), "two")
  end,

  ["a push that fails is refused, and the room goes on"] = function(t)
    local room = begin(t, [[return { push = function(room, msg)
      if msg.value == "loop" then while true do end end
      if msg.value == "nothing" then return 5 end
      if msg.value == "fail" then local x = nil; return x.y end
      return msg
    end }]])
    local a = room:join()
    for value, why in pairs { loop = "this takes more than", nothing = "push must return msg", fail = "rooms/stages.lua:5:" } do
      t:equal(a:push("k", value), nil)
      t:ok(room:failure():find(why, 1, true), room:failure())
    end
    t:ok(a:push("k", "fine"))
  end,

  ["each, size, trim, drop, keys, compact"] = function(t)
    local room = begin(t, [[
      local function try(room, msg)
        if msg.value == "trim" then room:push("out", room:trim("log", { messages = 3 })) end
        if msg.value == "drop" then room:push("out", { room:drop("log", 4), room:drop("log", 4) }) end
        if msg.value == "size" then room:push("out", { room:size("log") }) end
        if msg.value == "keys" then local keys = room:keys("l*") table.sort(keys) room:push("out", keys) end
        if msg.value == "compact" then room:compact("log", 5, "all") end
        if msg.value == "each" then
          local list = eddy.array {}
          for seq, value, time in room:each("log") do list[#list + 1] = { seq, value, time > 1.6e9 } end
          room:push("out", list)
        end
      end
      return { eddy.on("do", { commit = try }) }]])
    local a = room:join()
    a:get("out")
    for i = 1, 5 do a:push("log", i, "append") end
    a:push("logs", 1, "append")
    a:received()
    local function ask(what)
      a:push("do", what)
      return values(a)[1]
    end
    t:equal(ask "size", { 5, 5 })
    t:equal(ask "keys", { "log", "logs" })
    t:equal(ask "trim", 2)
    t:equal(ask "drop", { true, false })
    t:equal(ask "each", { { 3, 3, true }, { 5, 5, true } })
    ask "compact"
    t:equal(room:retained("log"), { { seq = 5, value = "all" } })
    t:equal(ask "each", { { 5, "all", true } })
  end,

  ["knobs are the namespace's"] = function(t)
    local text = "local knobs = eddy.knobs { n = 1, text = 'a', time = '5s', yes = true }\n" ..
      "return { push = function(room, msg) msg.value = { knobs.n, knobs.text, knobs.time, knobs.yes } return msg end }"
    local room = begin(t, text)
    local a = room:join()
    a:push("k", 1)
    t:equal(a:last().value, { 1, "a", "5s", true })
    room = t:room { id = "b", knobs = { n = 7, text = "b", time = 3, yes = false } }
    a = room:join()
    a:push("k", 1)
    t:equal(a:last().value, { 7, "b", 3, false })
    for _, knobs in ipairs { { m = 1 }, { n = "x" }, { text = 1 }, { time = "soon" }, { yes = 1 } } do
      t:equal(t:try_room { id = "c", knobs = knobs }, nil)
    end
    t:policy "return {}"
    t:equal(t:try_room { id = "d", knobs = { n = 1 } }, nil, "a policy without knobs")
  end,

  ["a timer that begins itself at once, for ever, does not hang its test"] = function(t)
    begin(t, "local function again(room) room:after(0, again) end return { open = function(room) again(room) end }")
    local fine, why = pcall(t.wait, t, "1s")
    t:equal(fine, false)
    t:ok(why:find("time stands still", 1, true), why)
  end,

  ["stages add methods to room"] = function(t)
    local room = begin(t, [[return {
      { api = { double = function(room, n) return 2 * n end } },
      { push = function(room, msg) msg.value = room:double(msg.value) return msg end } }]])
    local a = room:join()
    a:push("k", 21)
    t:equal(a:last().value, 42)
  end,

  ["rooms know nothing of each other"] = function(t)
    local room = begin(t, "local n = 0\nreturn { push = function(room, msg) n = n + 1 msg.value = n return msg end }")
    local other = t:room { id = "other" }
    local a, b = room:join(), other:join()
    for _ = 1, 3 do a:push("k", 0) end
    b:push("k", 0)
    t:equal(a:last().value, 3)
    t:equal(b:last().value, 1)
  end,

  ["values keep their kind"] = function(t)
    local room = begin(t, "return { push = function(room, msg) msg.value = msg.value return msg end }")
    for _, cbor in ipairs { false, true } do
      local a = room:join { cbor = cbor }
      for _, value in ipairs { eddy.null, true, 1.5, -3, "", "ü\0", eddy.array {}, {}, { a = eddy.array {} },
                               eddy.array { eddy.null, 1 }, eddy.integer("18446744073709551615"),
                               eddy.integer("-9223372036854775808") } do
        a:push("k", value)
        local got = a:last().value
        t:equal(got, value)
        t:equal(eddy.is_array(got), eddy.is_array(value))
      end
    end
  end,

  ["msg is for the one call"] = function(t)
    local room = begin(t, [[local kept
      return { push = function(room, msg) kept = msg room:after(0, function() return kept.value end) return msg end,
               commit = function(room, msg) msg.value = 1 end }]])
    room:join():push("k", 1)
    t:ok(room:failure(), "both fail")
    t:ok(t:log():find("msg can be changed in push, not in commit", 1, true), t:log())
    t:ok(t:log():find("msg is only there during push and commit", 1, true), t:log())
  end,
}
