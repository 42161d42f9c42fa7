-- ends: error
-- Looks for the table of globals.
if _G or getfenv or setfenv or _ENV then return "escaped" end
for i = 1, 20 do pcall(error, "x", i) end
_G.x = 1
