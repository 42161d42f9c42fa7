-- eddyd --test scripts/rooms/counter_test.lua

local function click(member, action) return member:push("counter", { apply = action, i = "page" }, "append") end

-- What somebody who comes now is shown.
local function count(room)
  local member, n = room:join(), 0
  member:get("counter")
  for _, one in ipairs(member:last().data) do
    if one.value.reset then n = one.value.reset else n = n + (one.value.apply == "increment" and 1 or -1) end
  end
  member:leave()
  return n
end

return {
  ["up and down"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    for _ = 1, 3 do click(a, "increment") end
    click(b, "decrement")
    t:equal(count(room), 2)
  end,

  ["what is no click is taken back"] = function(t)
    local room = t:room()
    local a = room:join()
    a:get("counter")
    click(a, "increment")
    a:received()
    local _, why = click(a, "explode")
    t:equal(why, "a counter knows increment and decrement")
    t:equal(a:last(), { type = "push", key = "counter", seq = 2, value = { reset = 1 } })
  end,

  ["after clicks of several at once everybody is told the number"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join()
    for _ = 1, 3 do
      click(a, "increment")
      click(b, "increment")
    end
    b:received()
    t:wait("249ms")
    t:equal(b:received(), {})
    t:wait("1ms")
    t:equal(b:last().value, { reset = 6 })
  end,

  ["a thousand clicks leave a short stream"] = function(t)
    local room = t:room()
    local a = room:join()
    for _ = 1, 1000 do click(a, "increment") end
    t:ok(#room:retained("counter") < 30, "it is folded")
    t:equal(count(room), 1000)
    t:reload()
    click(a, "increment")
    t:equal(count(room), 1001)
  end,
}
