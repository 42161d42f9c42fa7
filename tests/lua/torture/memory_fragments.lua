-- ends: memory
-- Frees every other of what it holds.
local keep = {}
return function()
  for i = 1, 200 do keep[#keep + 1] = ("x"):rep(500 + #keep % 500) .. #keep end
  for i = 1, #keep, 2 do keep[i] = "" end
end
