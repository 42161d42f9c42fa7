-- ends: budget
-- Moves a sixty thousand values for each call.
local t = {}
for i = 1, 6e4 do t[i] = i end
while true do table.insert(t, 1, 0) table.remove(t) end
