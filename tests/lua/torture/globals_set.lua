-- ends: error
-- Leaves something behind for other rooms.
local ok = pcall(function() leak = 1 end)
if ok or leak then return "escaped" end
function leak() end
