-- ends: memory error budget
-- Puts a long text in many times.
local s = ("x"):rep(5e5)
local x = ("%s%s%s%s%s%s%s%s"):format(s, s, s, s, s, s, s, s)
