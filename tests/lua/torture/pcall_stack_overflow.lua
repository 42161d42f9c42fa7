-- ends: budget
-- Overflows the stack again and again, and catches it.
local function deep() return 1 + deep() end
while true do pcall(deep) end
