-- ends: budget
-- The same in base 36, and from hexadecimal.
local s = ("z"):rep(1e6)
local h = "0x" .. ("f"):rep(1e6)
while true do tonumber(s, 36) tonumber(h) end
