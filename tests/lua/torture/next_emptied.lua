-- ends: budget
-- Looks through a large table that has been emptied, again and again.
local t = {}
for i = 1, 15000 do t["k" .. i] = i end
for k in pairs(t) do t[k] = nil end
while true do next(t) next(t) next(t) next(t) end
