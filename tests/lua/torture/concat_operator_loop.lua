-- ends: budget memory
-- Copies a megabyte for each instruction.
local s = ("x"):rep(1e6)
local keep = s .. "a"
while true do local t = s .. "a" end
