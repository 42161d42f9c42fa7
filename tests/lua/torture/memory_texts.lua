-- ends: memory
-- Keeps texts.
local t, i, s = {}, 0, ("x"):rep(2000)
while true do i = i + 1 t[i % 20000] = s .. i end
