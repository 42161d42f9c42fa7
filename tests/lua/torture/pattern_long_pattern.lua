-- ends: budget
-- A long pattern that fails at its end, at every place.
local s = ("a"):rep(2e5)
s:find(("a"):rep(1e5) .. "b?c")
