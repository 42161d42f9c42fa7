-- ends: error
-- Sends a table that is in itself.
local t = {}
t.t = t
encode(t)
