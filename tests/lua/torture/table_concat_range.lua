-- ends: error
-- Joins from the first integer to the last.
assert(not pcall(table.concat, {}, "", -2 ^ 31, 2 ^ 31 - 1))
assert(not pcall(table.concat, { "x" }, "", 1, 2 ^ 53))
assert(not pcall(table.concat, { "x" }, "", 1 - 2 ^ 32, 2 ^ 31))
table.concat({}, "", 1, 1e9)
