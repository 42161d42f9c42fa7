-- ends: budget
-- Joins the same sixty thousand texts again and again.
local t = {}
for i = 1, 6e4 do t[i] = "xxxxx" end
local keep = table.concat(t)
while true do table.concat(t) end
