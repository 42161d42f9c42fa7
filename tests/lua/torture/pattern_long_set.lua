-- ends: budget
-- A set of a hundred thousand characters, looked through for each character.
local s = ("a"):rep(1e5)
s:find("[" .. ("b"):rep(1e5) .. "]x")
