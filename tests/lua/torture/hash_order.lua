-- ends: error
-- Keys chosen to lie in one bucket, as far as a script can tell.
local t = {}
for i = 1, 5000 do t[i * 2 ^ 40] = i t[i * 2 ^ -40] = i end
for i = 1, 5000 do t[("%d"):format(i):rep(20)] = i end
error("held", 0)
