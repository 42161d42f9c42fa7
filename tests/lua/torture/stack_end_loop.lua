-- ends: budget error
-- Goes to the very end of the stack, and loops there, where hooks have no room.
local function deep(n)
  local ok = n > 0 and deep(n - 1)
  while not ok do type(n) end
end
for n = 5000, 40000, 1 do pcall(deep, n) end
