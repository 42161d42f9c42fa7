-- ends: error budget
-- The same with nothing in it that takes space.
local t = {}
for i = 1, 30 do t = { a = t, b = t } end
encode(t, true)
