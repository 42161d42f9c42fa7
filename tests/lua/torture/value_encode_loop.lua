-- ends: budget
-- Writes a megabyte again and again.
local t = {}
for i = 1, 60000 do t[i] = i end
while true do encode(t) encode(t, true) end
