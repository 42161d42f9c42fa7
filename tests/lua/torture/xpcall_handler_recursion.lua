-- ends: budget error
-- Handlers that fail, whose handlers fail.
local function handler() xpcall(error, handler, 1) xpcall(error, handler, 1) end
while true do xpcall(error, handler, 1) end
