-- ends: budget
-- Never ends.
while true do end
