-- ends: budget memory
-- Copies a megabyte each time.
local s = ("x"):rep(1e6)
while true do local t = s:sub(2) end
