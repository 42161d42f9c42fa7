-- ends: error memory
-- A text whose length overflows.
local s = ("xxxxxxxx"):rep(2 ^ 61 + 1)
