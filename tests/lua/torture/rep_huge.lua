-- ends: error memory
-- A text of ten gigabytes.
local s = ("x"):rep(1e10)
