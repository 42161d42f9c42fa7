-- ends: budget
-- Counts to infinity.
for i = 1, math.huge do end
