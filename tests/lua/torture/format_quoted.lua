-- ends: budget memory
-- Quotes a long text again and again.
local s = ("\n"):rep(4e5)
while true do pcall(string.format, "%q", s) end
