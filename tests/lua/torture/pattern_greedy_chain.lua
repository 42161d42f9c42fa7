-- ends: budget
-- Backtracks over twenty stars.
local s = ("a"):rep(5000)
s:find((".*"):rep(20) .. "x")
