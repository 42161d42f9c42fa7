-- ends: memory budget
-- Puts the whole match in, many times.
local s = ("a"):rep(5e5)
s:gsub(".*", ("%0"):rep(1000))
