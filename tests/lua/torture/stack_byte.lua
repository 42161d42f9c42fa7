-- ends: error
-- A million results from one text.
local s = ("x"):rep(1e6)
s:byte(1, -1)
