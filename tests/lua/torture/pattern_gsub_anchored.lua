-- ends: budget
-- Copies a megabyte each time.
local s = ("a"):rep(1e6)
while true do s:gsub("^b", "") end
