-- ends: budget
-- Nothing, many times.
while true do (""):rep(2 ^ 52) end
