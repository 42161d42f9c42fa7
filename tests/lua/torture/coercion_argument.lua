-- ends: budget
-- The same as an argument of C functions.
local s = ("0"):rep(1e6)
while true do math.floor(s) bit.band(s) math.max(s, s, s, s, s, s, s, s) end
