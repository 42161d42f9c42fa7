-- ends: budget memory
-- Copies a long byte string to a text and back.
local s = ("x"):rep(1e6)
local b = eddy.bytes(s)
while true do tostring(b) end
