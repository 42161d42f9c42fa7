-- ends: budget
-- Compares long byte strings.
local a, b = eddy.bytes(("x"):rep(1e6)), eddy.bytes(("x"):rep(1e6))
while true do local same = a == b end
