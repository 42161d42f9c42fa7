-- ends: error
-- Levels that are not there.
pcall(error, "x", 2 ^ 31)
pcall(error, "x", -2 ^ 31)
pcall(error, "x", 0 / 0)
error("x", 1e6)
