-- ends: error
-- A width of five digits.
local x = ("%99999d"):format(1)
