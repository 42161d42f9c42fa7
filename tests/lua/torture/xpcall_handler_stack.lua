-- ends: budget
-- A handler called when the stack is full, that fills it again.
local function deep() return 1 + deep() end
while true do xpcall(deep, function() return deep() end) end
