-- ends: budget
-- Never ends, and never needs more stack.
local function f() return f() end
f()
