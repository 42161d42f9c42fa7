-- ends: error
-- Tables that are called, by tables that are called.
local t = print or type
for i = 1, 1000 do t = setmetatable({}, { __call = t }) end
t(1)
