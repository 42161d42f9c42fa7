-- ends: error memory
-- A text of separators alone.
local s = (""):rep(1e15, "ab")
