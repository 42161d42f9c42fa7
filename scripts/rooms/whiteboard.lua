-- A shared whiteboard: shapes that everyone may edit, and a live cursor each. The page:
--
--   function reducer(board, op) {
--     const { [op.id]: _, ...rest } = board
--     return op.erase ? rest : { ...rest, [op.id]: op.shape }
--   }
--   const [board, dispatch] = useSharedReducer("shapes", reducer, {})
--   const cursors = usePresence("cursor/page-1", { x, y })
--   dispatch({ id: "a1", shape: { kind: "rect", x: 10, y: 10 } })
--   dispatch({ id: "a1", erase: true })
local eddy = require "eddy"

-- The configuration may set these by name: knobs = { cursor_every = "20ms" }.
local knobs = eddy.knobs {
  keep = 30,
  most = "512KiB", -- about so much may be on a board
  settle = "1s",
  cursor_every = "40ms", cursor_timeout = "5s", cursor_grace = "2s",
}

-- About how many bytes a value takes as JSON, or a quarter of what it takes in memory, whichever is more.
local function weight(value)
  local kind = type(value)
  if kind == "number" then return value % 1 == 0 and value > -1e4 and value < 1e5 and 6 or 24 end
  if kind ~= "table" then
    local text = tostring(value)
    local _, escaped = text:gsub("[%c\"\\]", "")
    return 10 + #text + 5 * escaped
  end
  local sum = 40
  for name, inner in pairs(value) do sum = sum + weight(inner) + (type(name) == "string" and weight(name) or 0) end
  return sum
end

-- Of the whole board: it is weighed once, and from then on kept up to date in `step`. The board may become another table,
-- when the room makes it anew from what it keeps: then it is weighed again.
local weighed, total

local function weight_of(board)
  if board ~= weighed then weighed, total = board, weight(board) end
  return total
end

-- A table is Lua's map: board["a1"] is a shape. Giving a name nil takes it out of the table.
-- `who` acts; nil: what was accepted earlier is played again, and not refused for what may be by now.
local function step(board, op, who)
  if type(op) ~= "table" or type(op.id) ~= "string" then return nil, "an operation needs an id, a text" end
  local shape = op.shape
  if op.erase then shape = nil
  elseif type(shape) ~= "table" then return nil, "an operation needs a shape, or erase" end
  local more = shape and weight(op.id) + weight(shape) or 0
  if board[op.id] then more = more - weight(op.id) - weight(board[op.id]) end
  local after = weight_of(board) + more
  if who and more > 0 and after > eddy.size(knobs.most) then return nil, "the board is full" end
  board[op.id], total = shape, after
  return board
end

return eddy.policy {
  -- fold: so many operations are kept before they become one picture of the board. settle: so long after two have drawn
  -- at once everybody is sent that picture, as a stock page may have lost sight of what it drew itself. refuses_first:
  -- `step` changes the board only once it is sure.
  eddy.on("shapes", eddy.reducer { initial = {}, step = step, fold = knobs.keep, settle = knobs.settle,
                                   refuses_first = true }),

  -- Every key that begins with "cursor/". The latest cursor of everybody is kept while they are here; of a cursor that
  -- moves, others get the latest position every 40 ms.
  eddy.on("cursor/*", eddy.presence { timeout = knobs.cursor_timeout, grace = knobs.cursor_grace },
                      eddy.debounce { every = knobs.cursor_every }),
}
