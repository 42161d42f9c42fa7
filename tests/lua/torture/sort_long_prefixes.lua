-- ends: budget memory
-- Compares texts that are equal for half a megabyte.
local t, s = {}, ("x"):rep(5e5)
for i = 1, 20 do t[i] = s .. i end
while true do table.sort(t) end
