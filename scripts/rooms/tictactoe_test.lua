-- eddyd --test scripts/rooms/tictactoe_test.lua
local eddy = require "eddy"

local function act(member, action) return member:push("tictactoe", { apply = action, i = "page" }, "append") end

local function move(member, player, index) return act(member, { type = "move", player = player, index = index }) end

local function refused(t, why, result, reason)
  t:equal(result, nil, why)
  t:equal(reason, why)
end

-- The game as the referee sees it: an impossible action makes it say so.
local function game(t, room)
  local member = room:join()
  refused(t, "there are move and reset", act(member, { type = "peek" }))
  t:wait("1s")
  member:leave()
  return room:retained("tictactoe")[1].value.reset
end

return {
  ["a game is won"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    for i, index in ipairs { 0, 3, 1, 4, 2 } do
      if i % 2 == 1 then t:ok(move(a, "ann", index)) else t:ok(move(b, "bob", index)) end
    end
    t:equal(game(t, room), { board = { 1, 1, 1, 0, 0, eddy.null, eddy.null, eddy.null, eddy.null }, xIsNext = false,
                             xPlayer = "ann", oPlayer = "bob", winner = 1 })
    refused(t, "the game is over", move(b, "bob", 8))
    t:ok(act(room:join(), { type = "reset" }), "a game that is over may be ended by anyone")
    t:equal(game(t, room).board[1], eddy.null)
  end,

  ["turns are kept"] = function(t)
    local room = t:room()
    local a, b, c = room:join(), room:join(), room:join()
    move(a, "ann", 0)
    refused(t, "it is the other's turn", move(a, "ann", 1))
    t:ok(move(b, "bob", 1))
    refused(t, "it is the other's turn", move(b, "bob", 2))
    refused(t, "it is the other's turn", move(c, "cat", 2))
    t:ok(move(a, "ann", 2))
  end,

  ["nobody moves for another"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join()
    move(a, "ann", 0)
    move(b, "bob", 1)
    refused(t, "this is another's player", move(b, "ann", 2))
    a:leave()
    t:ok(move(room:join(), "ann", 2), "who comes back after its connection broke goes on")
  end,

  ["moves are legal"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join()
    move(a, "ann", 0)
    refused(t, "this square is taken", move(b, "bob", 0))
    for _, index in ipairs { -1, 9, 1.5, "1", eddy.null } do
      refused(t, "an index is 0 to 8", move(b, "bob", index))
    end
    refused(t, "a move needs a player", move(b, nil, 1))
    refused(t, "an action is a table", act(b, "move"))
    t:equal(game(t, room).oPlayer, eddy.null)
  end,

  ["a draw is an end"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join()
    for i, index in ipairs { 0, 1, 2, 4, 3, 5, 7, 6, 8 } do
      if i % 2 == 1 then t:ok(move(a, "ann", index)) else t:ok(move(b, "bob", index)) end
    end
    t:equal(game(t, room).winner, eddy.null)
    t:ok(act(room:join(), { type = "reset" }))
  end,

  ["a game that is on is ended by its players alone"] = function(t)
    local room = t:room()
    local a, b, c = room:join(), room:join(), room:join()
    move(a, "ann", 0)
    move(b, "bob", 1)
    refused(t, "a game is on", act(c, { type = "reset" }))
    t:ok(act(b, { type = "reset" }))
    move(a, "ann", 0)
    a:leave()
    b:leave()
    t:ok(act(c, { type = "reset" }), "both have left")
  end,

  ["a game survives a reload"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join()
    move(a, "ann", 0)
    move(b, "bob", 4)
    t:reload()
    refused(t, "it is the other's turn", move(b, "bob", 8))
    t:ok(move(a, "ann", 8))
    refused(t, "this is another's player", move(b, "ann", 7))
  end,
}
