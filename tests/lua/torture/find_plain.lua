-- ends: budget
-- Finds long in long, plainly.
local s = ("a"):rep(5e5)
local wanted = ("a"):rep(25e4) .. "b" .. ("a"):rep(24e4)
while true do s:find(wanted, 1, true) end
