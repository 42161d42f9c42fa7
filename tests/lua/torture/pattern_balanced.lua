-- ends: budget
-- Quadratic: an opening bracket at every place, and no closing one.
local s = ("("):rep(1e5)
s:find("%b()")
