-- ends: budget
-- An order function that does not return.
table.sort({ 2, 1 }, function() while true do end end)
