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
local knobs = eddy.knobs { keep = 30, settle = "1s", cursor_every = "40ms", cursor_timeout = "5s", cursor_grace = "2s" }

-- A table is Lua's map: board["a1"] is a shape. Giving a name nil takes it out of the table.
local function step(board, op)
  if type(op) ~= "table" or type(op.id) ~= "string" then return nil, "an operation needs an id, a text" end
  if op.erase then
    board[op.id] = nil
    return board
  end
  if type(op.shape) ~= "table" then return nil, "an operation needs a shape, or erase" end
  board[op.id] = op.shape
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
