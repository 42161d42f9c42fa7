-- ends: budget
-- Reads a million digits.
local s = ("1"):rep(1e6)
while true do pcall(eddy.integer, s .. "x") end
