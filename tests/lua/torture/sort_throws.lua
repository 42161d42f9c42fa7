-- ends: error
-- An order function that throws, or changes the table.
local t = { 3, 2, 1 }
assert(not pcall(table.sort, t, function() error("no") end) and t[1] == 3)
pcall(table.sort, t, function(a, b) t[1], t[2], t[3] = nil, nil, nil return a < b end)
pcall(table.sort, { 1, "a", {} })
pcall(table.sort, setmetatable({}, { __index = function() return 1 end, __len = function() return 1e9 end }))
table.sort(5)
