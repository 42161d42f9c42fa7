-- ends: error
-- Uses one kind of value for another.
local b, i, a, n = eddy.bytes("x"), eddy.integer("12345678901234567890"), eddy.array {}, eddy.null
for _, v in ipairs { b, i, n } do
  for _, f in ipairs { string.len, string.upper, table.concat, table.insert, setmetatable, next, eddy.array, eddy.integer } do pcall(f, v, v) end
  if getmetatable(v) then return "escaped" end
  assert(not pcall(function() v.x = 1 end) and not pcall(function() return v.x end) and not pcall(function() return v + 1 end))
end
assert(not pcall(setmetatable, a, {}) and not getmetatable(a) and b ~= i and i ~= n)
assert(not pcall(eddy.array, setmetatable({}, {})) and not pcall(eddy.array, b))
encode { a, b, i, n, encode }
