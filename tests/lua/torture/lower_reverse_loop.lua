-- ends: budget
-- The same with its kin.
local s = ("X"):rep(1e6)
local keep, other = s:lower(), s:reverse()
while true do s:lower() s:reverse() end
