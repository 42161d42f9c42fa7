-- ends: budget memory
-- Makes the same megabyte again and again: it is interned, so that it costs no memory.
local keep = ("x"):rep(1e6)
while true do local s = ("x"):rep(1e6) end
