-- ends: budget
-- A message handler that never ends: handlers run while hooks are off.
xpcall(error, function() while true do end end)
