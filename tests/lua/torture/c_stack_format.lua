-- ends: error
-- Recursion through __tostring in format.
local t = setmetatable({}, {})
getmetatable(t).__tostring = function() return ("%s"):format(t) end
local x = ("%s"):format(t)
