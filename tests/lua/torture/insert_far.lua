-- ends: error
-- A position so far off that the stock function counts for minutes.
local t = {}
assert(not pcall(table.insert, t, -2 ^ 31, 1))
assert(not pcall(table.insert, t, 2 ^ 31, 1))
assert(not pcall(table.insert, t, 0 / 0, 1))
table.insert(t, -2 ^ 31, "x")
