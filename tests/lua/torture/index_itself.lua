-- ends: error
-- A table that inherits from itself.
local t = {}
setmetatable(t, { __index = t, __newindex = t })
pcall(function() t.x = 1 end)
local x = t.y
