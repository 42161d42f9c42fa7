-- ends: error
-- An error all of whose fields never end.
error(setmetatable({}, { __index = function() while true do end end, __len = function() while true do end end }))
