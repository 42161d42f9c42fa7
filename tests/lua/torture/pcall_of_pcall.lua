-- ends: error
-- Hands guards to guards.
local ok, why = pcall(pcall, pcall, pcall, pcall, pcall, pcall, error, "x")
local f = pcall
for i = 1, 300 do
  local inner = f
  f = function() return select(2, assert(pcall(inner, error, "x"))) end
end
f()
error("held", 0)
