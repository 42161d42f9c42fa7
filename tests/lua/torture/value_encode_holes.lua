-- ends: error
-- Counts the way through a table that has one value, far out.
local t = eddy.array {}
t[2 ^ 31] = 1
assert(not pcall(encode, t))
t[2 ^ 52] = 1
encode(t)
