-- ends: memory
-- Catches the lack of memory, and goes on asking for more.
local keep, s = {}, ("x"):rep(1000)
while true do
  pcall(function() while true do keep[#keep + 1] = s .. #keep end end)
end
