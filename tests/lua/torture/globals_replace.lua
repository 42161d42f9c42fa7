-- ends: error
-- Replaces what other rooms use.
local ok = pcall(function() type = 5 end)
if ok or type(1) ~= "number" then return "escaped" end
pcall = nil
