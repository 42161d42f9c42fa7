-- ends: memory
-- Fills the state to just below its cap, and then works there.
local keep, full = {}, false
return function()
  for i = 1, 50 do keep[#keep + 1] = ("x"):rep(10000) .. #keep end
  local t = {}
  for i = 1, 1000 do t[i] = { i } end
end
