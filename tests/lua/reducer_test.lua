-- The reducer part: scripts/lib/reducer.lua.
local eddy = require "eddy"

local SUM = [[
local eddy = require "eddy"
local knobs = eddy.knobs { fold = 30, settle = "", first = false }
local function step(state, action, who)
  if type(action) ~= "number" then
    if action == "break" or action == "spoil" then state.sum = -1 end
    if action == "break" then error("broken on purpose") end
    if action == "forget" then return nil end
    return nil, "numbers only"
  end
  state.sum = state.sum + action
  return state
end
return eddy.policy {
  eddy.on("sum", eddy.reducer { initial = { sum = 0 }, step = step, fold = knobs.fold, refuses_first = knobs.first,
                                settle = knobs.settle ~= "" and knobs.settle or nil }),
  eddy.on("sums/*", eddy.reducer { initial = { sum = 0 }, step = step }),
  eddy.on("go", { commit = function(room, msg) room:push("sum", msg.value, "append") end }),
}
]]

local function apply(action) return { apply = action, i = "page" } end

-- What a page that follows the key holds: the last reset and the sum of what came after it.
local function follow(page, messages, key)
  for _, message in ipairs(messages) do
    local list = message.type == "init" and message.data or { message }
    if message.key == key and (message.type == "init" or message.type == "push") then
      for _, one in ipairs(list) do
        if one.seq > page.seq then
          page.seq = one.seq
          if one.value.reset then page.sum = one.value.reset.sum else page.sum = page.sum + one.value.apply end
        end
      end
    end
  end
  return page.sum
end

local function page() return { seq = 0, sum = 0 } end

-- A page of the stock client: it shows its own action at once, and passes over it when it comes back; so what a reset took
-- from it stays away until another speaks.
local function stock(member)
  local page = { shows = 0, resets = 0 }
  local confirmed, last, id = 0, 0, tostring(page):gsub("%W", "")
  member:get("sum")
  function page.act(action)
    if type(action) == "number" then page.shows = page.shows + action end
    member:push("sum", { apply = action, i = id }, "append")
  end
  function page.hear()
    for _, message in ipairs(member:received()) do
      for _, one in ipairs(message.type == "init" and message.data or message.type == "push" and { message } or {}) do
        if one.seq > last then
          last = one.seq
          if one.value.reset then
            page.resets = page.resets + 1
            confirmed = one.value.reset.sum
            page.shows = confirmed
          else
            confirmed = confirmed + one.value.apply
            if one.value.i ~= id then page.shows = confirmed end
          end
        end
      end
    end
  end
  return page
end

-- As eddy-client sends it: of which page, and which of its actions.
local function numbered(action, i, n) return { apply = action, i = i, n = n } end

-- What the last reset of the key says that it has seen.
local function seen(room, key)
  local last
  for _, one in ipairs(room:retained(key or "sum")) do
    if one.value.reset then last = one.value end
  end
  return last and last.seen
end

local function size(map)
  local count = 0
  for _ in pairs(map or {}) do count = count + 1 end
  return count
end

return {
  ["an action goes to everyone as it was sent"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    a:get("sum")
    b:get("sum")
    b:received()
    t:ok(a:push("sum", apply(3), "append"))
    t:equal(b:received(), { { type = "push", key = "sum", seq = 1, value = { apply = 3, i = "page" } } })
    t:equal(room:retained("sum"), { { seq = 1, value = { apply = 3, i = "page" } } })
  end,

  ["what step refuses is told to the sender and undone on every page"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a, b = room:join(), room:join()
    a:get("sum")
    b:get("sum")
    a:push("sum", apply(3), "append")
    a:received()
    b:received()
    local fine, why = a:push("sum", apply("x"), "append")
    t:equal(fine, nil)
    t:equal(why, "numbers only")
    local reset = { type = "push", key = "sum", seq = 2, value = { reset = { sum = 3 } } }
    t:equal(b:received(), { reset })
    t:equal(a:received(), { { type = "error", message = "numbers only" }, reset })
    t:equal(#room:retained("sum"), 1)
  end,

  ["a first action that is refused resets to the beginning"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    a:get("sum")
    a:received()
    a:push("sum", apply("x"), "append")
    t:equal(a:last(), { type = "push", key = "sum", seq = 1, value = { reset = { sum = 0 } } })
    t:equal(room:retained("sum"), {})
  end,

  ["many refusals make few resets, and the last one counts"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    a:get("sum")
    a:received()
    for _ = 1, 50 do a:push("sum", apply("x"), "append") end
    a:push("sum", apply(5), "append")
    t:wait("1s")
    local mine, resets = page(), 0
    local messages = a:received()
    for _, message in ipairs(messages) do
      if message.type == "push" and message.value.reset then resets = resets + 1 end
    end
    t:equal(resets, 2)
    t:equal(follow(mine, messages, "sum"), 5)
    t:equal(room:retained("sum"), { { seq = 3, value = { reset = { sum = 5 } } } })
  end,

  ["who acts before it sees a reset is put right when nobody acts any more"] = function(t)
    t:policy(SUM)
    for _, encoding in ipairs { "json", "cbor" } do
      local room = t:room { id = encoding }
      local a, b = room:join(), room:join { cbor = encoding == "cbor" }
      local one, two = stock(a), stock(b)
      one.act(1)
      two.hear()
      one.act("x") -- the reset for this is on its way
      two.act(10)  -- while the other acts
      one.hear()
      two.hear()
      t:equal(one.shows, 11)
      t:equal(two.shows, 1, "as a stock page has it")
      t:wait("99ms")
      two.hear()
      t:equal(two.shows, 1)
      t:wait("1ms")
      two.hear()
      t:equal(two.shows, 11)
      t:wait("1m")
      t:equal(b:received(), {}, "and then there is rest")
    end
  end,

  ["many actions that cross resets make few of them"] = function(t)
    t:policy(SUM)
    for _, gap in ipairs { 20, 50, 120, 250, 450 } do
      local page = stock(t:room { id = "gap" .. gap }:join())
      page.act("x")
      for _ = 1, 100 do -- of one that hears of each reset late
        page.act(1)
        t:wait(gap .. "ms")
        page.hear()
      end
      t:wait("5s")
      page.hear()
      t:equal(page.shows, 100)
      t:ok(page.resets <= 7, gap .. " ms between them: " .. page.resets .. " resets")
    end
  end,

  ["what crossed a reset is put right by the next version too"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a, b = room:join(), room:join()
    local one, two = stock(a), stock(b)
    one.act(1)
    two.hear()
    one.act("x")
    two.act(10)
    t:reload()
    two.hear()
    t:equal(two.shows, 11)
  end,

  ["a step that spoils the state before it refuses does no harm"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    a:push("sum", apply(3), "append")
    a:push("sum", apply("spoil"), "append")
    t:equal(room:retained("sum")[1].value.reset.sum, 3)
    a:push("sum", apply(4), "append")
    a:push("sum", apply("spoil"), "append")
    t:wait("1s")
    t:equal(room:retained("sum")[1].value.reset.sum, 7)
  end,

  ["unless it has promised not to"] = function(t)
    t:policy(SUM)
    local room = t:room { knobs = { first = true } }
    local a = room:join()
    a:push("sum", apply(3), "append")
    a:push("sum", apply("spoil"), "append")
    t:equal(room:retained("sum")[1].value.reset.sum, -1)
  end,

  ["a step that fails refuses the action and changes nothing"] = function(t)
    t:policy(SUM)
    local room = t:room { knobs = { first = true } }
    local a = room:join()
    a:push("sum", apply(3), "append")
    t:equal(a:push("sum", apply("break"), "append"), nil)
    t:ok(room:failure():find("broken on purpose", 1, true))
    t:ok(room:failure():find("rooms/reducer.lua:6:", 1, true), "the line of the script")
    a:push("sum", apply(4), "append")
    a:push("sum", apply("x"), "append")
    t:equal(room:retained("sum")[1].value.reset.sum, 7)
  end,

  ["a step that forgets to return is told so"] = function(t)
    t:policy(SUM)
    local room = t:room()
    room:join():push("sum", apply("forget"), "append")
    t:ok(room:failure():find("step must return the new state, or nil and a reason", 1, true))
  end,

  ["what a limit refuses after step allowed it does not count"] = function(t)
    t:policy(SUM)
    local room = t:room { limits = { stream_messages = 2 }, knobs = { first = true } }
    local a = room:join()
    a:push("sum", apply(1), "append")
    a:push("sum", apply(2), "append")
    local _, why = a:push("sum", apply(4), "append")
    t:ok(why:find("limits.stream_messages", 1, true))
    a:push("sum", apply("x"), "append")
    t:equal(room:retained("sum")[1].value.reset.sum, 3)
  end,

  ["the stream stays under the fold, and a newcomer equals who saw everything"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local members, old = { room:join(), room:join { cbor = true }, room:join() }, page()
    members[1]:get("sum")
    local wanted, most = 0, 0
    for i = 1, 500 do
      local action = (i * 7919) % 101 - 50
      wanted = wanted + action
      members[i % 3 + 1]:push("sum", apply(action), "append")
      most = math.max(most, #room:retained("sum"))
      if i % 37 == 0 then
        local newcomer = room:join()
        newcomer:get("sum")
        t:equal(follow(page(), newcomer:received(), "sum"), wanted)
        newcomer:leave()
      end
    end
    t:equal(follow(old, members[1]:received(), "sum"), wanted)
    t:ok(most < 30, "at most 29 are retained, and so no page is told of more than 30")
  end,

  ["a page is never told of so many messages that it would fold by itself"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    for _ = 1, 100 do a:push("sum", apply(1), "append") end
    for _, message in ipairs(a:received()) do
      if message.type == "stream_size" then t:ok(message.size <= 30) end
    end
  end,

  ["a page's own compact is ignored"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    a:push("sum", apply(1), "append")
    a:push("sum", apply(2), "append")
    t:ok(a:push("sum", { reset = { sum = 1000 } }, "compact", 2))
    t:equal(#room:retained("sum"), 2)
  end,

  ["nobody but the room resets, and nothing else gets in"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    local wrong = "this key is a reducer's: append {\"apply\": action, \"i\": page}"
    for _, value in ipairs { 1, "x", {}, eddy.array {}, eddy.null, { reset = { sum = 9 } }, { i = "page" },
                             { apply = 1, reset = { sum = 9 } } } do
      local _, why = a:push("sum", value, "append")
      t:equal(why, wrong)
    end
    for _, action in ipairs { "relay", "replace" } do
      local _, why = a:push("sum", apply(1), action)
      t:equal(why, wrong)
    end
    t:equal(room:retained("sum"), {})
  end,

  ["a reset that is due when a new version takes over still comes"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    a:push("sum", apply(1), "append")
    a:push("sum", apply("x"), "append")
    a:push("sum", apply("x"), "append")
    a:received()
    t:reload()
    t:equal(a:last().value, { reset = { sum = 1 } })
    t:wait("1s")
    t:equal(a:received(), {})
  end,

  ["the state survives a reload and a policy that changed"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    for i = 1, 40 do a:push("sum", apply(i), "append") end
    t:reload()
    a:push("sum", apply(1), "append")
    a:push("sum", apply("x"), "append")
    t:equal(room:retained("sum")[1].value.reset.sum, 821)
    t:policy((SUM:gsub("numbers only", "figures only")))
    local _, why = a:push("sum", apply("x"), "append")
    t:equal(why, "figures only")
    t:equal(room:retained("sum")[1].value.reset.sum, 821)
  end,

  ["a stream that the rules of today refuse is put right"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    a:push("sum", apply(1), "append")
    a:push("sum", apply(100), "append")
    a:push("sum", apply(2), "append")
    t:policy((SUM:gsub('type%(action%) ~= "number"', 'type(action) ~= "number" or action > 50')))
    t:equal(room:retained("sum")[1].value.reset.sum, 3)
  end,

  ["keys that are made up fill no memory"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    for i = 1, 50000 do
      a:push("sums/" .. i, apply("x"), "append")
      if i % 500 == 0 then a:received() end
    end
    t:equal(room:failure(), nil)
    a:push("sums/1", apply(5), "append")
    t:equal(#room:retained("sums/1"), 1)
  end,

  ["keys of a pattern have a state each"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    a:push("sums/a", apply(1), "append")
    a:push("sums/b", apply(10), "append")
    a:push("sums/a", apply(2), "append")
    a:push("sums/a", apply("x"), "append")
    a:push("sums/b", apply("x"), "append")
    t:equal(room:retained("sums/a")[1].value.reset.sum, 3)
    t:equal(room:retained("sums/b")[1].value.reset.sum, 10)
    t:reload()
    a:push("sums/b", apply(5), "append")
    a:push("sums/b", apply("x"), "append")
    t:equal(room:retained("sums/b")[1].value.reset.sum, 15)
  end,

  ["what the policy pushes itself counts too"] = function(t)
    t:policy(SUM)
    local room = t:room { knobs = { first = true } }
    local a = room:join()
    a:push("sum", apply(1), "append")
    a:push("go", apply(10))
    a:push("sum", apply(2), "append")
    a:push("sum", apply("x"), "append")
    t:equal(room:retained("sum")[1].value.reset.sum, 13)
  end,

  ["after two have acted at once, settle resets; after one, not"] = function(t)
    t:policy(SUM)
    local room = t:room { knobs = { settle = "500ms" } }
    local a, b = room:join(), room:join()
    for _ = 1, 5 do
      a:push("sum", apply(1), "append")
      t:wait("100ms")
    end
    t:wait("2s")
    t:equal(#room:retained("sum"), 5)
    a:push("sum", apply(1), "append")
    t:wait("300ms")
    b:push("sum", apply(1), "append")
    t:wait("499ms")
    t:equal(#room:retained("sum"), 7)
    t:wait("1ms")
    t:equal(#room:retained("sum"), 1)
    t:equal(room:retained("sum")[1].value.reset.sum, 7)
  end,

  ["a reset tells what it has seen of each page that numbers its actions"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    a:get("sum")
    a:push("sum", numbered(1, "ann", 1), "append")
    b:push("sum", numbered(2, "bob", 7), "append")
    a:push("sum", numbered(4, "ann", 2), "append")
    a:push("sum", apply(8), "append") -- of a stock page
    a:received()
    a:push("sum", numbered("x", "ann", 3), "append") -- refused: it is in no state
    t:equal(a:last().value, { reset = { sum = 15 }, seen = { ann = 2, bob = 7 } })
    a:push("sum", numbered(1, "ann", 4), "append")
    a:push("sum", numbered("x", "ann", 5), "append")
    t:wait("1s")
    t:equal(a:last().value, { reset = { sum = 16 }, seen = { ann = 4, bob = 7 } })
    for n = 5, 40 do a:push("sum", numbered(1, "ann", n), "append") end -- and so does what is folded
    t:equal(seen(room), { ann = 33, bob = 7 })
    t:equal(#room:retained("sum"), 8)
  end,

  ["what was seen outlives the policy that saw it"] = function(t)
    t:policy(SUM)
    local room = t:room { knobs = { fold = 3 } }
    local a = room:join()
    for n = 1, 4 do a:push("sum", numbered(1, "ann", n), "append") end
    a:push("sum", numbered(1, "bob", 9), "append")
    t:equal(seen(room), { ann = 4, bob = 9 })
    a:push("sum", numbered(1, "ann", 5), "append")
    t:reload()
    a:push("sum", numbered("x", "ann", 6), "append")
    t:equal(seen(room), { ann = 5, bob = 9 })
    t:equal(room:retained("sum")[1].value.reset.sum, 6)
  end,

  ["what a limit refuses was not seen"] = function(t)
    t:policy(SUM)
    local room = t:room { limits = { stream_messages = 2 }, knobs = { first = true } }
    local a = room:join()
    for n = 1, 3 do a:push("sum", numbered(1, "ann", n), "append") end
    a:push("sum", numbered("x", "ann", 4), "append")
    t:equal(seen(room), { ann = 2 })
  end,

  ["what is no number of a page is passed over"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    local pages = { "", "a b", "ä", ("x"):rep(41), 5, true, eddy.null, { "a" }, "a\0b" }
    for _, i in ipairs(pages) do t:ok(a:push("sum", numbered(1, i, 1), "append")) end
    for _, n in ipairs { 0, -1, 1.5, 2 ^ 54, "1", true, eddy.null, { 1 }, eddy.array {} } do
      t:ok(b:push("sum", numbered(1, "ann", n), "append"))
    end
    a:push("sum", numbered("x", "ann", 1), "append")
    t:equal(room:retained("sum")[1].value, { reset = { sum = 18 } })
    a:push("sum", numbered(1, ("x"):rep(40), 2 ^ 53), "append")
    t:wait("1s")
    a:push("sum", numbered("x", "ann", 1), "append")
    t:equal(seen(room), { [("x"):rep(40)] = 2 ^ 53 })
  end,

  ["of many pages those count that acted last, and not for ever"] = function(t)
    t:policy(SUM)
    local room = t:room { knobs = { first = true } }
    local a = room:join()
    for n = 1, 300 do
      a:push("sum", numbered(1, "page" .. n, n), "append")
      local told = seen(room)
      t:ok(size(told) <= 100, n .. " pages: " .. size(told))
    end
    a:push("sum", numbered("x", "page", 1), "append")
    local told = seen(room)
    t:ok(size(told) >= 50 and size(told) <= 100)
    for n = 251, 300 do t:equal(told["page" .. n], n) end
    t:equal(told.page1, nil)
    for n = 1, 2 do
      t:wait("601s")
      a:push("sum", numbered(1, "late", n), "append")
    end
    t:wait("1s")
    a:push("sum", numbered("x", "page", 1), "append")
    t:equal(seen(room), { late = 2 })
  end,

  ["of very many keys it is not kept"] = function(t)
    t:policy(SUM)
    local room = t:room()
    local a = room:join()
    for key = 1, 300 do
      a:push("sums/" .. key, numbered(1, "ann", 1), "append")
      a:push("sums/" .. key, numbered(1, "ann", 2), "append")
      if key % 50 == 0 then a:received() end
    end
    a:push("sums/300", numbered("x", "ann", 3), "append")
    t:equal(room:retained("sums/300")[1].value, { reset = { sum = 2 } })
  end,

  ["what a page once folded by itself may say anything"] = function(t)
    t:policy("return {}")
    local room = t:room()
    local a = room:join()
    local many = {}
    for n = 1, 20000 do many["page" .. n] = n end
    a:push("sum", { reset = { sum = 1 }, seen = many }, "append")
    a:push("sums/a", { reset = { sum = 1 }, seen = "nothing" }, "append")
    a:push("sums/b", { reset = { sum = 1 }, seen = { ann = 3, bob = "x", ["a b"] = 1, eve = -1 } }, "append")
    a:push("sums/c", { reset = { sum = 1 }, seen = eddy.array { 1, 2 } }, "append")
    t:policy(SUM)
    for _, key in ipairs { "sum", "sums/a", "sums/b", "sums/c" } do
      a:push(key, numbered("x", "ann", 1), "append")
    end
    t:equal(room:failure(), nil)
    t:ok(size(seen(room)) <= 100)
    t:equal(seen(room, "sums/a"), nil)
    t:equal(seen(room, "sums/b"), { ann = 3 })
    t:equal(seen(room, "sums/c"), nil)
  end,

  ["its options are checked, and the line of the script is named"] = function(t)
    local cases = {
      ["eddy.reducer { initial = 0 }"] = "eddy.reducer needs a step",
      ["eddy.reducer { step = print }"] = "eddy.reducer needs an initial state",
      ["eddy.reducer { initial = 0, step = 1 }"] = "eddy.reducer: step must be a function",
      ["eddy.reducer { initial = 0, step = print, fold = 1.5 }"] = "eddy.reducer: fold must be a whole number, 1 or more",
      ["eddy.reducer { initial = 0, step = print, settle = 'soon' }"] = "eddy.reducer: settle must be a number of seconds",
      ["eddy.reducer { initial = 0, step = print, folds = 3 }"] = "eddy.reducer has no option 'folds' (it has: fold, initial,",
      ["eddy.reducer(3)"] = "eddy.reducer takes a table",
    }
    for text, wanted in pairs(cases) do
      t:policy("local eddy = require 'eddy'\nlocal part = " .. text .. "\nreturn eddy.policy { part }")
      local room, why = t:try_room()
      t:equal(room, nil, text)
      t:ok(why:find("rooms/reducer.lua:2: " .. wanted, 1, true), text .. " gives: " .. tostring(why))
    end
  end,

  -- 80,000 empty lists are 240 KB on the wire, and most of what a state may hold while they are here.
  ["an action is not kept for its number"] = function(t)
    t:policy [[local eddy = require "eddy"
      return eddy.policy { eddy.on("k", eddy.reducer { initial = 0, step = function(n) return n + 1 end }) }]]
    local room = t:room()
    local ann = room:join()
    local many = "[" .. ("[],"):rep(40000) .. "1]"
    for n = 1, 6 do
      ann:send('{"type":"push","key":"k","action":{"type":"append"},"value":{"apply":1,"i":"p","n":' .. n .. ',"more":[' .. many
        .. "," .. many .. "]}}")
    end
    t:equal(room:failure(), nil)
    t:equal(#room:retained("k"), 6)
  end,
}
