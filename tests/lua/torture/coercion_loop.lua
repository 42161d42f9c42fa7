-- ends: budget
-- Reads a million digits for each instruction: 3 ms each, which nothing can interrupt.
local s = ("1"):rep(1e6)
while true do local x = s + s end
