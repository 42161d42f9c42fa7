-- ends: budget
-- A message handler for the budget's own error.
xpcall(function() while true do end end, function() while true do end end)
