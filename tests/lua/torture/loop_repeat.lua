-- ends: budget
-- Never ends, doing nothing but comparing.
repeat until false
