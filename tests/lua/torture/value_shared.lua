-- ends: error budget
-- Sends a table of a few dozen, which is 2^60 when it is written out.
local t = {}
for i = 1, 60 do t = { t, t } end
encode(t)
