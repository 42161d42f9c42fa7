-- A number that everyone may turn up and down. The page:
--
--   const [count, dispatch] = useSharedReducer("counter", (n, action) => n + (action === "increment" ? 1 : -1), 0)
--   dispatch("increment")
--
-- The page's function and `step` below say the same thing twice, in two languages. The page's makes clicks show at
-- once; the one here decides. What it refuses is taken back on the page.
local eddy = require "eddy"

-- "--" begins a comment; "local" makes a name that belongs to this room; a function's value is what it returns. A step
-- is given the state and an action, and returns the next state; or nil (nothing) and the reason why not.
local function step(count, action)
  if action == "increment" then return count + 1 end
  if action == "decrement" then return count - 1 end
  return nil, "a counter knows increment and decrement"
end

-- settle: where several click at once, a stock page may lose sight of a click of its own; 250 ms after the last one
-- everybody is told the number.
return eddy.policy {
  eddy.on("counter", eddy.reducer { initial = 0, step = step, settle = "250ms" }),
}
