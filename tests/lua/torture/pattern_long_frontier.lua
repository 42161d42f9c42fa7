-- ends: budget
-- The same in a frontier.
local s = ("a"):rep(1e5)
s:find("%f[" .. ("b"):rep(1e5) .. "]x")
