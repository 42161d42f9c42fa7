-- ends: budget
-- Moves a sixty thousand values for each call, downwards.
local t = {}
for i = 1, 6e4 do t[i] = i end
while true do table.remove(t, 1) t[#t + 1] = 1 end
