-- ends: budget
-- The same with the shortest.
local s = ("a"):rep(5000)
s:find((".-"):rep(20) .. "x")
