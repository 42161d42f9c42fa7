-- ends: memory budget
-- Replaces each character by a thousand.
local s = ("a"):rep(1e6)
s:gsub("a", ("b"):rep(1000))
