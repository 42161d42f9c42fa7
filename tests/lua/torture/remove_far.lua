-- ends: error
-- Removes what is not there.
local t = {}
table.remove(t, -2 ^ 31)
table.remove(t, 2 ^ 31)
table.remove(t, 1e300)
error("held", 0)
