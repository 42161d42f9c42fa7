-- Tic-tac-toe with a referee: turns and legal moves are decided here, so a page cannot cheat. The page keeps its
-- reducer as it is (the one here says the same), and needs an id of its own for each player:
--
--   const player = useUniqueClientId()
--   const [game, dispatch] = useSharedReducer("tictactoe", reducer, initialGame)
--   dispatch({ type: "move", index: 4, player })
--   dispatch({ type: "reset" })
--
-- The game: { board: nine of null, 1 (X) or 0 (O), xIsNext, xPlayer, oPlayer, winner }. The first to move plays X, the
-- next other one O.
local eddy = require "eddy"

local X, O = 1, 0
local null = eddy.null -- what JavaScript calls null; Lua's own nil means "not there at all"

local LINES = { -- counted from 1, as Lua does
  { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 }, { 1, 4, 7 }, { 2, 5, 8 }, { 3, 6, 9 }, { 1, 5, 9 }, { 3, 5, 7 },
}

local function new_game()
  return {
    board = eddy.array { null, null, null, null, null, null, null, null, null },
    xIsNext = true, xPlayer = null, oPlayer = null, winner = null,
  }
end

local function winner_of(board)
  for _, line in ipairs(LINES) do
    local mark = board[line[1]]
    if mark ~= null and mark == board[line[2]] and mark == board[line[3]] then return mark end
  end
  return null
end

local function is_full(board)
  for i = 1, 9 do
    if board[i] == null then return false end
  end
  return true
end

-- Which member each player is: the first that used the player's id, until it goes. So nobody can move for another.
-- (Weak values, "v": one who has gone need not be remembered.)
local owner = setmetatable({}, { __mode = "v" })

local function is_somebody_else(player, who)
  local known = owner[player]
  return known ~= nil and known.here and known ~= who
end

local function move(game, action, who)
  local player, index = action.player, action.index
  if type(player) ~= "string" then return nil, "a move needs a player" end
  if type(index) ~= "number" or index % 1 ~= 0 or index < 0 or index > 8 then return nil, "an index is 0 to 8" end
  if game.winner ~= null or is_full(game.board) then return nil, "the game is over" end
  if who and is_somebody_else(player, who) then return nil, "this is another's player" end

  local seat, other = "xPlayer", "oPlayer"
  if not game.xIsNext then seat, other = other, seat end
  if game[seat] == null and game[other] == player or game[seat] ~= null and game[seat] ~= player then
    return nil, "it is the other's turn"
  end
  if game.board[index + 1] ~= null then return nil, "this square is taken" end

  -- All is well: only from here on is anything changed.
  if who then owner[player] = who end
  game[seat] = player
  game.board[index + 1] = game.xIsNext and X or O
  game.winner = winner_of(game.board)
  game.xIsNext = not game.xIsNext
  return game
end

-- While a game is on, only its players may end it. (One that was left can be ended by anyone.)
local function reset(game, who)
  local over = game.winner ~= null or is_full(game.board)
  if who and not over then
    for _, player in ipairs { game.xPlayer, game.oPlayer } do
      if player ~= null and owner[player] == who then return new_game() end
    end
    for _, player in ipairs { game.xPlayer, game.oPlayer } do
      if player ~= null and is_somebody_else(player, who) then return nil, "a game is on" end
    end
  end
  return new_game()
end

-- `who` is the member that acts; nil when a game is played again from what the room kept, move by move.
local function step(game, action, who)
  if type(action) ~= "table" then return nil, "an action is a table" end
  if action.type == "move" then return move(game, action, who) end
  if action.type == "reset" then return reset(game, who) end
  return nil, "there are move and reset"
end

return eddy.policy {
  eddy.on("tictactoe", eddy.reducer { initial = new_game, step = step }),
}
