-- eddyd --test scripts/rooms/whiteboard_test.lua

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
