-- ends: error
-- A chain of a thousand tables.
local t = {}
for i = 1, 1000 do t = setmetatable({}, { __index = t }) end
local x = t.a
