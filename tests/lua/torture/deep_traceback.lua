-- ends: error
-- A failure below ten thousand calls.
local function deep(n) if n == 0 then error("bottom") end return 1 + deep(n - 1) end
deep(10000)
