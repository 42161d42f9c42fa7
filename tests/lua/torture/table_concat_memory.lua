-- ends: error memory
-- Joins to much more than a text may be long.
local t, s = {}, ("x"):rep(1e5)
for i = 1, 10000 do t[i] = s end
table.concat(t)
