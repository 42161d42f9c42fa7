-- ends: error
-- Keys that no table can have, and sizes that none has.
local t = {}
assert(not pcall(function() t[0 / 0] = 1 end))
assert(not pcall(function() t[nil] = 1 end))
t[2 ^ 53] = 1 t[-2 ^ 31] = 1 t[2 ^ 31] = 1 t[1e308] = 1 t[1 / 0] = 1
for i = 1, 100 do t[2 ^ i] = i end
assert(#t >= 0)
rawget(t)
