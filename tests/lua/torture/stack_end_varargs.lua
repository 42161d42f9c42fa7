-- ends: error budget memory
-- Fills the stack with arguments.
local function f(...) return f(1, ...) end
f()
