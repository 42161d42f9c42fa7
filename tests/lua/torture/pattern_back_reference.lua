-- ends: budget
-- Compares long texts with themselves, at every length.
local s = ("a"):rep(2e4) .. "b"
s:find("^(.*)%1c")
s:find("(.*)%1(.*)%2c")
