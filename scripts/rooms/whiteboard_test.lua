-- eddyd --test scripts/rooms/whiteboard_test.lua
local eddy = require "eddy"

local function draw(member, op) return member:push("shapes", { apply = op, i = "page" }, "append") end

return {
  ["shapes are drawn, changed and erased"] = function(t)
    local room = t:room { knobs = { keep = 2 } }
    local a, b = room:join(), room:join { cbor = true }
    draw(a, { id = "1", shape = { kind = "rect", x = 1 } })
    draw(b, { id = "2", shape = { kind = "dot" } })
    t:equal(room:retained("shapes"),
      { { seq = 2, value = { reset = { ["1"] = { kind = "rect", x = 1 }, ["2"] = { kind = "dot" } } } } })
    draw(a, { id = "1", shape = { kind = "rect", x = 2 } })
    draw(b, { id = "2", erase = true })
    t:equal(room:retained("shapes")[1].value.reset, { ["1"] = { kind = "rect", x = 2 } })
  end,

  ["what is no operation is refused"] = function(t)
    local a = t:room():join()
    for _, op in ipairs { 1, {}, { id = 1, shape = {} }, { shape = {} } } do
      local _, why = draw(a, op)
      t:equal(why, "an operation needs an id, a text")
    end
    local _, why = draw(a, { id = "1" })
    t:equal(why, "an operation needs a shape, or erase")
  end,

  ["a board is full at some time, whatever it is full of, and then less is less"] = function(t)
    local room = t:room { knobs = { most = "2000B", settle = "1h" } }
    local a = room:join()
    local shapes = { { kind = "line", points = eddy.array {} }, eddy.array {}, { text = ("\1"):rep(40) } }
    for i = 1, 20 do
      shapes[1].points[i] = i
      shapes[2][i] = eddy.array {}
    end
    for _, shape in ipairs(shapes) do
      local n, why = 0, nil
      repeat
        n = n + 1
        local fine
        fine, why = draw(a, { id = "s" .. n, shape = shape })
      until not fine or n == 20
      t:equal(why, "the board is full")
      t:ok(n > 1 and n < 20, n)
      t:reload() -- it is weighed anew
      t:equal(select(2, draw(a, { id = "more", shape = shape })), "the board is full")
      t:ok(draw(a, { id = "s1", shape = {} }), "a smaller one in its place")
      t:ok(draw(a, { id = "s1", shape = shape }), "and the old one again")
      for i = 1, n do t:ok(draw(a, { id = "s" .. i, erase = true })) end
    end
  end,

  ["cursors are shown to newcomers, a few times a second to others"] = function(t)
    local room = t:room { knobs = { cursor_every = "40ms" } }
    local a, b = room:join(), room:join()
    for x = 1, 100 do
      a:push("cursor/1", { client = "a", value = { x = x } })
      t:wait("1ms")
    end
    t:wait("40ms")
    local got = b:received()
    t:ok(#got <= 5, #got .. " of a hundred")
    t:equal(got[#got].value.value.x, 100)
    local newcomer = room:join()
    newcomer:get("cursor/1")
    t:equal(newcomer:last().data[1].value, { client = "a", value = { x = 100 } })
    a:leave()
    t:wait("2s")
    t:equal(room:retained("cursor/1"), {})
  end,
}
