-- ends: budget
-- The same, and each level caught.
local function f() pcall(string.gsub, "x", "x", f) pcall(string.gsub, "x", "x", f) end
while true do f() end
