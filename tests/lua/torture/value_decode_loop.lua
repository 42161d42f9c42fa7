-- ends: budget
-- Reads the same long value again and again.
local s = "[" .. ("1,"):rep(50000) .. "1]"
while true do decode(s) end
