-- ends: budget
-- Compares a megabyte for each instruction.
local a = ("x"):rep(1e6 - 1) .. "a"
local b = ("x"):rep(1e6 - 1) .. "b"
while true do local t = a < b end
