-- ends: budget
-- Makes garbage of long texts.
local i = 0
while true do i = i + 1 local s = i .. ("x"):rep(9e5) end
