-- eddyd --test scripts/rooms/default_test.lua

return {
  ["everything goes to everyone"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    a:push("chat", "hello")
    a:push("list", 1, "append")
    a:push("list", 2, "append")
    a:push("state", { v = 1 }, "replace")
    t:equal(b:received(), {
      { type = "push", key = "chat", seq = 1, value = "hello" },
      { type = "push", key = "list", seq = 2, value = 1 },
      { type = "push", key = "list", seq = 3, value = 2 },
      { type = "push", key = "state", seq = 4, value = { v = 1 } },
    })
    t:equal(#room:retained("list"), 2)
  end,

  ["a newcomer is shown who is here"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join()
    a:push("__presence", { client = "a", value = "Ann" })
    local newcomer = room:join()
    newcomer:get("__presence")
    t:equal(newcomer:last().data, { { seq = 1, value = { client = "a", value = "Ann" } } })
    a:leave()
    t:wait("2s")
    b:get("__presence")
    t:equal(b:last().data, {})
  end,

  ["the knobs say for how long"] = function(t)
    local room = t:room { knobs = { presence_key = "people/*", presence_timeout = "1s", presence_grace = "100ms" } }
    local a = room:join()
    a:push("people/1", { client = "a", value = 1 })
    a:push("__presence", 1)
    t:equal(#room:retained("people/1"), 1)
    t:wait("1s")
    t:equal(#room:retained("people/1"), 0)
    a:push("people/1", { client = "a", value = 1 })
    a:leave()
    t:wait("100ms")
    t:equal(#room:retained("people/1"), 0)
  end,

  ["presence can be switched off"] = function(t)
    local room = t:room { knobs = { presence_key = "" } }
    local a = room:join()
    t:ok(a:push("__presence", 1))
    t:equal(room:retained("__presence"), {})
  end,

  ["debounce can be switched on"] = function(t)
    local room = t:room { knobs = { debounce_key = "cursor/*", debounce_every = "40ms" } }
    local a, b = room:join(), room:join()
    for i = 1, 50 do
      a:push("cursor/a", i)
      t:wait("1ms")
    end
    t:wait("40ms")
    local got = b:received()
    t:equal(#got, 3)
    t:equal(got[3].value, 50)
  end,

  ["presence and debounce on one key"] = function(t)
    local room = t:room { knobs = { debounce_key = "*" } }
    local a = room:join()
    for i = 1, 5 do a:push("__presence", { client = "a", value = i }) end
    t:wait("20ms")
    t:equal(#room:retained("__presence"), 1)
    t:equal(room:retained("__presence")[1].value.value, 5)
  end,

  ["retention can be switched on"] = function(t)
    local room = t:room { knobs = { retain_key = "log", retain_messages = 2 } }
    local a = room:join()
    for i = 1, 5 do
      a:push("log", i, "append")
      a:push("other", i, "append")
    end
    t:equal(#room:retained("log"), 2)
    t:equal(#room:retained("other"), 5)
    room = t:room { id = "second", knobs = { retain_bytes = "10B", retain_age = "1h" } }
    a = room:join()
    for i = 1, 5 do a:push("log", "12345678", "append") end
    t:equal(#room:retained("log"), 1)
  end,

  ["a knob that is no knob is an error"] = function(t)
    local room, why = t:try_room { knobs = { presence_tmeout = "5s" } }
    t:equal(room, nil)
    t:ok(why:find("presence_tmeout", 1, true), why)
    room, why = t:try_room { id = "b", knobs = { presence_timeout = "soon" } }
    t:equal(room, nil)
    t:ok(why:find("must be a time", 1, true), why)
  end,
}
