-- ends: budget
-- The length of a table made of halves.
local t = {}
for i = 1, 2e4 do t[i * 2] = true end
while true do local n = #t end
