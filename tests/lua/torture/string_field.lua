-- ends: error
-- Sets a field of a text.
local s = "x"
s.upper = 1
