-- ends: error
-- Recursion through the __index of the table that gsub looks things up in.
local t = setmetatable({}, {})
getmetatable(t).__index = function() return (("x"):gsub("x", t)) end
local x = ("x"):gsub("x", t)
