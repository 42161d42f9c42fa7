-- ends: error
-- A finalizer that never ends: tables have none.
setmetatable({}, { __gc = function() while true do end end })
for i = 1, 10000 do local t = { i } end
error("held", 0)
