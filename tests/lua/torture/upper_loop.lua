-- ends: budget
-- Two milliseconds in C for each of three instructions.
local s = ("x"):rep(1e6)
local keep = s:upper()
while true do s:upper() end
