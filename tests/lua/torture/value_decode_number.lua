-- ends: budget error
-- A number of a hundred thousand digits.
local s = ("1"):rep(1e5)
while true do decode(s) end
