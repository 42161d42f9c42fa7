-- ends: budget
-- Reads a million digits on demand.
local s = ("1"):rep(1e6)
while true do tonumber(s) end
