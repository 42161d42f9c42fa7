-- ends: error budget
-- Operators that use themselves.
local t = setmetatable({}, {})
local m = getmetatable(t)
for _, name in ipairs { "__add", "__concat", "__unm", "__eq", "__lt", "__le", "__len", "__mod", "__pow" } do
  m[name] = function(a, b) local x = 1 + (a + b) return x end
end
pcall(function() return t .. t end)
pcall(function() return -t end)
pcall(function() return t < t end)
pcall(function() return t == setmetatable({}, m) end)
local x = t + t
