-- ends: error budget
-- Recursion through __tostring.
local t = setmetatable({}, {})
getmetatable(t).__tostring = function() return "x" .. tostring(t) end
tostring(t)
