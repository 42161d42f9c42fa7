-- ends: budget memory
-- Reads a long text with escapes.
local s = '"' .. ("\\u0041"):rep(1e5) .. '"'
while true do decode(s) end
