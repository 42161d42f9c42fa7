-- ends: budget
-- The same with a text, all of which is escaped.
local s = ("\1"):rep(1e5)
while true do encode(s) end
