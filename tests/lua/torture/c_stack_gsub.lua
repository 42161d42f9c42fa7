-- ends: error
-- Recursion through gsub's callback, on the C stack.
local function f() return (("x"):gsub("x", f)) end
f()
